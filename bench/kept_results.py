"""What a year of 2,000 checks at 60 s takes on disk, from the true sums of twenty of them: rows of days with
five-minute values, later hours, later only sums, with their indexes, as retention leaves them.

Floor: the bytes that the counts of each day and its histogram would take as bare 4-byte numbers.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from bench.figures import Figure, at_most
from services.demo.health import past, sums
from services.demo.health.world import nature_of
from services.health import buckets
from services.health.models import Check, CheckKind
from services.health.partitions import RESULTS
from services.health.rollup import KEEP_HOURS_DAYS

CHECKS, SAMPLE, INTERVAL_S, DAYS = 2000, 20, 60, 365
GB = 1e9


def measure() -> Iterator[Figure]:
    # All of it is taken back: the tables are like the real ones, and only for measuring.
    with transaction.atomic():
        kept = _bytes_of_sums()
        row = _bytes_of_a_result()
        transaction.set_rollback(True)
    results = CHECKS * DAYS * 86_400 // INTERVAL_S
    year = kept / SAMPLE * CHECKS
    floor = CHECKS * DAYS * (5 + buckets.COUNT) * 4
    yield Figure("bytes of a result after roll-up", year / results, "", floor / results, year / floor)
    yield at_most("one year of 2,000 checks at 60 s, summed", year / GB, 1, "GB", floor / GB)
    raw_days = RESULTS.keep_days + 1
    yield Figure("raw results kept beside it, at most three days", row * results / DAYS * raw_days / GB, "GB")


def _bytes_of_sums() -> int:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_day (LIKE health_checkday INCLUDING ALL)")
        for number in range(SAMPLE):
            sums.write([_year_of(number)], timezone.now(), table="bench_day")
        hours_from = timezone.now().date() - dt.timedelta(days=KEEP_HOURS_DAYS)
        # What retention has emptied is not written again until the table is packed.
        cursor.execute("UPDATE bench_day SET hours = NULL, hour_latency = NULL WHERE day < %s", [hours_from])
        cursor.execute("CREATE TABLE bench_packed (LIKE health_checkday INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_packed SELECT * FROM bench_day ORDER BY day, of_id")
        cursor.execute("SELECT pg_total_relation_size('bench_packed')")
        return int(cursor.fetchone()[0])


def _year_of(number: int) -> past.Past:
    check = Check(pk=number + 1, name="Health", kind=CheckKind.HTTP, interval_s=INTERVAL_S, max_latency_ms=1000)
    now = timezone.now()
    return past.made_up(check, nature_of(f"bench-{number}", "Health"), now - dt.timedelta(days=DAYS), now)


_RESULTS = """
    INSERT INTO bench_result (of_id, due_at, taken_at, outcome, maintenance, latency_ms, status_code, reason)
    SELECT of_id, at, at + interval '1 second', 0, false, 123.4, 200, 'answered 200'
      FROM generate_series(1, 20) of_id, generate_series(now() - interval '1 day', now(), interval '1 minute') at
"""


def _bytes_of_a_result() -> float:
    """With its index, and the words that most answers have."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_result (LIKE health_checkresult INCLUDING ALL)")
        cursor.execute(_RESULTS)
        cursor.execute("SELECT pg_total_relation_size('bench_result')::float8 / count(*) FROM bench_result")
        return float(cursor.fetchone()[0])
