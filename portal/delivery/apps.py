from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "portal.delivery"
    label = "delivery"
    verbose_name = "Delivery"

    def ready(self) -> None:
        from portal.delivery import actions  # noqa: F401  registers how recipients are forgotten
