from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "services.health"
    label = "health"
    verbose_name = "Health"

    def ready(self) -> None:
        # Each registers what it has: providers, panels, system checks, what history tells, what is forgotten.
        from services.health import deployments, derived, source_panels, system_checks, team_metrics, told  # noqa: F401
