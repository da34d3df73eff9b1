"""The pages of checks, SLOs, limits, metrics and deployments: importing this registers their panels and charts."""

from services.health.pages import checks, delivery, limits, metrics, slos

__all__ = ["checks", "delivery", "limits", "metrics", "slos"]
