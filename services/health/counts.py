"""How many answers of checks were good, bad, late or in maintenance between two moments: the one place that knows where
each part of the past is kept.

Whole days and hours that have been summed come from CheckDay; what is newer, and the parts of an hour at both ends,
from the raw results. Where raw results are gone, a span begins and ends with whole hours; where hours are gone,
with whole days.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from services.health import buckets
from services.health.models import RollUpMark
from services.health.partitions import RESULTS
from services.health.rollup import COUNT_COLUMNS, COUNTS, HOUR, KEEP_HOURS_DAYS, TIMED

DAY = dt.timedelta(days=1)


@dataclass
class Counts:
    """Answers by what they said; ``slow`` ones are part of ``good``. ``latency`` is a histogram
    (services.health.buckets), empty unless it was asked for."""

    good: int = 0
    slow: int = 0
    bad: int = 0
    late: int = 0
    maintenance: int = 0
    latency: list[int] = field(default_factory=buckets.empty)

    @property
    def total(self) -> int:
        """What was measured."""
        return self.good + self.bad

    @property
    def expected(self) -> int:
        """What should have been."""
        return self.total + self.late

    def add(self, counts: Sequence[int]) -> None:
        self.good += counts[0]
        self.slow += counts[1]
        self.bad += counts[2]
        self.late += counts[3]
        self.maintenance += counts[4]


@dataclass(frozen=True)
class _Pieces:
    """A span of time as it is kept: raw ranges, whole days, and hours of single days."""

    raw: tuple[tuple[dt.datetime, dt.datetime], ...]
    days: tuple[dt.date, dt.date] | None
    hours: tuple[tuple[dt.date, int, int], ...]


def counts(
    check_ids: Iterable[int], start: dt.datetime, end: dt.datetime, *, latency: bool = False
) -> dict[int, Counts]:
    """Counts of each of these checks from ``start`` up to, not including, ``end``; at most six queries."""
    found = {of_id: Counts() for of_id in check_ids}
    pieces = _pieces(start, end)
    for first, last in pieces.raw:
        _add_raw(found, first, last, latency)
    if pieces.days:
        _add_days(found, *pieces.days, latency)
    for day, first_hour, end_hour in pieces.hours:
        _add_hours(found, day, first_hour, end_hour, latency)
    return found


def first_answers(check_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """When what is known of each of these checks begins; checks of which nothing is known are left out. One query.

    It is the first answer that is kept; where there are sums of days before it, the first of those days.
    """
    found = {}
    for of_id, day, answered_at in _read(_FIRST, [list(check_ids)]):
        summed_at = day and dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        # The day of the first answer that is kept is summed as well, and is not before it.
        if answered_at and (summed_at is None or answered_at < summed_at + DAY):
            found[of_id] = answered_at
        elif summed_at:
            found[of_id] = summed_at
    return found


def _pieces(start: dt.datetime, end: dt.datetime) -> _Pieces:
    start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    mark = RollUpMark.objects.values_list("rolled_until", flat=True).first() or start
    oldest_raw = _midnight(timezone.now()) - RESULTS.keep_days * DAY
    first = first_whole(start, end)
    last = max(min(_floor(end), mark.astimezone(dt.UTC)), first)
    raw = tuple((low, high) for low, high in ((start, first), (last, end)) if low < high and high > oldest_raw)
    return _Pieces(raw, *_days_and_hours(first, last))


def first_whole(start: dt.datetime, end: dt.datetime) -> dt.datetime:
    """From when on a span is counted by whole hours. Where it is before ``start``, the span is widened to it; where it
    is after, raw results tell what lies between."""
    start, today = start.astimezone(dt.UTC), _midnight(timezone.now())
    if start < today - KEEP_HOURS_DAYS * DAY:
        return _midnight(start)
    return _floor(start) if start < today - RESULTS.keep_days * DAY else min(_ceiling(start), end)


def _days_and_hours(
    start: dt.datetime, end: dt.datetime
) -> tuple[tuple[dt.date, dt.date] | None, tuple[tuple[dt.date, int, int], ...]]:
    """Split a span of whole hours into whole days, and the hours of the first and the last day."""
    first, last = _midnight(start), _midnight(end)
    if first == last:
        return None, ((start.date(), start.hour, end.hour),) if start < end else ()
    hours = []
    if start > first:
        hours.append((start.date(), start.hour, 24))
        first += DAY
    if end > last:
        hours.append((end.date(), 0, end.hour))
    return (first.date(), last.date()) if first < last else None, tuple(hours)


def _floor(moment: dt.datetime) -> dt.datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _ceiling(moment: dt.datetime) -> dt.datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + HOUR


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


_FIRST = """
    SELECT of_id, (SELECT day FROM health_checkday days WHERE days.of_id = asked.of_id ORDER BY day LIMIT 1),
           (SELECT due_at FROM health_checkresult results WHERE results.of_id = asked.of_id AND scheduled
             ORDER BY due_at LIMIT 1)
      FROM unnest(%s::bigint[]) asked(of_id)
