"""System checks of health: settings and declarations that would only fail when they are first used."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from services.health.guard import Hosts
from services.health.models import MetricKind
from services.health.providers import Provider, registered


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


@register
def provider_declarations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """``health.E002``: a name that is no slug, or stands twice; ``E003``: a metric of two providers, which would write
    over each other; ``E004``: a declaration that can measure nothing."""
    providers = registered()
    names = Counter(each.name for each in providers)
    metrics = Counter((measure.name) for each in providers for measure in each.measures)
    problems = [
        Error(f"Two providers of derived metrics are called “{name}”.", hint="Rename one.", id="health.E002")
        for name, count in names.items()
        if count > 1
    ]
    problems += [
        Error(f"Two providers compute the metric “{name}”.", hint="Rename one of the two.", id="health.E003")
        for name, count in metrics.items()
        if count > 1
    ]
    return [*problems, *(each for provider in providers for each in _declaration(provider))]


def _declaration(provider: Provider) -> Iterator[CheckMessage]:
    for name in (provider.name, *(each.name for each in provider.measures)):
        try:
            validate_slug(name)
        except ValidationError:
            hint = "Use letters, digits and dashes, such as deployment-frequency."
            yield Error(f"Provider “{provider.name}”: “{name}” is no name for an address.", hint=hint, id="health.E002")
    if not provider.measures or not callable(provider.measure) or provider.late_days < 1:
        text = f"Provider “{provider.name}” names no metric, has no function to call, or looks back less than a day."
        yield Error(text, hint="See docs/adding-a-provider.md.", id="health.E004")
    for each in provider.measures:
        if each.kind not in MetricKind.values:
            text = f"Provider “{provider.name}”: the metric {each.name} has the kind “{each.kind}”."
            yield Error(text, hint=f"There are: {', '.join(MetricKind.values)}.", id="health.E004")
