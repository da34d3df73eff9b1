"""Summing answers that are too old to be kept one by one into the days of their checks (services.health.rollup)."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from services.health import buckets
from services.health.models import CheckDay, Outcome
from services.health.rollup import COUNTS, HOURS, KEEP_FINE_DAYS, SPANS

if TYPE_CHECKING:
    from services.demo.health.past import Past

DAY_US = 86_400_000_000
Counts = npt.NDArray[np.int64]
_COLUMNS = "of_id, day, scheme, good, slow, bad, late, maintenance, latency, hours, hour_latency, fine"


def write(pasts: Iterable["Past"], now: dt.datetime, table: str = CheckDay._meta.db_table) -> None:
    """Write a row for each check and day, or add to the one that is there."""
    fine_from = now.astimezone(dt.UTC).date() - dt.timedelta(days=KEEP_FINE_DAYS)
    rows = [row for past in pasts if past.slots.size for row in _days(past, fine_from)]
    known = _known(rows)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            if (row.of_id, row.day) not in known:
                copy.write_row(_copied(row))
    _add([(known[row.of_id, row.day], row) for row in rows if (row.of_id, row.day) in known])


def _known(rows: Sequence[CheckDay]) -> dict[tuple[int, dt.date], CheckDay]:
    days, checks = {row.day for row in rows}, {row.of_id for row in rows}
    if not rows or not CheckDay.objects.filter(day__gte=min(days)).exists():
        return {}
    return {(row.of_id, row.day): row for row in CheckDay.objects.filter(of__in=checks, day__in=days)}


def _days(past: "Past", fine_from: dt.date) -> Iterator[CheckDay]:
    first = int(past.slots[0] // DAY_US)
    place = past.slots // DAY_US - first
    count = int(place[-1]) + 1
    spans = _counts(past, place, count)
    latencies = _latencies(past, place, count)
    for at in range(count):
        day = dt.date(1970, 1, 1) + dt.timedelta(days=first + at)
        hours = spans[at].reshape(HOURS, -1, COUNTS).sum(axis=1)
        good, slow, bad, late, maintenance = hours.sum(axis=0).tolist()
        yield CheckDay(
            of_id=past.check.pk, day=day, scheme=buckets.SCHEME, good=good, slow=slow, bad=bad, late=late,
            maintenance=maintenance, latency=latencies[at].sum(axis=0).tolist(), hours=hours.ravel().tolist(),
            hour_latency=latencies[at].ravel().tolist(), fine=spans[at].ravel().tolist() if day >= fine_from else None,
        )  # fmt: skip


def _counts(past: "Past", place: Counts, count: int) -> Counts:
    """Answers by day, five minutes, and what they said."""
    span = past.slots % DAY_US // (DAY_US // SPANS)
    live, flat = ~past.maintenance, place * SPANS + span
    said = (
        (past.outcome <= Outcome.DEGRADED) & live, (past.outcome == Outcome.DEGRADED) & live,
        (past.outcome == Outcome.DOWN) & live, (past.outcome == Outcome.LATE) & live, past.maintenance,
    )  # fmt: skip
    counts = [np.bincount(flat[each], minlength=count * SPANS) for each in said]
    return np.stack(counts, axis=1).reshape(count, SPANS, COUNTS)


def _latencies(past: "Past", place: Counts, count: int) -> Counts:
    """Answers by day, hour and bucket of latency."""
    timed = (past.outcome <= Outcome.DEGRADED) & ~past.maintenance & ~np.isnan(past.latency_ms)
    hour = past.slots[timed] % DAY_US // (DAY_US // HOURS)
    # As they are stored: with two digits.
    bucket = np.searchsorted(buckets.BOUNDS_MS, past.latency_ms[timed].round(2), side="right") - 1
    flat = (place[timed] * HOURS + hour) * buckets.COUNT + bucket
    return np.bincount(flat, minlength=count * HOURS * buckets.COUNT).reshape(count, HOURS, buckets.COUNT)


def _copied(row: CheckDay) -> list[Any]:
    arrays = (row.latency, row.hours, row.hour_latency, row.fine)
    numbers = [row.of_id, row.day, row.scheme, row.good, row.slow, row.bad, row.late, row.maintenance]
    return numbers + [None if each is None else "{" + str(each)[1:-1] + "}" for each in arrays]


def _add(pairs: Sequence[tuple[CheckDay, CheckDay]]) -> None:
    names = ["good", "slow", "bad", "late", "maintenance"]
    arrays = ["latency", "hours", "hour_latency", "fine"]
    for known, more in pairs:
        for name in names:
            setattr(known, name, getattr(known, name) + getattr(more, name))
        for name in arrays:
            setattr(known, name, _sum(getattr(known, name), getattr(more, name)))
    CheckDay.objects.bulk_update([known for known, _ in pairs], names + arrays, batch_size=200)


def _sum(one: list[int] | None, other: list[int] | None) -> list[int] | None:
    return [a + b for a, b in zip(one, other, strict=True)] if one and other else one or other
