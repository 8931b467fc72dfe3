from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "bhi.audit"
    label = "audit"
