"""From an alert to an incident: declared from it by hand, by the rule of its source, or put to one that is there.

An alert never ends what a person declared. That it is over stands in the timeline, and the page offers the time.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from incidents import automatic, timeline
from incidents.alerts import noting
from incidents.declaring import declare, first_status
from incidents.lifecycle import note_time
from incidents.models import (
    AlertGroup,
    Category,
    Confidence,
    EventKind,
    Incident,
    Node,
    Point,
    SourceKind,
    Tag,
    TimelineEvent,
)
from incidents.models.alert import rule_of
from portal.references.models import Reference

LONGEST_TITLE = 200


def follow(group: AlertGroup, *, has_news: bool) -> None:
    """What follows from a message that was taken: an incident where the rule asks for one, and the timelines."""
    promoted = _promote(group)
    if has_news and not promoted:
        noting.note_alerts(group)


def _promote(group: AlertGroup) -> Incident | None:
    """Declare an incident where the rule of the source asks for one and none is open for the group."""
    if not group.is_firing or not _fits(group):
        return None
    before = noting.standing_for(group.incident) if group.incident else None
    if before and noting.is_open(before):
        return None
    settled_at = noting.over_since(before) if before else group.detached_at
    if settled_at is not None and not _fires_anew(group, settled_at):
        return None
    return _declare_again(group, before) if before else _declare_by_rule(group)


def _declare_by_rule(group: AlertGroup) -> Incident:
    return declare_from(by=str(group.source), group=group, values=_by_rule(group))


def _fits(group: AlertGroup) -> bool:
    """Whether an alert of the group that fires has the label that the rule names."""
    rule = rule_of(group.source.promotes)
    if rule is None:
        return False
    label, wanted = rule
    firing = group.alerts.filter(ends_at=None).values_list("labels", flat=True)
    return any(labels.get(label) in wanted for labels in firing)


def _fires_anew(group: AlertGroup, settled_at: dt.datetime) -> bool:
    """Whether something began to fire after people said that the incident is over, or that there is none: what went on
    firing does not contradict them."""
    return group.alerts.filter(ends_at=None, starts_at__gt=settled_at).exists()


def _by_rule(group: AlertGroup) -> dict[str, Any]:
    """Nobody has looked at it yet, so it begins in triage."""
    return {"status": _triage(), "severity": group.source.severity}


def _triage() -> Any:
    try:
        return first_status(Category.TRIAGE)
    except ValidationError:
        return first_status(Category.ACTIVE)


def _declare_again(group: AlertGroup, before: Incident) -> Incident:
    """A new incident for a group that fires again; both say so. It is as private as the one before."""
    let_in = Reference.objects.filter(incident_access__incident=before) if before.is_private else ()
    made = declare_from(
        by=str(group.source), group=group, values=_by_rule(group), is_private=before.is_private, let_in=let_in
    )
    text = f"It fires again: {before} was for the same alert and is over."
    timeline.noted(made, by=group.source, kind=EventKind.ALERT, text=text)
    timeline.noted(before, by=group.source, kind=EventKind.ALERT, text=f"The alert fires again: see {made}.")
    return made


@transaction.atomic
def declare_from(
    *,
    by: Any,
    group: AlertGroup,
    values: Mapping[str, Any],
    is_private: bool = False,
    let_in: Iterable[Reference] = (),
) -> Incident:
    """Declare an incident from an alert, which fills in what it knows: title, service, when it started and that the
    alert detected it. Raises ValidationError as ``declare`` does."""
    held = _hold(group)
    values = {"title": held.title[:LONGEST_TITLE], **values}
    services = [held.subject] if held.subject else []
    incident = declare(by=by, values=values, services=services, is_private=is_private, let_in=let_in)
    _note_times(held, incident)
    _link(held, incident)
    _say_detection(held, incident)
    automatic.look_back(incident)
    return incident


@transaction.atomic
def attach(*, by: Any, group: AlertGroup, incident: Incident) -> None:
    """Say that an alert belongs to an incident; its alerts stand in the timeline from then on, with those of before."""
    held = _hold(group)
    if held.incident_id == incident.pk:
        return
    timeline.noted(incident, by=by, kind=EventKind.ALERT, text=f"The alert “{held.title}” was put to this incident.")
    _link(held, incident)


@transaction.atomic
def detach(*, by: Any, group: AlertGroup) -> None:
    """Say that an alert does not belong to its incident. What is noted stays."""
    held = _hold(group)
    if held.incident is None:
        return
    text = f"The alert “{held.title}” does not belong to this incident."
    timeline.noted(held.incident, by=by, kind=EventKind.ALERT, text=text)
    AlertGroup.objects.filter(pk=held.pk).update(incident=None, detached_at=timezone.now())


def _hold(group: AlertGroup) -> AlertGroup:
    held = AlertGroup.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("source", "subject", "incident__status", "incident__merged_into").get(pk=group.pk)


def _link(group: AlertGroup, incident: Incident) -> None:
    AlertGroup.objects.filter(pk=group.pk).update(incident=incident, detached_at=None)
    group.incident = incident
    noting.note_alerts(group, also_in=incident)


def _note_times(group: AlertGroup, incident: Incident) -> None:
    """When the alerts began that fire, or fired last, and when we were told of the first of them."""
    alerts = group.alerts.filter(ends_at=None)
    if not group.is_firing and (last := group.alerts.aggregate(last=Max("ends_at"))["last"]):
        alerts = group.alerts.filter(ends_at__gte=last - noting.JUST_BEFORE)
    found = alerts.aggregate(started_at=Min("starts_at"), told_at=Min("told_at"))
    if found["started_at"] is None:
        return
    source, now = f"alert of {group.source}: {group.title}", incident.declared_at
    started_at = min(found["started_at"], now)
    note_time(incident, Point.STARTED, started_at, source=source)
    note_time(incident, Point.DETECTED, max(started_at, min(found["told_at"], now)), source=source)


def _say_detection(group: AlertGroup, incident: Incident) -> None:
    """That an alert detected it, with the first of its events as evidence; people may say it more exactly."""
    slug = "det-slo" if group.source.kind == SourceKind.PORTAL else "det-auto"
    node = Node.objects.filter(slug=slug, is_active=True).first()
    if node is None:
        return
    tag, _ = Tag.objects.get_or_create(
        incident=incident, node=node, defaults={"confidence": Confidence.SUPPORTED, "is_primary": True}
    )
    first = TimelineEvent.objects.filter(incident=incident, kind=EventKind.ALERT).order_by("happened_at", "pk").first()
    if first is not None:
        tag.evidence.add(first)
