from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "services.health"
    label = "health"
    verbose_name = "Health"

    def ready(self) -> None:
        from services.health import system_checks  # noqa: F401  registers itself
