"""Pushing samples of metrics in batches: the whole way through the hook, from the bytes of the request to the answer.

Floor: PostgreSQL taking the same rows by COPY into a table like that of the samples, with nothing read, checked or
replaced.
"""

import contextlib
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import orjson
from django.db import connection
from django.utils import timezone

from bench import site
from bench.clock import cpu_seconds
from bench.figures import Figure, at_least
from portal.people.models import Role
from services.health import partitions
from services.health.models import Metric, MetricDay, ReceivedBatch, Sample

ADDRESS = "/hooks/metrics/"
METRICS, MOMENTS, ROUNDS = 100, 200, 5
SAMPLES = METRICS * MOMENTS
GOAL = 20_000
_turn = itertools.count()


def measure() -> Iterator[Figure]:
    partitions.maintain()
    portal, headers = site.portal(), site.token(Role.ADMINISTRATOR)
    with _cleared():
        site.post(portal, ADDRESS, _batch(), **headers)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(_rates(_copy))
            ours.append(_rates(partial(site.post, portal, ADDRESS, _batch(), **headers)))
    (by_clock, by_work), (floor, work_floor) = map(_medians, (ours, bare))
    yield at_least(f"samples pushed, batches of {METRICS * MOMENTS:,}", by_clock, GOAL, "/s", floor)
    yield at_least(
        "samples pushed, for a second of work of web process and PostgreSQL", by_work, GOAL, "/s", work_floor
    )


def _rates(work: Callable[[], object]) -> tuple[float, float]:
    """Samples a second by the clock, and by the time that was worked: on a busy machine the clock tells of others."""
    started, worked = time.perf_counter(), cpu_seconds()
    work()
    return SAMPLES / (time.perf_counter() - started), SAMPLES / (cpu_seconds() - worked)


def _medians(rates: list[tuple[float, float]]) -> list[float]:
    return [statistics.median(each) for each in zip(*rates, strict=True)]


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
