"""Timing floor and subject side by side."""

import gc
import statistics
import time
from collections.abc import Callable

import psutil
from django.db import connection

Work = Callable[[], object]


def medians_ms(*works: Work, rounds: int = 40) -> list[float]:
    """The median time of each work in milliseconds; a round runs each of them once."""
    return [statistics.median(times) for times in times_ms(*works, rounds=rounds)]


def times_ms(*works: Work, rounds: int = 40) -> list[list[float]]:
    """The times of each work, in alternating rounds after two to warm up; the heap frozen as in a web worker."""
    for _ in range(2):
        for work in works:
            work()
    gc.collect()
    gc.freeze()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, work in zip(times, works, strict=True):
            started = time.perf_counter()
            work()
            taken.append((time.perf_counter() - started) * 1000)
    return times


def worked_ms(*works: Work, rounds: int = 10) -> list[float]:
    """What this process and its PostgreSQL work for each, on average, in milliseconds. PostgreSQL is told of in
    hundredths of a second, so one round alone would say little."""
    found = []
    for work in works:
        started = cpu_seconds()
        for _ in range(rounds):
            work()
        found.append((cpu_seconds() - started) / rounds * 1000)
    return found


def cpu_seconds() -> float:
    """What this process and its PostgreSQL have worked: other work on the machine does not count."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + backend.user + backend.system


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
