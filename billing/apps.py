from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from bhi.accounts.carrying import carries
        from billing.queries.carried import carried
        from billing.tasks import register

        register()
        carries("patients", carried)
