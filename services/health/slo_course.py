"""The events of an SLO over time, step by step: what budgets burn down by."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Func, Sum, Value

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
    """Good and total of a ratio metric: its samples, or its days where the span is long."""
    step = step_for(start, end)
    sums = {"good_events": Sum("good"), "all_events": Sum("total")}
    if step == DAY:
        first, last = (moment.astimezone(samples.organisation_zone()).date() for moment in (start, end))
        days = MetricDay.objects.filter(metric_id=metric_id, day__gte=first, day__lte=last).order_by("day")
        rows = [(_midnight(day), good, total) for day, good, total in days.values_list("day", "good", "total")]
    else:
        origin = Value(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        bins = Func(Value(step), F("at"), origin, function="date_bin", output_field=Sample._meta.get_field("at"))
        found = Sample.objects.filter(metric_id=metric_id, at__gte=start, at__lt=end).values(bin=bins)
        rows = list(found.annotate(**sums).order_by("bin").values_list("bin", *sums))
    return EventCourse(
        step, tuple(at for at, *_ in rows), tuple(Events(good or 0, total or 0) for _, good, total in rows)
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=samples.organisation_zone())
