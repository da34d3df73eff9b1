"""What thirty days of a check say: its 95th percentile of latency, from sums of days and hours and today's results.

Floor: PostgreSQL reading the thirty rows of its days, and nothing made of them.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import LARGE
from services.demo.health.load import load_health, top_up
from services.health import buckets
from services.health.counts import counts
from services.health.models import Check, CheckDay

DAYS = 30


def measure() -> Iterator[Figure]:
    with site.entities(LARGE):
        if not CheckDay.objects.exists():
            load_health()
        top_up()
        check = Check.objects.get(entity__name="orders-api", name="Health")
        now = timezone.now()
        asked, bare = medians_ms(lambda: _p95(check.pk, now), lambda: _read_days(check.pk, now))
    yield at_most(f"p95 of a check over {DAYS} days", asked, 20, "ms", bare)


def _p95(check_id: int, now: dt.datetime) -> float | None:
    found = counts([check_id], now - dt.timedelta(days=DAYS), now, latency=True)
    return buckets.quantile_ms(found[check_id].latency, 0.95)


def _read_days(check_id: int, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        first = now.date() - dt.timedelta(days=DAYS)
        cursor.execute("SELECT latency FROM health_checkday WHERE of_id = %s AND day >= %s", [check_id, first])
        cursor.fetchall()
