from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "bhi.tenancy"
    label = "tenancy"
