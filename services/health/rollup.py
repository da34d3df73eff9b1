"""Summing raw results into one row per check and day, hour by hour, while their partitions still exist.

Every run sums whole hours anew from the raw results and puts the sums in their places, so that a run that is repeated,
or that finds results which came late, leaves the truth.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from services.health import buckets
from services.health.models import CheckDay, Outcome, RollUpMark
from services.health.partitions import RESULTS

COUNTS = 5
SPANS, HOURS = 288, 24
SPANS_PER_HOUR = SPANS // HOURS
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Each run sums this much anew. Answers that come later than half of it after they were due take the mark back.
LATE_BY = 2 * HOUR
KEEP_FINE_DAYS, KEEP_HOURS_DAYS = 14, 100
BATCH = 500

_GOOD = f"outcome IN ({Outcome.UP:d}, {Outcome.DEGRADED:d})"
COUNT_COLUMNS = f"""
    count(*) FILTER (WHERE scheduled AND NOT maintenance AND {_GOOD}),
    count(*) FILTER (WHERE scheduled AND NOT maintenance AND outcome = {Outcome.DEGRADED:d}),
    count(*) FILTER (WHERE scheduled AND NOT maintenance AND outcome = {Outcome.DOWN:d}),
    count(*) FILTER (WHERE scheduled AND NOT maintenance AND outcome = {Outcome.LATE:d}),
    count(*) FILTER (WHERE scheduled AND maintenance)
"""
# Whose latency counts: a failure may be quick, and would look like a fast answer.
TIMED = f"scheduled AND NOT maintenance AND {_GOOD} AND latency_ms IS NOT NULL"
_FINE = f"""
    SELECT of_id, floor(extract(epoch FROM due_at - %(midnight)s) / 300)::int AS place, {COUNT_COLUMNS}
      FROM health_checkresult JOIN health_check ON health_check.id = of_id
     WHERE due_at >= %(start)s AND due_at < %(end)s GROUP BY 1, 2
"""  # noqa: S608  the parts are constants above
_LATENCY = f"""
    SELECT of_id, floor(extract(epoch FROM due_at - %(midnight)s) / 3600)::int AS hour,
           width_bucket(latency_ms::float8, %(bounds)s::float8[]) - 1 AS bucket, count(*)
      FROM health_checkresult
     WHERE due_at >= %(start)s AND due_at < %(end)s AND {TIMED}
     GROUP BY 1, 2, 3
"""  # noqa: S608  the parts are constants
Row = tuple[int, ...]
Window = tuple[dt.datetime, dt.datetime, dt.datetime]


def roll_up_new() -> dt.datetime:
    """Sum what has come since the last run, day by day; return up to when results are summed now.

    The mark moves with each day, so that a run that is cut short is gone on with.
    """
    now = timezone.now()
    mark = RollUpMark.objects.first() or RollUpMark.objects.create(pk=1, rolled_until=_floor(now - 2 * DAY))
    for window in _days(min(mark.rolled_until, now) - LATE_BY, _floor(now)):
        _roll_up_within_day(*window)
        if not _moved(mark, window[-1]):
            break
    return mark.rolled_until


def _moved(mark: RollUpMark, until: dt.datetime) -> bool:
    """Whether the mark stood as it was read: else answers came late meanwhile, and the next run begins with them."""
    as_read = {"pk": mark.pk, "rolled_until": mark.rolled_until, "late_answers": mark.late_answers}
    moved = RollUpMark.objects.filter(**as_read).update(rolled_until=until)
    mark.refresh_from_db()
    return bool(moved)


def sum_again_from(due_at: dt.datetime) -> None:
    """Note that an answer has come which was due then: where its hour may be summed already, it is to be summed anew.

    Not before the days that raw results are kept for, because the rest of what those sums rest on is gone.
    """
    now = timezone.now()
    if due_at < now - LATE_BY / 2:
        oldest = _floor(now).replace(hour=0) - RESULTS.keep_days * DAY
        back_to = Least(F("rolled_until"), max(_floor(due_at), oldest))
        RollUpMark.objects.update(rolled_until=back_to, late_answers=F("late_answers") + 1)


def roll_up(since: dt.datetime, until: dt.datetime) -> None:
    """Sum the raw results of the whole hours (UTC) between two moments into their days."""
    for window in _days(since, until):
        _roll_up_within_day(*window)


def _days(since: dt.datetime, until: dt.datetime) -> Iterator[Window]:
    """The days that two moments span, each as its midnight and which of its whole hours lie between them."""
    start = _floor(since)
    while start < until:
        midnight = start.replace(hour=0)
        end = min(until, midnight + DAY)
        yield midnight, start, end
        start = end


def _floor(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def _roll_up_within_day(midnight: dt.datetime, start: dt.datetime, end: dt.datetime) -> None:
    window = {"midnight": midnight, "start": start, "end": end}
    latencies: dict[int, list[Row]] = defaultdict(list)
    for of_id, hour, bucket, count in _read(_LATENCY, {**window, "bounds": list(buckets.BOUNDS_MS)}):
        latencies[of_id].append((hour, bucket, count))
    hours = range((start - midnight) // HOUR, -((midnight - end) // HOUR))
    for batch in _batches(_by_check(_read(_FINE, window))):
        _write(midnight.date(), [(of_id, rows, latencies.get(of_id, [])) for of_id, rows in batch], hours)


def _read(query: str, params: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def _by_check(rows: Iterable[Row]) -> Iterator[tuple[int, list[Row]]]:
    by_check: dict[int, list[Row]] = defaultdict(list)
    for of_id, *rest in rows:
        by_check[of_id].append(tuple(rest))
    yield from by_check.items()


def _batches(items: Iterable[tuple[int, list[Row]]]) -> Iterator[list[tuple[int, list[Row]]]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@transaction.atomic
def _write(day: dt.date, batch: list[tuple[int, list[Row], list[Row]]], hours: range) -> None:
    known = CheckDay.objects.select_for_update().filter(day=day, of_id__in=[of_id for of_id, *_ in batch])
    existing = {row.of_id: row for row in known}
    changed = []
    for of_id, spans, latencies in batch:
        row = existing.get(of_id) or CheckDay(of_id=of_id, day=day)
        _put(row, spans, latencies, hours)
        changed.append(row)
    _save(changed)


# A row has some thousands of numbers: as one text for each array they are written in a tenth of the time that it takes
# to hand them over one by one.
_SUMMED = ("good", "slow", "bad", "late", "maintenance", "latency", "hours", "hour_latency", "fine")
_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS health_days (
        of_id bigint, day date, scheme smallint, good int, slow int, bad int, late int, maintenance int,
        latency int[], hours int[], hour_latency int[], fine int[]
    ) ON COMMIT DELETE ROWS
"""
_SAVE = f"""
    INSERT INTO health_checkday (of_id, day, scheme, {", ".join(_SUMMED)})
    SELECT of_id, day, scheme, {", ".join(_SUMMED)} FROM health_days
        ON CONFLICT (of_id, day) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _SUMMED)}
"""  # noqa: S608  the parts are constants


