"""The events of an SLO over time, step by step: what budgets burn down by."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, Sum, Value
from django.db.models.functions import TruncDay

from services.health import samples
from services.health.budget import Events
from services.health.counts import DAY
from services.health.course import Course, course, step_for
from services.health.models import MetricDay, Sample, Slo, SloKind
from services.health.slo_evaluation import events_of


@dataclass(frozen=True)
class EventCourse:
    """When each step begins, and the events in it."""

    step: dt.timedelta
    at: tuple[dt.datetime, ...]
    events: tuple[Events, ...]


def event_course(slo: Slo, start: dt.datetime, end: dt.datetime) -> EventCourse:
    """The events of one SLO between two moments, in the steps of services.health.course."""
    if slo.kind == SloKind.RATIO:
        return _of_metric(slo.metric_id or 0, start, end)
    counted: Course = course(slo.source_check_id or 0, start, end, latency=slo.kind == SloKind.LATENCY)
    found = tuple(events_of(slo, point.counts) for point in counted.points)
    return EventCourse(counted.step, tuple(point.start for point in counted.points), found)


def _of_metric(metric_id: int, start: dt.datetime, end: dt.datetime) -> EventCourse:
    """Good and total of a ratio metric: of its samples, and of days where those are gone, as an SLO counts them."""
    step, zone, kept = step_for(start, end), samples.organisation_zone(), samples.kept_from()
    if step == DAY:
        bins: Any = TruncDay("at", tzinfo=zone)
    else:
        origin = Value(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        bins = Func(Value(step), F("at"), origin, function="date_bin", output_field=Sample._meta.get_field("at"))
    found = Sample.objects.filter(metric_id=metric_id, at__gte=max(start, kept), at__lt=end).values(bin=bins)
    sums = {"good_events": Sum("good"), "all_events": Sum("total")}
    rows = list(found.annotate(**sums).order_by("bin").values_list("bin", *sums))
    if start < kept:
        first, last = start.astimezone(zone).date(), min(end, kept).astimezone(zone).date()
        days = MetricDay.objects.filter(metric_id=metric_id, day__gte=first, day__lt=last).order_by("day")
        rows = [(_midnight(day), *both) for day, *both in days.values_list("day", "good", "total")] + rows
    return EventCourse(
        step, tuple(at for at, *_ in rows), tuple(Events(good or 0, total or 0) for _, good, total in rows)
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=samples.organisation_zone())
