"""The list of 20,000 incidents as people ask for it: as it is, filtered, searched, and by how long they lasted.

Floor: the list as it is.
"""

from collections.abc import Iterator
from functools import partial

from bench import incidents_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most, times_floor
from bench.places import SMALL

PLAIN = "/incidents/"
LISTS = {
    "of a severity and kind": "/incidents/?severity=SEV-1&kind=real",
    "of a month": "/incidents/?declared_at.within=30d",
    "by words": "/incidents/?q=checkout+pool",
    "resolved after more than eight hours": "/incidents/?minutes_to_resolve.min=480&columns=name,minutes_to_resolve",
    "the longest first": "/incidents/?sort=-minutes_to_resolve&columns=name,minutes_to_resolve",
}


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        incidents_data.fill()
        headers = site.sign_in()
        asks = {address: partial(site.read, portal, address, **headers) for address in (PLAIN, *LISTS.values())}
        for ask in asks.values():
            ask()
        times = dict(zip(asks, medians_ms(*asks.values(), rounds=10), strict=True))
        yield at_most("incidents, 20,000: queries", max(map(site.count_queries, asks.values())), 8, "")
        yield at_most("incidents, 20,000: server time", times[PLAIN], 200, "ms")
        for name, address in LISTS.items():
            yield times_floor(f"incidents, {name}: server time", times[address], times[PLAIN], 4)
