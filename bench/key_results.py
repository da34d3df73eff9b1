"""8,000 key results read from 2,000 metrics: the first round, in which all are new, and one without news; and the board
of a cycle with its first hundred objectives.

Floor: the list of the same objectives.
"""

import time
from collections.abc import Iterator
from functools import partial

from bench import okr_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import LARGE
from roadmap.models import KeyResultState, ObjectiveState
from roadmap.okr.refresh import refresh

BOARD, LIST = "/objectives/-/board/?cycle=Bench+3", "/objectives/?size=100"


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(LARGE):
        okr_data.fill()
        KeyResultState.objects.all().delete()
        ObjectiveState.objects.all().delete()
        yield at_most("Key results, 8,000: the first refresh", _seconds(), 60, "s")
        yield at_most("Key results, 8,000: a refresh without news", _seconds(), 60, "s")
        headers = site.sign_in()
        asks = [partial(site.read, portal, each, **headers) for each in (BOARD, LIST)]
        for ask in asks:
            ask()
        board, floor = medians_ms(*asks, rounds=10)
        yield at_most("Board of objectives: queries", site.count_queries(asks[0]), 15, "")
        yield at_most("Board of objectives: server time", board, 250, "ms", floor)


def _seconds() -> float:
    start = time.perf_counter()
    refresh()
    return time.perf_counter() - start
