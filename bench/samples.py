"""Pushing samples of metrics in batches: the whole way through the hook, from the bytes of the request to the answer.

Floor: PostgreSQL taking the same rows by COPY into a table like that of the samples, with nothing read, checked or
replaced.
"""

import contextlib
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Iterator

import orjson
from django.db import connection
from django.utils import timezone

from bench import site
from bench.figures import Figure, at_least
from portal.people.models import Role
from services.health import partitions
from services.health.models import Metric, MetricDay, ReceivedBatch, Sample

ADDRESS = "/hooks/metrics/"
METRICS, MOMENTS, ROUNDS = 100, 200, 5
GOAL = 20_000
_turn = itertools.count()


def measure() -> Iterator[Figure]:
    partitions.maintain()
    portal, headers = site.portal(), site.token(Role.ADMINISTRATOR)
    with _cleared():
        site.post(portal, ADDRESS, _batch(), **headers)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(_rate(_copy))
            body = _batch()
            ours.append(_rate(lambda body=body: site.post(portal, ADDRESS, body, **headers)))
    floor = statistics.median(bare)
    yield at_least(f"samples pushed, batches of {METRICS * MOMENTS:,}", statistics.median(ours), GOAL, "/s", floor)


def _rate(work) -> float:  # type: ignore[no-untyped-def]
    started = time.perf_counter()
    work()
    return METRICS * MOMENTS / (time.perf_counter() - started)


def _batch() -> bytes:
    """Samples of moments that no batch had before, as a collector sends them: one moment after another."""
    first = timezone.now() - dt.timedelta(minutes=(next(_turn) + 1) * MOMENTS)
    moments = [(first + dt.timedelta(minutes=minute)).isoformat() for minute in range(MOMENTS)]
    samples = [
        {"metric": f"bench-{metric}", "at": at, "value": metric + 0.25} for at in moments for metric in range(METRICS)
    ]
    return orjson.dumps({"samples": samples})


def _copy() -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS bench_sample (LIKE health_sample INCLUDING ALL)")
        cursor.execute("TRUNCATE bench_sample")
        with cursor.copy("COPY bench_sample (metric_id, at, value) FROM STDIN") as copy:
            for minute in range(MOMENTS):
                at = now + dt.timedelta(minutes=minute)
                for metric in range(METRICS):
                    copy.write_row((metric, at, metric + 0.25))


@contextlib.contextmanager
def _cleared() -> Iterator[None]:
    """Nothing of this run is left for the next one, which would find the day's metrics made."""
    try:
        yield
    finally:
        made = list(Metric.objects.filter(name__startswith="bench-", subject=None).values_list("pk", flat=True))
        Sample.objects.filter(metric_id__in=made).delete()
        MetricDay.objects.filter(metric__in=made).delete()
        Metric.objects.filter(pk__in=made).delete()
        ReceivedBatch.objects.filter(hook="metrics").delete()
