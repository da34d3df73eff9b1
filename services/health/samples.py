"""Values of metrics: written in bulk, kept by moment for a while and by day for ever.

A moment that is written again is replaced, so that a push that is repeated, or corrected, leaves one value. Days are
those of the organisation's time zone (TIME_ZONE).

The current value of a metric is the ``value`` of its MetricState: the newest of a level or a ratio; of an amount the
sum of the last day that is over, since today's is not all in yet (on its first day, what there is so far).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from services.health.baselines import note_regressions
from services.health.models import Metric, MetricDay, MetricKind
from services.health.partitions import SAMPLES, prepare

# Days whose sums are made anew by the task; an earlier day that a late sample falls into is summed at once.
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
_UPSERT = """
    INSERT INTO health_sample SELECT metric_id, at, value, good, total FROM health_stage
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
    _sum_late_days(moments.values())
    _keep_newest(moments.values())
    return len(moments)


def _make_room(first: dt.datetime) -> None:
    """Partitions for months before those that are made ahead, as far as samples are kept."""
    now = timezone.now()
    first = max(first, now - dt.timedelta(days=SAMPLES.keep_days)).astimezone(dt.UTC)
    if first.date() < now.astimezone(dt.UTC).date().replace(day=1):
        prepare(SAMPLES, first.date(), now.astimezone(dt.UTC).date())


def _keep_newest(rows: Iterable[SampleRow]) -> None:
    newest: dict[int, SampleRow] = {}
    for row in rows:
        if row.metric_id not in newest or row.at >= newest[row.metric_id].at:
            newest[row.metric_id] = row
    with connection.cursor() as cursor:
        cursor.execute(
            _NEWEST,
            [list(newest), [row.value for row in newest.values()], [row.at for row in newest.values()], timezone.now()],
        )
        changed = {metric_id for (metric_id,) in cursor.fetchall()}
    # An older value may belong to the day that counts.
    amounts = list(Metric.objects.filter(pk__in=newest, kind=MetricKind.FLOW).values_list("pk", flat=True))
    if amounts:
        _sum_open_days(amounts)
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
        for statement in (_DELETE, _DELETE_DAYS, _NEWEST_LEFT):
            cursor.execute(statement, given)
    for day in sorted({at.astimezone(organisation_zone()).date() for _, at in moments}):
        sum_days(day, day, set(ids))
    keep_amounts(set(ids))
    note_regressions(ids)
    return len(moments)


_GIVEN = "unnest(%(ids)s::bigint[], %(moments)s::timestamptz[]) AS given(metric_id, at)"
_DELETE = f"""
    DELETE FROM health_sample sample USING {_GIVEN}
     WHERE sample.metric_id = given.metric_id AND sample.at = given.at
"""  # noqa: S608  both parts are constants
_DELETE_DAYS = f"""
    DELETE FROM health_metricday metric_day USING {_GIVEN}
     WHERE metric_day.metric_id = given.metric_id AND metric_day.day = (given.at AT TIME ZONE %(zone)s)::date
       AND NOT EXISTS (SELECT FROM health_sample sample
                        WHERE sample.metric_id = given.metric_id
                          AND sample.at >= metric_day.day::timestamp AT TIME ZONE %(zone)s
                          AND sample.at < (metric_day.day + 1)::timestamp AT TIME ZONE %(zone)s)
"""  # noqa: S608
_NEWEST_LEFT = """
    UPDATE health_metricstate state
       SET (value, at) = (SELECT value, at FROM health_sample sample WHERE sample.metric_id = state.metric_id
                           ORDER BY at DESC LIMIT 1)
     WHERE metric_id = ANY(%(ids)s::bigint[])
"""


_AMOUNTS = """
      WITH newest AS (
           SELECT id, COALESCE(
                  (SELECT sum FROM health_metricday WHERE metric_id = metric.id AND day < %(today)s
                    ORDER BY day DESC LIMIT 1),
                  (SELECT sum FROM health_metricday WHERE metric_id = metric.id ORDER BY day DESC LIMIT 1)) AS sum
             FROM health_metric metric
            WHERE kind = 'flow' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[])))
    UPDATE health_metricstate state SET value = newest.sum
      FROM newest
     WHERE state.metric_id = newest.id AND newest.sum IS NOT NULL AND state.value IS DISTINCT FROM newest.sum
 RETURNING state.metric_id
"""


def _sum_late_days(rows: Iterable[SampleRow]) -> None:
    zone, open_from = organisation_zone(), organisation_day() - dt.timedelta(days=OPEN_DAYS - 1)
    late: dict[dt.date, set[int]] = defaultdict(set)
    for row in rows:
        day = row.at.astimezone(zone).date()
        if day < open_from:
            late[day].add(row.metric_id)
    for day, metric_ids in late.items():
        sum_days(day, day, metric_ids)


def sum_open_days() -> None:
    """Sum yesterday and today, which still receive samples; an amount has the day that is over as its value."""
    _sum_open_days()
    keep_amounts()


def _sum_open_days(metric_ids: Iterable[int] | None = None) -> None:
    today = organisation_day()
    sum_days(today - dt.timedelta(days=OPEN_DAYS - 1), today, metric_ids)


_SUM = """
    INSERT INTO health_metricday (metric_id, day, count, sum, min, max, last, good, total)
    SELECT metric_id, (at AT TIME ZONE %(zone)s)::date, count(*), sum(value), min(value), max(value),
           (array_agg(value ORDER BY at DESC))[1], sum(good), sum(total)
      FROM health_sample JOIN health_metric ON health_metric.id = metric_id
     WHERE at >= %(start)s AND at < %(end)s AND (%(ids)s::bigint[] IS NULL OR metric_id = ANY(%(ids)s::bigint[]))
     GROUP BY 1, 2
    ON CONFLICT (metric_id, day) DO UPDATE
       SET count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last,
           good = excluded.good, total = excluded.total
"""


def sum_days(first: dt.date, last: dt.date, metric_ids: Iterable[int] | None = None) -> None:
    """Sum the samples of these days anew. Days whose samples are gone keep the sums they have."""
    start, end = _midnight(first), _midnight(last + dt.timedelta(days=1))
    # A sample from before what is kept cannot be summed with the others of its day, which are gone.
    start = max(start, kept_from())
    ids = None if metric_ids is None else list(metric_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SUM, {"zone": settings.TIME_ZONE, "start": start, "end": end, "ids": ids})


def daily(metric_ids: Iterable[int], first: dt.date, last: dt.date) -> dict[int, list[tuple[dt.date, float]]]:
    """Metric → (day, value) of each day from ``first`` to ``last`` that has one, oldest first: the last value of a
    level, the sum of an amount, good over total of a ratio. Two queries; the open days are summed first."""
    ids = list(metric_ids)
    sum_days(max(first, organisation_day() - dt.timedelta(days=OPEN_DAYS - 1)), last, ids)
    kinds = dict(Metric.objects.filter(pk__in=ids).values_list("pk", "kind"))
    days = MetricDay.objects.filter(metric_id__in=ids, day__gte=first, day__lte=last).order_by("day")
    found: dict[int, list[tuple[dt.date, float]]] = {metric_id: [] for metric_id in ids}
    for day in days:
        found[day.metric_id].append((day.day, value_of(kinds[day.metric_id], day)))
    return found


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
    return _midnight(oldest.astimezone(organisation_zone()).date() + dt.timedelta(days=1))


def organisation_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def organisation_day() -> dt.date:
    """Today where the organisation is, whatever zone the reader has chosen."""
    return timezone.now().astimezone(organisation_zone()).date()


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=organisation_zone())
