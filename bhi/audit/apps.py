from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "bhi.audit"
    label = "audit"

    def ready(self) -> None:
        from bhi.audit import tasks

        tasks.register()