"""
_RAW = f"""
    SELECT of_id, {COUNT_COLUMNS} FROM health_checkresult
     WHERE of_id = ANY(%s) AND due_at >= %s AND due_at < %s GROUP BY of_id
"""  # noqa: S608  the parts are constants
_RAW_LATENCY = f"""
    SELECT of_id, width_bucket(latency_ms::float8, %s::float8[]) - 1, count(*) FROM health_checkresult
     WHERE of_id = ANY(%s) AND due_at >= %s AND due_at < %s AND {TIMED}
     GROUP BY 1, 2
"""  # noqa: S608  the parts are constants
_DAYS = """
    SELECT of_id, sum(good), sum(slow), sum(bad), sum(late), sum(maintenance) FROM health_checkday
     WHERE of_id = ANY(%s) AND day >= %s AND day < %s GROUP BY of_id
"""
_DAYS_LATENCY = """
    SELECT of_id, place - 1, sum(count) FROM health_checkday, unnest(latency) WITH ORDINALITY packed(count, place)
     WHERE of_id = ANY(%s) AND day >= %s AND day < %s AND count > 0 GROUP BY 1, 2
"""
_HOURS = """
    SELECT of_id, (place - 1) %% {width}, sum(count)
      FROM health_checkday, unnest({column}[%s:%s]) WITH ORDINALITY packed(count, place)
     WHERE of_id = ANY(%s) AND day = %s AND count > 0 GROUP BY 1, 2
"""


def _add_raw(found: dict[int, Counts], start: dt.datetime, end: dt.datetime, latency: bool) -> None:
    for of_id, *numbers in _read(_RAW, [list(found), start, end]):
        found[of_id].add(numbers)
    if latency:
        _add_latency(found, _read(_RAW_LATENCY, [list(buckets.BOUNDS_MS), list(found), start, end]))


def _add_days(found: dict[int, Counts], start: dt.date, end: dt.date, latency: bool) -> None:
    for of_id, *numbers in _read(_DAYS, [list(found), start, end]):
        found[of_id].add(numbers)
    if latency:
        _add_latency(found, _read(_DAYS_LATENCY, [list(found), start, end]))


def _add_hours(found: dict[int, Counts], day: dt.date, first: int, end: int, latency: bool) -> None:
    for of_id, place, number in _hours("hours", COUNTS, found, day, first, end):
        numbers = [0] * COUNTS
        numbers[place] = number
        found[of_id].add(numbers)
    if latency:
        _add_latency(found, _hours("hour_latency", buckets.COUNT, found, day, first, end))


def _hours(
    column: str, width: int, found: dict[int, Counts], day: dt.date, first: int, end: int
) -> list[tuple[int, int, int]]:
    query = _HOURS.format(column=column, width=width)
    return _read(query, [first * width + 1, end * width, list(found), day])


def _add_latency(found: dict[int, Counts], rows: Iterable[tuple[int, int, int]]) -> None:
    for of_id, bucket, number in rows:
        found[of_id].latency[bucket] += number


def _read(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()
