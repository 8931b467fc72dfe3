from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bhi.web"
    label = "web"
