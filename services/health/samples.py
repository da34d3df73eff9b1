"""Values of metrics: written in bulk, kept by moment for a while and by day for ever.

A moment that is written again is replaced, so that a push that is repeated, or corrected, leaves one value. Days are
those of the organisation's time zone (TIME_ZONE).

The current value of a metric is the ``value`` of its MetricState: the newest of a level or a ratio; of an amount the
sum of the last day that is over, since today's is not all in yet (on its first day, what there is so far).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from services.health.baselines import note_regressions
from services.health.models import Metric, MetricDay, MetricKind, SummedMark
from services.health.partitions import SAMPLES, prepare

# Days that still receive samples and are summed by the task; an earlier one that a late sample falls into is at once.
OPEN_DAYS = 2


@dataclass(frozen=True)
class SampleRow:
    """One value. A ratio has ``good`` and ``total``, and ``value`` is good over total (0 where total is 0)."""

    metric_id: int
    at: dt.datetime
    value: float
    good: float | None = None
    total: float | None = None


_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS health_stage
        (metric_id bigint, at timestamptz, value float8, good float8, total float8);
    TRUNCATE health_stage
"""
# Whatever writes several rows takes them in one order, so that two who write the same ones wait in line: samples by
# metric and moment, then days by day and metric, then states by metric.
_UPSERT = """
    INSERT INTO health_sample SELECT metric_id, at, value, good, total FROM health_stage ORDER BY metric_id, at
    ON CONFLICT (metric_id, at) DO UPDATE SET value = excluded.value, good = excluded.good, total = excluded.total
"""


@transaction.atomic
def write(rows: Sequence[SampleRow]) -> int:
    """Write samples, keep the newest value of each metric and its regression, and sum closed days that they fall into.
    Of two values of one moment the later in ``rows`` holds. Returns how many moments were written."""
    moments = {(row.metric_id, row.at): row for row in rows}
    if not moments:
        return 0
    _make_room(min(row.at for row in moments.values()))
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY health_stage FROM STDIN") as copy:
            for row in moments.values():
                copy.write_row((row.metric_id, row.at, row.value, row.good, row.total))
        cursor.execute(_UPSERT)
    newest = _newest(moments.values())
    # An older value of an amount may belong to the day that counts.
    amounts = set(Metric.objects.filter(pk__in=newest, kind=MetricKind.FLOW).values_list("pk", flat=True))
    _sum_days_of(moments.values(), amounts)
    _keep_newest(newest, amounts)
    return len(moments)


def _make_room(first: dt.datetime) -> None:
    """Partitions for months before those that are made ahead, as far as samples are kept."""
    now = timezone.now()
    first = max(first, now - dt.timedelta(days=SAMPLES.keep_days)).astimezone(dt.UTC)
    if first.date() < now.astimezone(dt.UTC).date().replace(day=1):
        prepare(SAMPLES, first.date(), now.astimezone(dt.UTC).date())


def _newest(rows: Iterable[SampleRow]) -> dict[int, SampleRow]:
    newest: dict[int, SampleRow] = {}
    for row in rows:
        if row.metric_id not in newest or row.at >= newest[row.metric_id].at:
            newest[row.metric_id] = row
    return newest


def _keep_newest(newest: Mapping[int, SampleRow], amounts: Collection[int]) -> None:
    # Whoever counts gives whole numbers, and PostgreSQL takes a list of one type.
    values, moments = [float(row.value) for row in newest.values()], [row.at for row in newest.values()]
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [list(newest), values, moments, timezone.now()])
        changed = {metric_id for (metric_id,) in cursor.fetchall()}
    if amounts:
        keep_amounts(amounts)
    note_regressions(changed.union(amounts))


def keep_amounts(metric_ids: Iterable[int] | None = None) -> None:
    """Keep the sum of the last day that is over as the current value of amounts (of all, without ids)."""
    ids = None if metric_ids is None else list(metric_ids)
    with connection.cursor() as cursor:
        cursor.execute(_AMOUNTS, {"today": organisation_day(), "ids": ids})
        changed = [metric_id for (metric_id,) in cursor.fetchall()]
    note_regressions(changed)


_NEWEST = """
    INSERT INTO health_metricstate AS state (metric_id, value, at, received_at, problem)
    SELECT metric_id, value, at, received_at, ''
      FROM unnest(%s::bigint[], %s::float8[], %s::timestamptz[]) AS newest(metric_id, value, at),
           (SELECT %s::timestamptz AS received_at) AS now
     ORDER BY metric_id
    ON CONFLICT (metric_id) DO UPDATE
       SET value = excluded.value, at = excluded.at, received_at = excluded.received_at, problem = ''
     WHERE state.at IS NULL OR state.at <= excluded.at
    RETURNING metric_id
"""


