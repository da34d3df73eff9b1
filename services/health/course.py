"""How counts of a check went over time: one Counts for each step of a span, from the same places as
services.health.counts: raw results for what has not been summed, hours and days of CheckDay for the rest.

Steps are cut at midnight UTC. The first one begins where services.health.counts begins to count the span, so that all
steps together are what is counted there.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from services.health import buckets
from services.health.counts import DAY, Counts, first_whole
from services.health.models import RollUpMark
from services.health.partitions import RESULTS
from services.health.rollup import COUNT_COLUMNS, COUNTS, HOUR, KEEP_HOURS_DAYS, TIMED

QUARTER = dt.timedelta(minutes=15)
# From how long a span on which step: some 100 points are enough to see anything by.
_STEPS = ((2 * DAY, QUARTER), (14 * DAY, HOUR), (45 * DAY, 6 * HOUR))
_ORIGIN = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Point:
    """What was counted from ``start`` until a step later."""

    start: dt.datetime
    counts: Counts


@dataclass(frozen=True)
class Course:
    step: dt.timedelta
    points: tuple[Point, ...]

    @property
    def whole(self) -> Counts:
        """The counts of the whole span."""
        whole = Counts()
        for point in self.points:
            counts = point.counts
            whole.add((counts.good, counts.slow, counts.bad, counts.late, counts.maintenance))
        whole.latency = buckets.add(point.counts.latency for point in self.points)
        return whole


def step_for(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """The step that a span is drawn in: the finer the shorter it is, as far as its past is kept so finely."""
    now = timezone.now()
    step = next((step for length, step in _STEPS if end - start <= length), DAY)
    if step == QUARTER and start < _oldest_raw(now):
        step = HOUR
    return DAY if start < now - KEEP_HOURS_DAYS * DAY else step


def step_in_words(step: dt.timedelta) -> str:
    words = {QUARTER: "15 minutes", HOUR: "one hour", 6 * HOUR: "6 hours", DAY: "one day"}
    return words[step]


def course(check_id: int, start: dt.datetime, end: dt.datetime, *, latency: bool = True) -> Course:
    """The course of one check in steps of step_for(start, end); at most five queries."""
    step = step_for(start, end)
    whole = first_whole(start, end)
    first = min(start, whole)
    last = min(end, timezone.now()) if step != DAY else _ceiling(end, DAY)
    found = {at: Counts() for at in _bins(first, last, step)}
    summed = first if step == QUARTER else _summed_until(whole, last)
    if first < whole and step != QUARTER:
        _add_raw(found, check_id, first, whole, step, latency)
    if whole < summed:
        _add_sums(found, check_id, whole, summed, step, latency)
    if summed < last:
        _add_raw(found, check_id, summed, last, step, latency)
    # The first step begins with the span; the others where the clock says.
    return Course(step, tuple(Point(max(at, first), counts) for at, counts in found.items()))


def _summed_until(first: dt.datetime, last: dt.datetime) -> dt.datetime:
    mark = RollUpMark.objects.values_list("rolled_until", flat=True).first()
    return max(first, min(mark, last)) if mark else first


def _oldest_raw(now: dt.datetime) -> dt.datetime:
    return _floor(now, DAY) - RESULTS.keep_days * DAY


def _floor(moment: dt.datetime, step: dt.timedelta) -> dt.datetime:
    return moment.astimezone(dt.UTC) - (moment - _ORIGIN) % step


def _ceiling(moment: dt.datetime, step: dt.timedelta) -> dt.datetime:
    floor = _floor(moment, step)
    return floor if floor == moment else floor + step


def _bins(first: dt.datetime, last: dt.datetime, step: dt.timedelta) -> Iterable[dt.datetime]:
    at = _floor(first, step)
    while at < last:
        yield at
        at += step


_RAW = f"""
    SELECT date_bin(%(step)s, due_at, %(origin)s), {COUNT_COLUMNS} FROM health_checkresult
     WHERE of_id = %(check)s AND due_at >= %(start)s AND due_at < %(end)s GROUP BY 1
