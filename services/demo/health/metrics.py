"""Metrics of the demo company: described once, and given values up to now, as machines would push them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from portal.people.models import Team, TeamKind
from portal.references.models import Reference
from portal.search import index
from services.catalog import bulk
from services.demo.health import effects, numbers, span
from services.demo.health.checks import WATCHED_TYPES
from services.demo.health.numbers import Course, Measured, OfTeams
from services.demo.health.world import DAY, Numbers, Seconds, chance
from services.demo.large import SOURCE as LARGE
from services.demo.load import KIND
from services.health import partitions, samples
from services.health.models import Metric, MetricKind, MetricState, Origin
from services.health.samples import SampleRow
from services.models import Entity


def make_metrics() -> list[Metric]:
    """Describe every metric; values come with ``fill``."""
    wanted = list(measured())
    references = {each.canonical: each for each in Reference.objects.filter(canonical__in={w.subject for w in wanted})}
    metrics = [
        Metric(
            subject=references[each.subject], name=each.name, title=each.title, unit=each.unit, kind=each.kind,
            higher_is_better=each.higher_is_better, baseline=each.baseline, baseline_note=each.baseline_note,
            tolerance=each.tolerance,
        )
        for each in wanted
    ]  # fmt: skip
    bulk.insert(Metric, metrics)
    index.refresh(Metric, [metric.pk for metric in metrics])
    return metrics


def measured() -> Iterator[Measured]:
    """Everything that is measured, in one order."""
    yield from numbers.CAPACITY
    yield from numbers.RATIOS
    teams = Team.objects.filter(type="team").select_related("reference").order_by("name")
    for team in teams:
        kinds = numbers.PRODUCT_METRICS if team.kind == TeamKind.PRODUCT else numbers.PLATFORM_METRICS
        yield from (_sized(team, each) for each in kinds)
    services = Entity.objects.filter(kind="component", type__in=WATCHED_TYPES, source__kind=KIND, tier__isnull=False)
    for service in services.exclude(source__name=LARGE).select_related("reference").order_by("name"):
        yield _sized(service, numbers.COST)


def _sized(of: Team | Entity, each: OfTeams) -> Measured:
    size = each.least + (each.most - each.least) * float(chance(f"{of.name} {each.name}", 1)) ** 2
    days, share = numbers.REGRESSED.get((of.name, each.name), (0, 0.0))
    course = replace(each.course, start=size, a_day=size * each.growth, step=(days, size * share))
    baseline = float(f"{size * (1 + 40 * each.growth):.3g}") if each.has_baseline else None
    return Measured(
        of.reference.canonical, each.name, each.title, each.unit, course, kind=each.kind, every_s=each.every_s,
        higher_is_better=each.higher_is_better, baseline=baseline,
        baseline_note=numbers.BASELINE_NOTE if each.has_baseline else "", tolerance=12,
    )  # fmt: skip


def fill(now: dt.datetime) -> int:
    """Write the values that are missing up to now; return how many."""
    today = now.astimezone(dt.UTC).date()
    partitions.prepare(partitions.SAMPLES, today - dt.timedelta(days=span.DAYS + 1), today)
    known = {
        (metric.subject.canonical, metric.name): metric
        # Another environment or labels are somebody's own.
        for metric in Metric.objects.filter(environment="", labels={}, origin=Origin.PUSHED)
        .exclude(subject=None)
        .select_related("subject", "state")
        if metric.subject
    }
    lower_since = effects.days_by_metric()
    rows = [
        row
        for each in measured()
        if (metric := known.get((each.subject, each.name)))
        for row in _missing(each, metric, now, lower_since.get(metric.pk, ()))
    ]
    samples.write(rows)
    samples.sum_open_days()
    return len(rows)


def _missing(each: Measured, metric: Metric, now: dt.datetime, lower_since: Sequence[dt.date]) -> Iterable[SampleRow]:
    anchor = _midnight(metric.created_at)
    state: MetricState | None = getattr(metric, "state", None)
    since = state.at if state and state.at else anchor - each.course.begins * DAY * dt.timedelta(seconds=1)
    first = int(since.timestamp()) // each.every_s + 1
    at: Seconds = np.arange(first * each.every_s, int(now.timestamp()) + 1, each.every_s, dtype=np.int64)
    # What lies longer back than samples are kept is not made up any more.
    at = at[at >= int((now - dt.timedelta(days=span.DAYS)).timestamp())]
    return _rows(each, metric.pk, at, values(each, at, anchor) * effects.share(lower_since, at))


def _rows(each: Measured, metric_id: int, at: Seconds, found: Numbers) -> Iterator[SampleRow]:
    totals = np.rint(each.course.total * _week(Course(0, week=0.2), at)).tolist()
    for moment, value, total in zip(at.tolist(), found.tolist(), totals, strict=True):
        when = dt.datetime.fromtimestamp(moment, dt.UTC)
        if each.kind == MetricKind.RATIO:
            good = float(min(round(value * total), total))
            yield SampleRow(metric_id, when, good / total, good, total)
        else:
            yield SampleRow(metric_id, when, float(f"{value:.6g}"))


def values(each: Measured, at: Seconds, anchor: dt.datetime) -> Numbers:
    """The values at these moments, of a company that was loaded on the day ``anchor``."""
    course = each.course
    days = (at - int(anchor.timestamp())) / DAY
    level = course.start + course.a_day * (days + numbers.STARTED)
    level = level + np.where(days >= -course.step[0], course.step[1], 0) * bool(course.step[0])
    key = f"{each.subject} {each.name}"
    noise = (chance(key, at) + chance(f"{key} b", at) - 1) * 1.7 * course.noise
    if each.kind == MetricKind.RATIO:
        return np.asarray(np.clip(level + noise, 0.0, 1.0))
    return np.asarray(np.clip(level * _week(course, at) * (1 + noise), course.lowest, course.highest))


def _week(course: Course, at: Seconds) -> Numbers:
    """Weekends are quieter."""
    weekday = (at // DAY + 3) % 7
    return np.asarray(np.where(weekday >= 5, 1 - course.week, 1.0))


def date_regressions(metrics: Sequence[Metric], now: dt.datetime) -> None:
    """Let what is worse than its baseline have been so since the day it became it, not since it was loaded."""
    for metric in metrics:
        name = metric.subject.name if metric.subject else ""
        days, _ = numbers.REGRESSED.get((name, metric.name), (0, 0.0))
        if days:
            since = _midnight(now) - dt.timedelta(days=days) + dt.timedelta(hours=7)
            MetricState.objects.filter(metric=metric).exclude(regressed_since=None).update(regressed_since=since)


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
