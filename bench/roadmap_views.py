"""The shapes of the roadmap at 5,000 initiatives, 4,000 dependencies: server time and queries of each.

Floor: the list of the same initiatives.
"""

from collections.abc import Iterator
from functools import partial

from bench import roadmap_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import SMALL

SHAPES = {
    "Timeline of 500 bars": "timeline", "Board": "board", "Now, next, later": "horizons",
    "By objective": "by-objective", "Dependencies": "dependencies", "Infrastructure": "infrastructure",
    "Developer experience": "developer-experience",
}  # fmt: skip


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        roadmap_data.fill()
        headers = site.sign_in()
        read = partial(site.read, portal, **headers)
        asks = [partial(read, f"/initiatives/-/{name}/") for name in SHAPES.values()]
        floor = partial(read, "/initiatives/")
        for ask in (*asks, floor):
            ask()
        *times, list_time = medians_ms(*asks, floor, rounds=10)
        for label, ask, time in zip(SHAPES, asks, times, strict=True):
            yield at_most(f"{label}, 5,000 initiatives: queries", site.count_queries(ask), 15, "")
            yield at_most(f"{label}, 5,000 initiatives: server time", time, 250, "ms", list_time)
