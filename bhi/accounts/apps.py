from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bhi.accounts"
    label = "accounts"
