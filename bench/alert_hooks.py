"""Alerts sent to the hook one after another, and taken by one worker afterwards, as after a minute without one.

Floor of the hook: PostgreSQL writing the same bodies, each in a transaction of its own.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from functools import partial

from django.utils import timezone

from bench import site
from bench.figures import Figure, at_least, at_most
from incidents.alerts import taking
from incidents.models import AlertMessage, AlertSource

MESSAGES, GROUPS, ALERTS = 600, 50, 4
GOAL = 200


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with _source() as source:
        address = f"/hooks/alerts/{source.token}/"
        site.require(202, address, site.ask(portal, address, _body(0))[0])
        floor = _seconds(partial(taking.store, source))
        times = _seconds(lambda body: site.require(202, address, site.ask(portal, address, body)[0]))
        waiting = AlertMessage.objects.filter(source=source, state="waiting").count()
        yield at_least("alert webhooks answered, one client", MESSAGES / sum(times), GOAL, "/s", MESSAGES / sum(floor))
        yield at_most("alert webhook, 95th percentile", _p95(times), 50, "ms", _p95(floor))
        started = time.perf_counter()
        while AlertMessage.objects.filter(source=source, state="waiting").exists():
            taking.take_waiting()
        yield at_least("alert messages taken, one worker", waiting / (time.perf_counter() - started), GOAL, "/s")
        taken = AlertMessage.objects.filter(source=source, state="taken").count()
        yield at_most("alert messages lost while nobody takes them", 2 * MESSAGES + 1 - taken, 0, "")


def _seconds(send: Callable[[bytes], object]) -> list[float]:
    times = []
    for number in range(MESSAGES):
        body = _body(number)
        started = time.perf_counter()
        send(body)
        times.append(time.perf_counter() - started)
    return times


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))] * 1000


def _body(number: int) -> bytes:
    """A message of one of the groups; of those that follow most repeat what was said, as after a repeat_interval."""
    now = timezone.now().replace(microsecond=0, second=0)
    alerts = [
        {
            "status": "firing", "labels": {"alertname": "Bench", "instance": f"host-{at}", "severity": "warning"},
            "annotations": {"summary": "Requests are slow"}, "fingerprint": f"{number % GROUPS}-{at}",
            "startsAt": now.isoformat(), "endsAt": "0001-01-01T00:00:00Z",
        }
        for at in range(ALERTS)
    ]  # fmt: skip
    return json.dumps({"version": "4", "groupKey": f"bench:{number % GROUPS}", "alerts": alerts}).encode()


@contextlib.contextmanager
def _source() -> Iterator[AlertSource]:
    source = AlertSource.objects.create(name="Bench of alerts")
    try:
        yield source
    finally:
        source.delete()
