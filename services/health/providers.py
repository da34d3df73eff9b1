"""Derived metrics: what the portal computes from its own records, written as samples of metrics like any other.

A provider says which metrics it computes and gives their values by day; it is registered once, by whichever app knows
the records. A task writes the days that are over, and the last ones again, so that what comes late counts too; what a
provider no longer gives of these days is deleted. Limits,
key results and charts bind to a Metric and need not know where it comes from.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

import structlog
from django.db import connection
from django.db.models import Max, Q, QuerySet

from portal.actions import create_record
from services.health import samples
from services.health.models import Metric, MetricKind, MetricState, Origin, Sample
from services.health.samples import SampleRow, organisation_day, organisation_zone

log = structlog.get_logger(__name__)
# A provider without a metric yet begins with so many days.
FIRST_DAYS = 90
BATCH = 20_000


@dataclass(frozen=True)
class Measure:
    """A metric that a provider computes, for as many subjects as it gives values of."""

    name: str
    title: str
    unit: str = ""
    kind: MetricKind = MetricKind.GAUGE
    higher_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of ``metric`` (the name of a Measure) on a day, of a subject (the id of its Reference, None for the
    organisation). A ratio has ``good`` and ``total``, and its value is good over total. ``labels`` tell several of one
    name apart, and ``unit`` says the unit where the Measure does not."""

    metric: str
    subject_id: int | None
    day: dt.date
    value: float = 0.0
    good: float | None = None
    total: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True)
class Provider:
    """``measure`` takes days in a row, all of them over, oldest first (in the organisation's zone), and gives what was
    measured on them, nothing for what was not. ``late_days`` is how far back its records may still change."""

    name: str
    measures: tuple[Measure, ...]
    measure: Callable[[Sequence[dt.date]], Iterable[Measured]]
    late_days: int = 8


_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Make the provider known. ``manage.py check`` says what is wrong with it."""
    _providers.append(provider)
    return provider


def registered() -> tuple[Provider, ...]:
    return tuple(_providers)


def bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When a day of the organisation begins and ends."""
    begins, ends = (dt.datetime.combine(each, dt.time(), organisation_zone()) for each in (day, day + dt.timedelta(1)))
    return begins, ends


# The advisory lock of refreshing, any number that nobody else locks.
LOCK = 0x6865616C74


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for another process that refreshes: two that make the same metric would fail."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def refresh() -> int:
    """Write what every provider measures; return how many values changed. One that fails does not hold up the others:
    its metrics say so."""
    with _alone():
        return sum(_refresh(provider) for provider in _providers)


def _refresh(provider: Provider) -> int:
    known = Metric.objects.filter(origin=Origin.DERIVED, provider=provider.name)
    try:
        metrics = _Metrics(provider, known)
        days = _days(max(provider.late_days, _missed(known)) if metrics.known else FIRST_DAYS)
        given = _Given(row for each in provider.measure(days) for row in metrics.rows(each))
        written = sum(samples.write(_changed(batch, days)) for batch in _batches(iter(given)))
        written += samples.delete(given.others(metrics.known.values(), days))
    except Exception as problem:
        log.exception("A provider of derived metrics failed.", provider=provider.name)
        words = f"The portal could not compute it: {type(problem).__name__}. The fault is in its log."
        MetricState.objects.filter(metric__in=known).update(problem=words)
        return 0
    MetricState.objects.filter(metric__in=known).exclude(problem="").update(problem="")
    return written


def _missed(known: QuerySet[Metric]) -> int:
    """How many days nothing was computed, up to those that a new provider begins with; the last one counts."""
    newest = MetricState.objects.filter(metric__in=known).aggregate(newest=Max("at"))["newest"]
    days = (organisation_day() - newest.astimezone(organisation_zone()).date()).days if newest else FIRST_DAYS
    return min(days, FIRST_DAYS)


