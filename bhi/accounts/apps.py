from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bhi.accounts"
    label = "accounts"

    def ready(self) -> None:
        from bhi.accounts import mfa_secrets, tasks
        from bhi.accounts.signals import connect

        connect()
        mfa_secrets.connect()
        tasks.register()
