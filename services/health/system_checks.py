"""System checks of health: settings that would only fail when the first probe is sent."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from services.health.guard import Hosts


@register
def probe_lists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """``health.E001``: PROBE_ALLOW and PROBE_DENY can be read."""
    problems: list[CheckMessage] = []
    for name in ("PROBE_ALLOW", "PROBE_DENY"):
        try:
            Hosts.parse(getattr(settings, name))
        except ValueError as problem:
            problems.append(Error(f"{name}: {problem}", id="health.E001"))
    return problems
