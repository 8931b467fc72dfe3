from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "bhi.backups"
    label = "backups"