def _save(rows: Iterable[CheckDay]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY health_days (of_id, day, scheme, {', '.join(_SUMMED)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row.of_id, row.day, row.scheme, *(_packed(getattr(row, name)) for name in _SUMMED)])
        cursor.execute(_SAVE)
        cursor.execute("DELETE FROM health_days")


def _packed(value: int | Sequence[int] | None) -> int | str | None:
    """An array as PostgreSQL writes one; a number as it is."""
    return value if value is None or isinstance(value, int) else "{" + str(list(value))[1:-1] + "}"


def _put(row: CheckDay, spans: Sequence[Row], latencies: Sequence[Row], hours: range) -> None:
    """Put the sums of some hours in their places, and sum the day anew from all its hours."""
    fine = row.fine or [0] * (SPANS * COUNTS)
    histograms = row.hour_latency or [0] * (HOURS * buckets.COUNT)
    of_hours = row.hours or [0] * (HOURS * COUNTS)
    fine[hours.start * SPANS_PER_HOUR * COUNTS : hours.stop * SPANS_PER_HOUR * COUNTS] = [0] * (
        len(hours) * SPANS_PER_HOUR * COUNTS
    )
    histograms[hours.start * buckets.COUNT : hours.stop * buckets.COUNT] = [0] * (len(hours) * buckets.COUNT)
    for place, *counts in spans:
        fine[place * COUNTS : (place + 1) * COUNTS] = counts
    for hour, bucket, count in latencies:
        histograms[hour * buckets.COUNT + bucket] = count
    for hour in hours:
        of_hours[hour * COUNTS : (hour + 1) * COUNTS] = _hour_of(fine, hour)
    row.fine, row.hour_latency, row.hours = fine, histograms, of_hours
    row.good, row.slow, row.bad, row.late, row.maintenance = (sum(of_hours[at::COUNTS]) for at in range(COUNTS))
    row.latency = [sum(histograms[at :: buckets.COUNT]) for at in range(buckets.COUNT)]


def _hour_of(fine: Sequence[int], hour: int) -> list[int]:
    spans = fine[hour * SPANS_PER_HOUR * COUNTS : (hour + 1) * SPANS_PER_HOUR * COUNTS]
    return [sum(spans[at::COUNTS]) for at in range(COUNTS)]


def forget_old(today: dt.date) -> None:
    """Empty the five-minute values and then the hours of days past their time; days themselves stay."""
    CheckDay.objects.filter(day__lt=today - dt.timedelta(days=KEEP_FINE_DAYS), fine__isnull=False).update(fine=None)
    CheckDay.objects.filter(day__lt=today - dt.timedelta(days=KEEP_HOURS_DAYS), hours__isnull=False).update(
        hours=None, hour_latency=None
    )