@transaction.atomic
def delete(moments: Sequence[tuple[int, dt.datetime]]) -> int:
    """Delete the samples of (metric, moment), with the sums of days that have none left; the newest that is left is the
    current value. Returns how many were deleted."""
    if not moments:
        return 0
    ids = [metric_id for metric_id, _ in moments]
    given: dict[str, Any] = {"ids": ids, "moments": [at for _, at in moments], "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        for statement in (_DELETE, _DELETE_DAYS):
            cursor.execute(statement, given)
        _sum({(metric_id, _day(at)) for metric_id, at in moments})
        cursor.execute(_NEWEST_LEFT, given)
    keep_amounts(set(ids))
    note_regressions(ids)
    return len(moments)


_GIVEN = "unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) AS given(metric_id, at)"
_DELETE = f"""
    DELETE FROM health_sample sample USING {_GIVEN}
     WHERE sample.metric_id = given.metric_id AND sample.at = given.at
"""  # noqa: S608  both parts are constants
_DELETE_DAYS = f"""
    DELETE FROM health_metricday WHERE id IN (
           SELECT metric_day.id FROM health_metricday metric_day JOIN {_GIVEN}
               ON metric_day.metric_id = given.metric_id AND metric_day.day = (given.at AT TIME ZONE %(zone)s)::date
            WHERE NOT EXISTS (SELECT FROM health_sample sample
                               WHERE sample.metric_id = given.metric_id
                                 AND sample.at >= metric_day.day::timestamp AT TIME ZONE %(zone)s
                                 AND sample.at < (metric_day.day + 1)::timestamp AT TIME ZONE %(zone)s)
            ORDER BY metric_day.day, metric_day.metric_id FOR UPDATE OF metric_day)
"""  # noqa: S608
_NEWEST_LEFT = """
    WITH locked AS (
         SELECT metric_id FROM health_metricstate WHERE metric_id = ANY(%(ids)s::bigint[])
          ORDER BY metric_id FOR NO KEY UPDATE)
    UPDATE health_metricstate state
       SET (value, at) = (SELECT value, at FROM health_sample sample WHERE sample.metric_id = state.metric_id
                           ORDER BY at DESC LIMIT 1)
      FROM locked WHERE state.metric_id = locked.metric_id
"""


_AMOUNTS = """
      WITH newest AS (
           SELECT id, COALESCE(
                  (SELECT sum FROM health_metricday WHERE metric_id = metric.id AND day < %(today)s
                    ORDER BY day DESC LIMIT 1),
                  (SELECT sum FROM health_metricday WHERE metric_id = metric.id ORDER BY day DESC LIMIT 1)) AS sum
             FROM health_metric metric
            WHERE kind = 'flow' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))),
           locked AS (
           SELECT metric_id, sum FROM health_metricstate state JOIN newest ON newest.id = state.metric_id
            WHERE sum IS NOT NULL AND value IS DISTINCT FROM sum
            ORDER BY metric_id FOR NO KEY UPDATE OF state)
    UPDATE health_metricstate state SET value = locked.sum FROM locked WHERE state.metric_id = locked.metric_id
 RETURNING state.metric_id
"""


# Days

OfDay = tuple[int, dt.date]


def _sum_days_of(rows: Iterable[SampleRow], amounts: Collection[int]) -> None:
    """Sum the closed days that samples fall into; of an amount any day, since one of them is its current value."""
    open_from = _midnight(organisation_day() - dt.timedelta(days=OPEN_DAYS - 1)).astimezone(dt.UTC)
    _sum({(row.metric_id, _day(row.at)) for row in rows if row.at < open_from or row.metric_id in amounts})


def sum_open_days() -> None:
    """Sum the days that received samples since the last time, at least yesterday and today; an amount has the day that
    is over as its value."""
    first, today = unsummed_from(), organisation_day()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_SUMS.format(source=_OF_SPAN), _span(first, today, None))
    SummedMark.objects.update_or_create(pk=1, defaults={"day": today})
    keep_amounts()


def unsummed_from() -> dt.date:
    """The first day whose samples may not be in its sum yet, however long the worker was away: earlier than the open
    days of the last time a sample is summed as it comes."""
    kept, mark = _day(kept_from()), SummedMark.objects.values_list("day", flat=True).first()
    return max(kept, min(mark, organisation_day()) - dt.timedelta(days=OPEN_DAYS - 1)) if mark else kept


