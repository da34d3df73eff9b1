"""What an incident lacks when it is about to be closed. It is asked for, and keeps nobody from closing it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from incidents import account
from incidents.collections import INCIDENTS
from incidents.models import FollowUpState, Incident, IncidentKind, PostmortemState
from services.health.moments import counted


@dataclass(frozen=True)
class Missing:
    """One thing that is missing, and the page where it is said."""

    text: str
    url: str
    label: str


def missing(incident: Incident) -> list[Missing]:
    """What figures and readers will miss; nothing is asked of a drill but its times."""
    found = [*_times(incident)]
    return found if incident.kind == IncidentKind.DRILL else [*found, *_impact(incident), *_learned(incident)]


def _times(incident: Incident) -> Iterator[Missing]:
    if asked := account.findings(incident):
        yield Missing(f"{counted(len(asked), 'question')} about its times", INCIDENTS.url_of(incident), "Answer them")


def _impact(incident: Incident) -> Iterator[Missing]:
    if incident.severity_id is None:
        yield Missing("how bad it was", reverse("incident-severity", args=[incident.name]), "Say its severity")
    impacts, page = list(incident.impacts.select_related("subject")), reverse("incident-impact", args=[incident.name])
    if not impacts:
        yield Missing("which services it hit", page, "Name them")
    if going_on := [each.subject.label for each in impacts if each.ended_at is None]:
        yield Missing(f"since and until when it hit {', '.join(dict.fromkeys(going_on))}", page, "Say it")


def _learned(incident: Incident) -> Iterator[Missing]:
    page = INCIDENTS.url_of(incident)
    if not incident.tags.exists():
        yield Missing("what kind of incident it was", page, "Classify it")
    severity = incident.severity
    if severity is not None and severity.postmortem_days is not None and not _is_published(incident):
        yield Missing("a published postmortem", page, "Look at it")
    if ideas := incident.follow_ups.filter(state=FollowUpState.IDEA).count():
        yield Missing(f"what becomes of {counted(ideas, 'idea')} for follow-ups", page, "Decide")


def _is_published(incident: Incident) -> bool:
    postmortem = getattr(incident, "postmortem", None)
    return postmortem is not None and postmortem.state == PostmortemState.PUBLISHED
