"""Asking 2,000 targets on this machine and writing what they say: what a minute of it costs, and how fast it can go.

Floor of the rate: aiohttp alone, as many requests under way at once, each with a connection of its own, nothing kept.
"""

import asyncio
import contextlib
import datetime as dt
import statistics
import sys
import time
from collections.abc import Iterator

import aiohttp
from django.conf import settings
from django.utils import timezone

from bench.clock import cpu_seconds
from bench.figures import Figure, at_least, at_most
from bench.places import LARGE
from bench.server import free_port, running
from services.health import partitions, scheduler
from services.health.models import Check, CheckResult, CheckState
from services.models import Entity

CHECKS, INTERVAL_S, ROUNDS = 2000, 60, 3


def measure() -> Iterator[Figure]:
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    partitions.maintain()
    port = free_port()
    command = [sys.executable, "-m", "bench.targets", str(port)]
    with running(command, port, LARGE), _checks(port) as ids:
        share = _share_of_a_core(ids)
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(CHECKS / _seconds_bare(port))
            ours.append(CHECKS / _seconds_of_a_session(ids))
        floor = statistics.median(bare)
    yield at_most(f"{CHECKS:,} checks at {INTERVAL_S} s, share of a core with its database", share, 25, "%")
    yield at_least("checks asked and written, one worker", statistics.median(ours), 0.6 * floor, "/s", floor)


@contextlib.contextmanager
def _checks(port: int) -> Iterator[list[int]]:
    entity = Entity.objects.order_by("pk").first()
    assert entity is not None
    rows = Check.objects.bulk_create(
        # Once a week: what is due, and when, is said below.
        Check(entity=entity, name=f"bench {number}", address=f"http://127.0.0.1:{port}/{number}", interval_s=604_800)
        for number in range(CHECKS)
    )
    later = timezone.now() + dt.timedelta(days=1)
    # The demo company has checks of its own, which are not what is measured.
    CheckState.objects.update(due_at=later, lease=None, leased_until=None)
    CheckState.objects.bulk_create(CheckState(of=row, due_at=later) for row in rows)
    ids = [row.pk for row in rows]
    try:
        yield ids
    finally:
        CheckResult.objects.filter(of_id__in=ids).delete()
        Check.objects.filter(pk__in=ids).delete()


def _share_of_a_core(ids: list[int]) -> float:
    """Percent of a core that a minute of asking takes, tick by tick: of this process, and of its PostgreSQL."""
    ticks = INTERVAL_S // scheduler.TICK_S
    each = len(ids) // ticks
    _make_due(ids[:each])
    scheduler.probe_due()  # the first session of a process loads what the others find
    started = cpu_seconds()
    for tick in range(ticks):
        _make_due(ids[tick * each : (tick + 1) * each])
        asked = scheduler.probe_due()
        assert asked == each, f"{asked} of {each} were asked"
    return (cpu_seconds() - started) / INTERVAL_S * 100


def _seconds_of_a_session(ids: list[int]) -> float:
    _make_due(ids)
    started = time.perf_counter()
    asked = scheduler.probe_due()
    assert asked == len(ids), f"{asked} of {len(ids)} were asked"
    return time.perf_counter() - started


def _make_due(ids: list[int]) -> None:
    CheckState.objects.filter(pk__in=ids).update(due_at=timezone.now(), lease=None, leased_until=None)


def _seconds_bare(port: int) -> float:
    return asyncio.run(_bare(port))


async def _bare(port: int) -> float:
    connector = aiohttp.TCPConnector(limit=scheduler.MOST_AT_ONCE, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        started = time.perf_counter()
        await asyncio.gather(*(_get(session, f"http://127.0.0.1:{port}/{number}") for number in range(CHECKS)))
        return time.perf_counter() - started


async def _get(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        await response.read()
