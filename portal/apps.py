from django.apps import AppConfig
from django.db.backends.signals import connection_created


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from portal import checks, own_figures  # noqa: F401  registers the system checks, and figures
        from portal.triggers import spare_triggers
        from portal.wording import reword

        reword()
        connection_created.connect(spare_triggers)

        autodiscover_modules(
            "collections", "access", "heads", "panels", "work", "provenance", "told", "notices", "figures"
        )
