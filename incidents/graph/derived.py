"""Metrics that the portal computes of incidents: how many, how many minutes, and what is left to do. Of private ones
nothing: metrics are for everybody."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents.models import (
    NO_INCIDENT,
    OPEN,
    FollowUp,
    FollowUpState,
    Impact,
    ImpactLevel,
    Incident,
    IncidentKind,
    Point,
)
from services.health.models import MetricKind
from services.health.providers import Measure, Measured, Provider, bounds, register
from services.health.samples import organisation_zone

Spans = list[tuple[dt.datetime, dt.datetime]]
COUNT, MINUTES, OPEN_WORK, LATE_WORK = "incident-count", "incident-minutes", "follow-ups-open", "follow-ups-late"
_COUNTED = Q(is_private=False, kind=IncidentKind.REAL) & ~Q(status__category__in=NO_INCIDENT)


def measure_incidents(days: Sequence[dt.date]) -> Iterator[Measured]:
    """Of each service that was ever hit, each team that ever owned an incident, and the organisation: a day without
    any has 0."""
    counted = Incident.objects.filter(_COUNTED)
    spans, declared = defaultdict[int | None, Spans](list), defaultdict[int | None, list[dt.datetime]](list)
    seen: set[tuple[int, int | None]] = set()
    over = _over(counted)
    hits = Impact.objects.filter(incident__in=counted).exclude(level=ImpactLevel.NONE)
    columns = (
        "incident",
        "subject",
        "incident__owner",
        "incident__owner__kind",
        "incident__declared_at",
        "started_at",
        "ended_at",
    )
    for incident, service, owner, kind, at, start, end in hits.values_list(*columns):
        for subject in {service, owner if kind == "group" else None, None}:
            if (incident, subject) not in seen:
                seen.add((incident, subject))
                declared[subject].append(at)
            if start is not None:
                until = end or over.get(incident) or timezone.now()
                spans[subject].append((start, max(start, until)))
    # What is said to have hit nothing was an incident all the same.
    rest = counted.exclude(pk__in=hits.values("incident")).values_list("owner", "owner__kind", "declared_at")
    for owner, kind, at in rest:
        for subject in {owner if kind == "group" else None, None}:
            declared[subject].append(at)
    for subject in declared:
        yield from _of_subject(subject, declared[subject], spans[subject], days)


def _over(counted: QuerySet[Incident]) -> dict[int, dt.datetime]:
    """Until when what has no end was hit: the resolution, or without one the mitigation of what does not go on."""
    mitigated = counted.exclude(status__category__in=OPEN).filter(times__point=Point.MITIGATED)
    resolved = counted.filter(times__point=Point.RESOLVED)
    return {**dict(mitigated.values_list("pk", "times__at")), **dict(resolved.values_list("pk", "times__at"))}


def _of_subject(
    subject: int | None, declared: Iterable[dt.datetime], spans: Spans, days: Sequence[dt.date]
) -> Iterator[Measured]:
    zone = organisation_zone()
    numbers = defaultdict[dt.date, int](int)
    for at in declared:
        numbers[at.astimezone(zone).date()] += 1
    first = min(chain(numbers, (start.astimezone(zone).date() for start, _ in spans)))
    together = _together(spans)
    for day in days:
        if day >= first:
            yield Measured(COUNT, subject, day, numbers.get(day, 0))
            yield Measured(MINUTES, subject, day, _minutes_within(together, *bounds(day)))


def _together(spans: Spans) -> Spans:
    """The same time without overlaps."""
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _minutes_within(spans: Spans, begins: dt.datetime, ends: dt.datetime) -> float:
    parts = (min(end, ends) - max(start, begins) for start, end in spans if start < ends and end > begins)
    return sum(part.total_seconds() for part in parts) / 60


def measure_follow_ups(days: Sequence[dt.date]) -> Iterator[Measured]:
    """What was neither done nor declined when a day ended, and what of it was late: of each team that owns any, and of
    the organisation."""
    rows = FollowUp.objects.filter(incident__is_private=False, created_at__lt=bounds(days[-1])[1])
    columns = ("owner", "state", "created_at", "committed_at", "due_on", "done_at", "ended_at")
    found = list(rows.values_list(*columns))
    subjects = {None, *(owner for owner, *_ in found if owner)} if found else set()
    for day in days:
        end = bounds(day)[1]
        is_open, late = defaultdict[int | None, int](int), defaultdict[int | None, int](int)
        for owner, state, made, promised, due, done, over in found:
            if made >= end or (done and done < end) or (over and over < end and state == FollowUpState.DECLINED):
                continue
            for subject in {owner, None}:
                is_open[subject] += 1
                late[subject] += bool(promised and promised < end and due and due < day)
        for subject in subjects:
            yield Measured(OPEN_WORK, subject, day, is_open[subject])
            yield Measured(LATE_WORK, subject, day, late[subject])


register(
    Provider(
        name="incidents",
        measures=(
            Measure(COUNT, "Incidents", kind=MetricKind.FLOW, higher_is_better=False),
            Measure(MINUTES, "Minutes of incidents", "min", MetricKind.FLOW, higher_is_better=False),
        ),
        measure=measure_incidents,
        # Times and windows are corrected until the postmortem is published.
        late_days=35,
    )
)
register(
    Provider(
        name="follow-ups",
        measures=(
            Measure(OPEN_WORK, "Follow-ups open", higher_is_better=False),
            Measure(LATE_WORK, "Follow-ups late", higher_is_better=False),
        ),
        measure=measure_follow_ups,
    )
)
