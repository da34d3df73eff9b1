"""The Health overview, where 5,000 services have a health: queries and server time.

Floor: the list page of services as it is without a word of health.
"""

from collections.abc import Iterator
from functools import partial

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.health_states import PLAIN
from bench.places import LARGE
from services.demo.health.large import load_large_health
from services.health.models import HealthState

ADDRESS = "/health/"


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(LARGE):
        load_large_health(LARGE)
        states, headers = HealthState.objects.count(), site.sign_in()
        ask = partial(site.read, portal, ADDRESS, **headers)
        ask()
        yield at_most(f"Health overview, {states:,} services: queries", site.count_queries(ask), 15, "")
        taken, floor = medians_ms(ask, partial(site.read, portal, PLAIN, **headers), rounds=20)
        yield at_most(f"Health overview, {states:,} services: server time", taken, 300, "ms", floor)
