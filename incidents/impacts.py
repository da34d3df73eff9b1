"""What an incident did to services: windows of a level, one after the other, and what they cost of error budgets."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents.events import ServiceNamed
from incidents.insights.marking import mark_stale
from incidents.models import OPEN, Impact, ImpactLevel, Incident, Point
from incidents.zones import refuse_impossible
from portal.actions import create_record, lock, update_record
from portal.events import emit
from portal.references.models import Reference
from services.health import budget, slo_evaluation
from services.health.budget import Events
from services.health.models import Slo

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@transaction.atomic
def begin(*, by: Any, incident: Incident, subject: Reference, values: Mapping[str, Any]) -> Impact:
    """Say that a service is hit, with its ``level``, and what is known of ``started_at``, ``ended_at``, ``customers``
    and ``note``. A service that was named without saying more is filled in. Raises ValidationError where it is hit at
    that time already."""
    _hold(incident)
    named = Impact.objects.filter(incident=incident, subject=subject, started_at=None).first()
    if named is not None:
        return correct(by=by, impact=named, values=values)
    _refuse_unless_true(incident, subject, values)
    is_new = not Impact.objects.filter(incident=incident, subject=subject).exists()
    made = create_record(by=by, model=Impact, values={**values, "incident": incident, "subject": subject})
    if is_new:
        emit(ServiceNamed(incident))
    return made


@transaction.atomic
def correct(*, by: Any, impact: Impact, values: Mapping[str, Any], version: int | None = None) -> Impact:
    """Write a window as it was. Raises Conflict where somebody changed it first, ValidationError where it overlaps
    another of its service."""
    _hold(impact.incident)
    locked = lock(impact, version, values)
    known = {name: getattr(locked, name) for name in ("started_at", "ended_at")}
    _refuse_unless_true(locked.incident, locked.subject, {**known, **values}, but=locked)
    return update_record(by=by, record=locked, values=values)


@transaction.atomic
def change_level(*, by: Any, impact: Impact, level: str, at: dt.datetime) -> Impact:
    """From a moment on it is another level: the window ends then and the next begins; ``NONE`` only ends it. One of
    which nobody said when it began takes the level from then on. Raises ValidationError for a window that is over."""
    _hold(impact.incident)
    locked = lock(impact, None, {"level": level})
    if locked.ended_at is not None:
        raise ValidationError({"level": f"This ended at {locked.ended_at:%H:%M} UTC. Correct it, or begin another."})
    if level == locked.level and locked.started_at is not None:
        return locked
    if locked.started_at is None:
        return correct(by=by, impact=locked, values={"level": level, "started_at": at})
    ended = correct(by=by, impact=locked, values={"ended_at": at})
    if level == ImpactLevel.NONE:
        return ended
    next_one = {"level": level, "started_at": at, "customers": locked.customers}
    return begin(by=by, incident=locked.incident, subject=locked.subject, values=next_one)


@transaction.atomic
def take_out(*, by: Any, impact: Impact) -> None:
    """Say that a service was not hit at all: what was named by mistake. Its history keeps it."""
    _hold(impact.incident)
    lock(impact, None, {}).delete()


@transaction.atomic
def end_all(*, by: Any, incident: Incident, at: dt.datetime) -> int:
    """End what goes on at a moment, or, where it began later, leave it; returns how many were ended."""
    _hold(incident)
    rows = list(Impact.objects.filter(incident=incident, ended_at=None, started_at__lt=at))
    for each in rows:
        correct(by=by, impact=each, values={"ended_at": at})
    return len(rows)


def _hold(incident: Incident) -> None:
    """Windows of one incident are written one after the other, so that two of them never overlap."""
    Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident.pk)
    mark_stale(incident)


def _refuse_unless_true(
    incident: Incident, subject: Reference, values: Mapping[str, Any], but: Impact | None = None
) -> None:
    start, end = values.get("started_at"), values.get("ended_at")
    refuse_impossible({"started_at": start, "ended_at": end})
    if end is not None and start is None:
        raise ValidationError({"started_at": "It ended, so it began. Say when, as well as you know."})
    if start is not None and end is not None and end <= start:
        raise ValidationError({"ended_at": "It ended before it began. Swap the two times."})
    others = Impact.objects.filter(incident=incident, subject=subject).exclude(pk=but.pk if but else 0)
    for other in others:
        if _overlap(start, end, other):
            told = f"{subject.label} is {_told(other)} already. Correct that one, or change its level."
            raise ValidationError({"started_at": told})


def _overlap(start: dt.datetime | None, end: dt.datetime | None, other: Impact) -> bool:
    """Whether two windows share a moment; an unknown start is as early as can be, a missing end goes on."""
    begins_before = other.ended_at is None or start is None or start < other.ended_at
    return begins_before and (end is None or other.started_at is None or other.started_at < end)


def _told(impact: Impact) -> str:
    level = impact.get_level_display().lower()
    since = f" from {impact.started_at:%H:%M} UTC" if impact.started_at else ""
    return f"{level}{since}{f' until {impact.ended_at:%H:%M} UTC' if impact.ended_at else ''}"


# Error budgets


@dataclass(frozen=True)
class Spent:
    """What an incident spent of the error budget of one SLO: ``share`` of all that its window forgives (1 is all of it)
    and the same as minutes of complete outage, both None where nothing was measured meanwhile."""

    slo: Slo
    share: float | None
    minutes: float | None


def spent(incident: Incident, impacts: Sequence[Impact] | None = None) -> dict[int, list[Spent]]:
    """Service (id of its reference) → what each of its SLOs lost while the incident hit it. A service without an SLO
    has an empty list. One that goes on counts until now, or, when the incident is over, until it was resolved.

    The share is bad events in the windows of impact / (budget × events in the SLO's window up to their end), budget =
    1 − target: by how much services.health.budget.remaining became less. The minutes are the share of
    services.health.budget.allowed_minutes.
    """
    rows = list(incident.impacts.order_by("started_at", "pk")) if impacts is None else impacts
    until = goes_on_until(incident)
    spans: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for each in rows:
        end = each.ended_at or until
        if each.started_at is not None and each.level != ImpactLevel.NONE and each.started_at < end:
            spans[each.subject_id].append((each.started_at, end))
    slos = Slo.objects.filter(
        entity__reference__in={each.subject_id for each in rows}, is_active=True
    ).select_related("entity").order_by("name")  # fmt: skip
    found: dict[int, list[Slo]] = {each.subject_id: [] for each in rows}
    for slo in slos:
        found[slo.entity.reference_id].append(slo)
    begun = slo_evaluation.measured_since(slos)
    return {subject: _spent_of(own, spans[subject], begun) for subject, own in found.items()}


def goes_on_until(incident: Incident) -> dt.datetime:
    now = timezone.now()
    if incident.status.category in OPEN:
        return now
    over = {each.point: each.at for each in incident.times.all() if each.point in (Point.RESOLVED, Point.MITIGATED)}
    return min(now, over.get(Point.RESOLVED) or over.get(Point.MITIGATED) or now)


def _spent_of(
    slos: Sequence[Slo], spans: Sequence[tuple[dt.datetime, dt.datetime]], begun: Mapping[int, dt.datetime]
) -> list[Spent]:
    """What each SLO of a service lost in the same windows of impact, in as many queries as for one of them."""
    if not spans:
        return [Spent(slo, None, None) for slo in slos]
    parts = [slo_evaluation.events(slos, start, end) for start, end in spans]
    end = max(each for _, each in spans)
    days = {slo.window_days for slo in slos}
    wholes = {
        length: slo_evaluation.events([each for each in slos if each.window_days == length], end - length * DAY, end)
        for length in days
    }
    return [
        _share(slo, sum((part[slo.pk] for part in parts), Events(0, 0)),
               _whole(slo, wholes[slo.window_days][slo.pk], end, begun.get(slo.pk)))
        for slo in slos
    ]  # fmt: skip


def _whole(slo: Slo, counted: Events, end: dt.datetime, begun: dt.datetime | None) -> Events:
    """The events of the whole window of an SLO: as many as there would be, where it has not been measured so long."""
    return counted if begun is None else budget.as_whole(counted, slo.window_days * 1440, (end - begun) / MINUTE)


def _share(slo: Slo, meanwhile: Events, whole: Events) -> Spent:
    target = float(slo.target) / 100
    if not meanwhile.total or not whole.total:
        return Spent(slo, None, None)
    share = meanwhile.bad / ((1 - target) * whole.total)
    return Spent(slo, share, share * budget.allowed_minutes(target, slo.window_days))
