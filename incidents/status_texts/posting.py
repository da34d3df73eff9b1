"""Posting a status update: one text for colleagues and one for the public, in the timeline and in the feeds at once."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents import timeline
from incidents.events import StatusTextPosted
from incidents.models import (
    PUBLIC_KINDS,
    Category,
    EventKind,
    ImpactLevel,
    Incident,
    PublicImpact,
    PublicIncident,
    PublicName,
    PublicStatus,
    StatusText,
)
from incidents.status_texts.known import known_in
from incidents.status_texts.leaks import Leak, find
from portal.actions import lock
from portal.events import emit
from portal.texts import check_texts

_COMPONENT = {
    ImpactLevel.DEGRADED: "degraded_performance", ImpactLevel.PARTIAL: "partial_outage",
    ImpactLevel.DOWN: "major_outage", ImpactLevel.NONE: "operational",
}  # fmt: skip
# The worst of several services that share a public name counts.
_WORST = ("major_outage", "partial_outage", "degraded_performance", "operational")


def leaks_in(*texts: str) -> list[list[Leak]]:
    """What each text tells of the inside."""
    known = known_in("\n".join(texts))
    return [find(text, known) for text in texts]


def why_not_public(incident: Incident) -> str:
    """Why nothing of an incident is told outside; nothing where it may be."""
    if incident.is_private:
        return f"{incident.name} is private: nothing of it is told outside."
    if incident.kind not in PUBLIC_KINDS:
        return f"{incident.name} is a {incident.get_kind_display().lower()}: nothing of it is told outside."
    return ""


def first_public_status(incident: Incident) -> str:
    """What an update would say by itself: the word of the status where there is one such, else that of its category."""
    if incident.status.slug in PublicStatus.values:
        return incident.status.slug
    by_category = {
        Category.MITIGATED: PublicStatus.MONITORING, Category.RESOLVED: PublicStatus.RESOLVED,
        Category.CLOSED: PublicStatus.RESOLVED,
    }  # fmt: skip
    return by_category.get(Category(incident.status.category), PublicStatus.INVESTIGATING)


@transaction.atomic
def post(
    *,
    by: Any,
    incident: Incident,
    internal_text: str = "",
    public_text: str = "",
    public_title: str = "",
    public_status: str = "",
    public_impact: str = "",
    happened_at: dt.datetime | None = None,
) -> StatusText:
    """Post an update; without ``happened_at`` it tells of now. The title is needed for the first public one.

    What the leak check points out is noted with it; asking first is the caller's part. Raises ValidationError where
    nothing may be told outside, where something is missing, and for what has not happened yet.
    """
    lock(incident, None, {})
    texts = {"internal_text": internal_text.strip(), "public_text": public_text.strip()}
    check_texts({**texts, "public_title": public_title})
    if not texts["public_text"]:
        public_status = public_impact = ""
    else:
        _name_outside(incident, public_title.strip())
    title, text = leaks_in(public_title, texts["public_text"]) if public_status else ([], [])
    made = StatusText(
        incident=incident, **texts, public_status=public_status, public_impact=public_impact,
        happened_at=happened_at or timezone.now(), posted_by=by if hasattr(by, "person_id") else None,
        components=components_of(incident, public_status) if public_status else [],
        let_through=list(dict.fromkeys(each.word for each in (*title, *text))),
    )  # fmt: skip
    made.full_clean(exclude=["event", "components", "let_through"])
    made.event = timeline.note(
        by=by, incident=incident, kind=EventKind.UPDATE, happened_at=made.happened_at, text=_told(made)
    )
    made.save(force_insert=True)
    emit(StatusTextPosted(made, by))
    return made


def _name_outside(incident: Incident, title: str) -> None:
    """Give an incident its public title, or another one."""
    if reason := why_not_public(incident):
        raise ValidationError({"public_text": reason})
    if not title and not PublicIncident.objects.filter(incident=incident).exists():
        raise ValidationError({"public_title": "Say what it is called outside: its own title is for colleagues."})
    if len(title) > 200:
        raise ValidationError({"public_title": f"At most 200 letters, these are {len(title)}."})
    if title:
        PublicIncident.objects.update_or_create(incident=incident, defaults={"title": title})


def _told(text: StatusText) -> str:
    """The event in the timeline: both texts, and what the public was told."""
    if not text.public_text:
        return text.internal_text
    status = f"{text.get_public_status_display()}, impact {text.get_public_impact_display().lower()}"
    return "\n\n".join(filter(None, (text.internal_text, f"To the public ({status}): {text.public_text}")))


def components_of(incident: Incident, public_status: str) -> list[dict[str, str]]:
    """The public names of what was hit, and how each stands now; when it is resolved all of them work again."""
    impacts = list(incident.impacts.order_by("pk"))
    names = PublicName.objects.filter(subject__in=[each.subject_id for each in impacts])
    called = {each.subject_id: each for each in names.order_by("name", "pk")}
    found: dict[str, dict[str, str]] = {}
    for impact in impacts:
        if named := called.get(impact.subject_id):
            is_over = impact.ended_at is not None or public_status == PublicStatus.RESOLVED
            status = "operational" if is_over else _COMPONENT[ImpactLevel(impact.level)]
            one = found.setdefault(named.name, {"code": named.code, "name": named.name, "status": status})
            one["status"] = min(one["status"], status, key=_WORST.index)
    return list(found.values())


def worst_impact(impacts: list[str]) -> str:
    order = PublicImpact.values
    return max(impacts, key=order.index, default=PublicImpact.NONE)
