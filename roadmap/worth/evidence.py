"""What the evidence of an initiative says of the inputs of its scores. Everybody who sees the initiative reads them, so
private incidents are no part of it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents.models import FOLLOW_UP_OPEN, NO_INCIDENT, FollowUp, Incident, IncidentKind
from roadmap.models import Evidence, Factor, Fulfilment, Initiative
from services.health.models import Limit, Urgency
from services.health.moments import counted
from services.health.saying import number

YEAR = dt.timedelta(days=365)
# Minutes of incidents in a year, up to which the impact is so much: the scale of RICE.
IMPACTS = ((0, 0.25), (60, 0.5), (480, 1.0), (2400, 2.0))
MOST_IMPACT = 3.0
URGENCIES: dict[str, float] = {Urgency.TOO_LATE: 10.0, Urgency.START_NOW: 8.0, Urgency.PLAN: 4.0, Urgency.CALM: 1.0}
DAYS_A_SIZE = 20
MOST_POINTS = 10.0


@dataclass(frozen=True)
class Found:
    """What one input is by the evidence, and which evidence that is."""

    factor: str
    value: float
    source: str


def found_for(initiative: Initiative) -> dict[str, Found]:
    """Factor → what is measured; nothing where nothing is."""
    return {each.factor: each for each in _measure(initiative)}


def _measure(initiative: Initiative) -> Iterator[Found]:
    incidents = _incidents(initiative)
    yield from _reach(initiative, incidents)
    if incidents:
        yield _impact(incidents)
    if initiative.effort_days:
        days = initiative.effort_days
        yield Found(Factor.EFFORT, days, f"its effort: {number(days)} days of people")
        size = round(max(1.0, days / DAYS_A_SIZE), 2)
        yield Found(Factor.SIZE, size, f"its effort: {number(days)} days of people, {DAYS_A_SIZE} a point")
    yield from _urgency(initiative)
    yield from _risk(initiative)


def _incidents(initiative: Initiative) -> list[Incident]:
    """The public ones it is linked to, of the last twelve months."""
    rows: QuerySet[Incident] = Incident.objects.filter(
        initiative_links__initiative=initiative, is_private=False, declared_at__gte=timezone.now() - YEAR
    )
    real = rows.exclude(kind=IncidentKind.DRILL).exclude(status__category__in=NO_INCIDENT)
    return list(real.select_related("state").distinct())


def _reach(initiative: Initiative, incidents: list[Incident]) -> Iterator[Found]:
    """Customers where an incident says how many; else what depends on what it changes."""
    customers = max((_state(each, "customers") or 0 for each in incidents), default=0)
    if customers:
        yield Found(Factor.REACH, float(customers), f"customers of the worst of {counted(len(incidents), 'incident')}")
        return
    state = getattr(initiative, "state", None)
    if state is not None and state.reached:
        what = f"{counted(state.reached, 'part')} of the catalog and {counted(state.reached_teams, 'team')}"
        yield Found(Factor.REACH, float(state.reached), f"{what} depend on what it changes")


def _impact(incidents: list[Incident]) -> Found:
    minutes = sum(_state(each, "impact_minutes") or 0.0 for each in incidents)
    value = next((points for most, points in IMPACTS if minutes <= most), MOST_IMPACT)
    said = f"{number(round(minutes))} minutes of {counted(len(incidents), 'incident')} in twelve months"
    return Found(Factor.IMPACT, value, said)


def _state(incident: Incident, name: str) -> Any:
    return getattr(getattr(incident, "state", None), name, None)


def _urgency(initiative: Initiative) -> Iterator[Found]:
    """The most urgent of the limits that it moves."""
    limits = Limit.objects.filter(initiative_links__initiative=initiative, is_active=True).select_related(
        "state", "metric__subject"
    )
    known = [(URGENCIES[each.state.urgency], each) for each in limits
             if getattr(each, "state", None) and each.state.urgency in URGENCIES]  # fmt: skip
    if known:
        points, limit = max(known, key=lambda pair: pair[0])
        yield Found(Factor.URGENCY, points, f"{limit}: {limit.state.get_urgency_display().lower()}")


def _risk(initiative: Initiative) -> Iterator[Found]:
    """Two points for each follow-up and each gap of a control that it closes, ten at most."""
    linked = FollowUp.objects.filter(initiative_links__initiative=initiative, incident__is_private=False)
    follow_ups = linked.filter(state__in=FOLLOW_UP_OPEN).distinct().count()
    gaps = Evidence.objects.filter(
        Q(initiative=initiative) | Q(control__initiative_links__initiative=initiative),
        fulfilment__in=[Fulfilment.GAP, Fulfilment.PARTLY], control__framework__is_active=True,
    )  # fmt: skip
    number_of_gaps = gaps.distinct().count()
    if follow_ups or number_of_gaps:
        said = [counted(follow_ups, "open follow-up")] if follow_ups else []
        said += [f"{counted(number_of_gaps, 'gap')} of controls"] if number_of_gaps else []
        yield Found(Factor.RISK, min(MOST_POINTS, 2.0 * (follow_ups + number_of_gaps)), " and ".join(said))
