"""The list of services with their health, and filtered by it, where 5,000 have one.

Floor: the list page as it is without a word of health.
"""

from collections.abc import Iterator
from functools import partial

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most, times_floor
from bench.places import LARGE
from services.demo.health.large import load_large_health
from services.health.models import HealthState

PLAIN = "/services/?columns=name,owner,system,tier,lifecycle"
LISTS = {"with its column": "/services/?columns=name,owner,health", "failing only": "/services/?health=failing"}


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(LARGE):
        load_large_health(LARGE)
        states, headers = HealthState.objects.count(), site.sign_in()
        asks = {address: partial(site.read, portal, address, **headers) for address in (*LISTS.values(), PLAIN)}
        for ask in asks.values():
            ask()
        times = dict(zip(asks, medians_ms(*asks.values(), rounds=20), strict=True))
        for name, address in LISTS.items():
            yield at_most(
                f"list by health, {name}, {states:,} states: queries", site.count_queries(asks[address]), 8, ""
            )
            yield times_floor(f"list by health, {name}: server time", times[address], times[PLAIN], 1.5)
