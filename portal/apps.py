from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from portal import checks  # noqa: F401  registers the system checks

        autodiscover_modules("collections", "access", "heads", "panels", "work", "provenance")