"""  # noqa: S608  the parts are constants
_RAW_LATENCY = f"""
    SELECT date_bin(%(step)s, due_at, %(origin)s), width_bucket(latency_ms::float8, %(bounds)s::float8[]) - 1, count(*)
      FROM health_checkresult
     WHERE of_id = %(check)s AND due_at >= %(start)s AND due_at < %(end)s AND {TIMED}
     GROUP BY 1, 2
"""  # noqa: S608  the parts are constants
# An hour of a day is the place in its packed array; what a day has of it is in UTC.
_HOURS = """
    SELECT date_bin(%(step)s, at, %(origin)s), place, sum(count) FROM (
        SELECT day::timestamp AT TIME ZONE 'UTC' + (number - 1) / {width} * interval '1 hour' AS at,
               (number - 1) %% {width} AS place, count
          FROM health_checkday, unnest({column}) WITH ORDINALITY packed(count, number)
         WHERE of_id = %(check)s AND day >= %(start)s::timestamptz AT TIME ZONE 'UTC' - interval '1 day'
           AND day < %(end)s::timestamptz AT TIME ZONE 'UTC' AND count > 0
    ) counted WHERE at >= %(start)s AND at < %(end)s GROUP BY 1, 2
"""
_DAYS = """
    SELECT day::timestamp AT TIME ZONE 'UTC', good, slow, bad, late, maintenance FROM health_checkday
     WHERE of_id = %(check)s AND day >= %(start)s::timestamptz AT TIME ZONE 'UTC'
       AND day < %(end)s::timestamptz AT TIME ZONE 'UTC'
"""
_DAYS_LATENCY = """
    SELECT day::timestamp AT TIME ZONE 'UTC', number - 1, count
      FROM health_checkday, unnest(latency) WITH ORDINALITY packed(count, number)
     WHERE of_id = %(check)s AND day >= %(start)s::timestamptz AT TIME ZONE 'UTC'
       AND day < %(end)s::timestamptz AT TIME ZONE 'UTC' AND count > 0
"""
Found = dict[dt.datetime, Counts]


def _add_raw(
    found: Found, check_id: int, start: dt.datetime, end: dt.datetime, step: dt.timedelta, latency: bool
) -> None:
    window = {"check": check_id, "start": start, "end": end, "step": step, "origin": _ORIGIN}
    for at, *numbers in _read(_RAW, window):
        found[at].add(numbers)
    if latency:
        _add_latency(found, _read(_RAW_LATENCY, {**window, "bounds": list(buckets.BOUNDS_MS)}))


def _add_sums(
    found: Found, check_id: int, start: dt.datetime, end: dt.datetime, step: dt.timedelta, latency: bool
) -> None:
    """Whole days by days, the rest of the first day and everything in shorter steps by hours."""
    midnight = min(_ceiling(start, DAY), end)
    if step == DAY and start < midnight < end:
        _add_sums(found, check_id, start, midnight, step, latency)
        start = midnight
    window = {"check": check_id, "start": start, "end": end, "step": step, "origin": _ORIGIN}
    by_day = step == DAY and start == _floor(start, DAY)
    if by_day:
        for at, *numbers in _read(_DAYS, window):
            found[at].add(numbers)
    else:
        for at, place, number in _read(_HOURS.format(column="hours", width=COUNTS), window):
            found[at].add([number if place == each else 0 for each in range(COUNTS)])
    if latency:
        hours = _HOURS.format(column="hour_latency", width=buckets.COUNT)
        _add_latency(found, _read(_DAYS_LATENCY if by_day else hours, window))


def _add_latency(found: Found, rows: Iterable[tuple[Any, ...]]) -> None:
    for at, bucket, number in rows:
        found[at].latency[bucket] += number


def _read(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [(row[0].astimezone(dt.UTC), *row[1:]) for row in cursor.fetchall()]