class _Given:
    """Passes samples on, and remembers of which days there were any: a bit of a number for each day of a metric."""

    def __init__(self, rows: Iterable[SampleRow]) -> None:
        self.rows, self.days = rows, defaultdict[int, int](int)

    def __iter__(self) -> Iterator[SampleRow]:
        for row in self.rows:
            self.days[row.metric_id] |= 1 << _days_ago(row.at)
            yield row

    def others(self, metric_ids: Iterable[int], days: Sequence[dt.date]) -> list[tuple[int, dt.datetime]]:
        """The samples of these days that were written once and are given no more, as (metric, moment)."""
        start, end = bounds(days[0])[0], bounds(days[-1])[1]
        held = Sample.objects.filter(metric_id__in=list(metric_ids), at__gte=start, at__lt=end)
        pairs = held.values_list("metric_id", "at").iterator(chunk_size=BATCH)
        return [(metric_id, at) for metric_id, at in pairs if not self.days[metric_id] >> _days_ago(at) & 1]


def _days_ago(at: dt.datetime) -> int:
    return (organisation_day() - at.astimezone(organisation_zone()).date()).days


def _batches(rows: Iterator[SampleRow]) -> Iterator[list[SampleRow]]:
    """So many rows at a time that five thousand services and ninety days need no memory to speak of."""
    while batch := list(islice(rows, BATCH)):
        yield batch


def _days(count: int) -> list[dt.date]:
    today = organisation_day()
    return [today - dt.timedelta(days=back) for back in range(count, 0, -1)]


def _changed(rows: Sequence[SampleRow], days: Sequence[dt.date]) -> list[SampleRow]:
    """The rows that say something new, so that a round without news writes nothing."""
    start, end = bounds(days[0])[0], bounds(days[-1])[1]
    held = Sample.objects.filter(metric_id__in={row.metric_id for row in rows}, at__gte=start, at__lt=end)
    known = {(metric_id, at): rest for metric_id, at, *rest in held.values_list(*_COLUMNS)}
    return [row for row in rows if known.get((row.metric_id, row.at)) != [row.value, row.good, row.total]]


_COLUMNS = ("metric_id", "at", "value", "good", "total")
Identity = tuple[int | None, str, tuple[tuple[str, str], ...]]


class _Metrics:
    """The metrics of a provider, made where a value needs one. What somebody pushes under such a name stays theirs."""

    def __init__(self, provider: Provider, known: Iterable[Metric]) -> None:
        self.provider = provider
        self.measures = {each.name: each for each in provider.measures}
        self.known = {_identity(each): each.pk for each in known}
        others = Metric.objects.filter(name__in=self.measures, environment="")
        self.taken = {_identity(each) for each in others.exclude(Q(origin=Origin.DERIVED, provider=provider.name))}

    def rows(self, each: Measured) -> Iterator[SampleRow]:
        """The sample of a value: at noon, which is within its day wherever clocks are changed."""
        identity = each.subject_id, each.metric, tuple(sorted(each.labels.items()))
        if identity in self.taken:
            return
        if identity not in self.known:
            self.known[identity] = self._make(each).pk
        value = each.value if each.total is None else (each.good or 0.0) / each.total if each.total else 0.0
        at = dt.datetime.combine(each.day, dt.time(12), organisation_zone())
        yield SampleRow(self.known[identity], at, value, each.good, each.total)

    def _make(self, each: Measured) -> Metric:
        measure = self.measures[each.metric]
        values = {
            "subject_id": each.subject_id,
            "name": measure.name,
            "title": measure.title,
            "unit": each.unit or measure.unit,
            "kind": measure.kind,
            "labels": dict(each.labels),
            "origin": Origin.DERIVED,
            "provider": self.provider.name,
            "higher_is_better": measure.higher_is_better,
        }
        return create_record(by=None, model=Metric, values=values)


def _identity(metric: Metric) -> Identity:
    return metric.subject_id, metric.name, tuple(sorted(metric.labels.items()))