_SUMS = """
    SELECT metric_id, (at AT TIME ZONE %(zone)s)::date AS day, count(*) AS count, sum(value) AS sum, min(value) AS min,
           max(value) AS max, (array_agg(value ORDER BY at DESC))[1] AS last, sum(good) AS good, sum(total) AS total
      FROM {source}
     GROUP BY 1, 2
     ORDER BY 2, 1
"""
_OF_SPAN = """
    health_sample JOIN health_metric ON health_metric.id = metric_id
     WHERE at >= %(start)s AND at < %(end)s AND (%(ids)s::bigint[] IS NULL OR metric_id = ANY(%(ids)s::bigint[]))
"""
_OF_PAIRS = """
    unnest(%(ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS given(id, starts, ends)
      JOIN health_metric USING (id)
      JOIN health_sample ON metric_id = given.id AND at >= starts AND at < ends
"""
_WRITE_SUMS = f"""
    INSERT INTO health_metricday (metric_id, day, count, sum, min, max, last, good, total)
    {_SUMS}
    ON CONFLICT (metric_id, day) DO UPDATE
       SET count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last,
           good = excluded.good, total = excluded.total
"""  # noqa: S608  both parts are constants


def _span(first: dt.date, last: dt.date, metric_ids: Collection[int] | None) -> dict[str, Any]:
    """What _OF_SPAN asks for: the samples of these days, of all metrics without ids."""
    start, end = _midnight(first), _midnight(last + dt.timedelta(days=1))
    ids = None if metric_ids is None else list(metric_ids)
    return {"zone": settings.TIME_ZONE, "start": start, "end": end, "ids": ids}


def _sum(pairs: Iterable[OfDay]) -> None:
    """Sum the samples of days of metrics anew. Days whose samples are gone keep the sums they have."""
    # A sample from before what is kept cannot be summed with the others of its day, which are gone.
    kept = _day(kept_from())
    if not (given := [(metric_id, day) for metric_id, day in pairs if day >= kept]):
        return
    days = {day: (_midnight(day), _midnight(day + dt.timedelta(days=1))) for _, day in given}
    starts, ends = ([days[day][place] for _, day in given] for place in (0, 1))
    ids = [metric_id for metric_id, _ in given]
    params: dict[str, Any] = {"zone": settings.TIME_ZONE, "ids": ids, "starts": starts, "ends": ends}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_SUMS.format(source=_OF_PAIRS), params)


def daily(metric_ids: Iterable[int], first: dt.date, last: dt.date) -> dict[int, list[tuple[dt.date, float]]]:
    """Metric → (day, value) of each day from ``first`` to ``last`` that has one, oldest first: the last value of a
    level, the sum of an amount, good over total of a ratio. Four queries; days that may not be summed yet are summed as
    they are read, and nothing is written."""
    ids = list(metric_ids)
    kinds = dict(Metric.objects.filter(pk__in=ids).values_list("pk", "kind"))
    days = MetricDay.objects.filter(metric_id__in=ids, day__gte=first, day__lte=last)
    known = {(day.metric_id, day.day): day for day in days}
    unsummed = max(first, unsummed_from())
    if unsummed <= last:
        rows = MetricDay.objects.raw(_READ_SUMS, _span(unsummed, last, ids))
        known |= {(day.metric_id, day.day): day for day in rows}
    found: dict[int, list[tuple[dt.date, float]]] = {metric_id: [] for metric_id in ids}
    for metric_id, day in sorted(known, key=itemgetter(1)):
        found[metric_id].append((day, value_of(kinds[metric_id], known[metric_id, day])))
    return found


def open_sums(first: dt.date, last: dt.date, metric_ids: Collection[int]) -> tuple[str, dict[str, Any]]:
    """A query with its parameters that sums the samples of these days as it is read, for whoever joins it to days that
    are summed: metric_id, day, sum, last, good, total and the rest of MetricDay."""
    return _SUMS.format(source=_OF_SPAN), _span(first, last, metric_ids)


_READ_SUMS = f"SELECT NULL AS id, sums.* FROM ({_SUMS.format(source=_OF_SPAN)}) AS sums"  # noqa: S608


def value_of(kind: str, day: MetricDay) -> float:
    """The one value that a day has."""
    if kind == MetricKind.FLOW:
        return day.sum
    if kind == MetricKind.RATIO and day.total:
        return (day.good or 0.0) / day.total
    return day.last


def kept_from() -> dt.datetime:
    """The midnight from which on every sample is kept; what was before is known by the sums of its days alone."""
    oldest = timezone.now() - dt.timedelta(days=SAMPLES.keep_days)
    return _midnight(_day(oldest) + dt.timedelta(days=1))


def organisation_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def organisation_day() -> dt.date:
    """Today where the organisation is, whatever zone the reader has chosen."""
    return timezone.now().astimezone(organisation_zone()).date()


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(organisation_zone()).date()


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=organisation_zone())
