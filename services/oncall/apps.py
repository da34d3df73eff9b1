from django.apps import AppConfig


class OnCallConfig(AppConfig):
    name = "services.oncall"
    label = "oncall"
    verbose_name = "On call"
