"""Insights over 20,000 incidents: server time and queries, and how long it takes to compute what they are made of.

Floor: the list of the same incidents.
"""

import time
from collections.abc import Iterator
from functools import partial

from bench import incidents_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import SMALL
from incidents.insights import facts
from incidents.models import Incident

ALL = "/incidents/insights/?declared_at.within=9999d&kind=*&category=*"
LIST = ALL.replace("insights/", "")
NARROW = f"{ALL}&factor=cf-observability&severity=SEV-1"
# So many are computed anew for the measurement.
SOME = 1000


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        incidents_data.fill()
        facts.refresh_stale()
        headers = site.sign_in()
        asks = [partial(site.read, portal, each, **headers) for each in (ALL, NARROW, LIST)]
        for ask in asks:
            ask()
        whole, narrow, floor = medians_ms(*asks, rounds=10)
        yield at_most("Insights, 20,000 incidents: queries", site.count_queries(asks[0]), 25, "")
        yield at_most("Insights, 20,000 incidents: server time", whole, 400, "ms", floor)
        yield at_most("Insights, of a factor and a severity: server time", narrow, 400, "ms", floor)
        yield at_most(f"Facts of {SOME:,} incidents", _seconds(), 20, "s")


def _seconds() -> float:
    pks = list(Incident.objects.order_by("-pk").values_list("pk", flat=True)[:SOME])
    start = time.perf_counter()
    for at in range(0, len(pks), facts.BATCH):
        facts.refresh(pks[at : at + facts.BATCH])
    return time.perf_counter() - start
