from django.apps import AppConfig


class WatchingConfig(AppConfig):
    name = "bhi.watching"
    label = "watching"
