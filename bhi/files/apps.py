from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "bhi.files"
    label = "files"
