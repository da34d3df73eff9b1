"""The acts beside the title of an incident: the next step, and the rest in a menu."""

from collections.abc import Mapping

from django.urls import reverse

from incidents import lifecycle
from incidents.acts.words import ACT_OF, REOPEN, next_step
from incidents.models import OPEN, Category, Incident


def step(incident: Incident) -> list[Mapping[str, str]]:
    """The one ink-black button: what comes next."""
    to = next_step(incident)
    return [{**_to(incident, to), "primary": "yes"}] if to else []


def menu(incident: Incident) -> list[Mapping[str, str]]:
    """Every other act that there is now."""
    ways = lifecycle.ways(incident) - {next_step(incident)}
    if incident.status.category not in OPEN and Category.ACTIVE in ways:
        ways -= {Category.TRIAGE}
    shown = [_to(incident, each) for each in ACT_OF if each in ways]
    more = [
        ("Change status", "flag", "incident-status"),
        ("Change severity", "flame", "incident-severity"),
        ("Impact on services", "activity", "incident-impact"),
        *([("Who sees it", "lock", "incident-access")] if incident.is_private else []),
        *([("Merge into another", "git-compare", "incident-merge")] if incident.status.category in OPEN else []),
    ]
    acts = [{"label": label, "icon": icon, "url": reverse(name, args=[incident.name])} for label, icon, name in more]
    return [*acts, *shown]


def _to(incident: Incident, category: str) -> dict[str, str]:
    act = ACT_OF[category]
    if category in OPEN and incident.status.category not in OPEN:
        act = REOPEN
    url = f"{reverse('incident-status', args=[incident.name])}?to={category}"
    return {"label": act.label, "icon": act.icon, "url": url}
