from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "bhi.jobs"
    label = "jobs"
