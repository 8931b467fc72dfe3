from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bhi.accounts"
    label = "accounts"

    def ready(self) -> None:
        from bhi.accounts import tasks
        from bhi.accounts.signals import connect

        connect()
        tasks.register()
