from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"

    def ready(self) -> None:
        from bhi.accounts.narrowing import narrow
        from registry import tasks
        from registry.queries.programs import REVIEWING, without_review

        tasks.register()
        narrow("review", among=REVIEWING, taken=without_review)
