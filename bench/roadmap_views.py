"""Every view of the roadmap at 5,000 initiatives, 2,000 objectives and 8,000 key results, as a product manager sees it,
who may change all of it: queries of each, time by the clock, and time that was worked for it, which other work on the
machine does not change.

Floor: the list of the same initiatives without a word beside their titles.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from bench import roadmap_data, site
from bench.clock import medians_ms, worked_ms
from bench.figures import Figure, at_most
from bench.places import SMALL
from portal.collections import collection_of
from portal.people.models import Role
from roadmap.models import Allocation, Control, Initiative, KeyResult, Objective, StrategyEdition, TradeOff

FLOOR = "/initiatives/?columns=title"
VIEWS = {
    "List": "/initiatives/", "Board": "/initiatives/-/board/", "Now, next, later": "/initiatives/-/horizons/",
    "Timeline of 500 bars": "/initiatives/-/timeline/", "Dependencies": "/initiatives/-/dependencies/",
    "By objective": "/initiatives/-/by-objective/", "Infrastructure": "/initiatives/-/infrastructure/",
    "Developer experience": "/initiatives/-/developer-experience/", "Summary of 5,000": "/initiatives/-/summary/",
    "Priorities": "/initiatives/-/priorities/", "Board of objectives": "/objectives/-/board/",
    "Objectives": "/objectives/", "Key results": "/key-results/", "Allocations": "/allocations/",
    "Allocation plan": "/allocations/-/plan/", "Trade-offs": "/trade-offs/", "Non-negotiables": "/non-negotiables/",
    "Freezes": "/freezes/", "Strategy": "/strategy/", "Executive summary": "/strategy/-/summary/",
    "Editions": "/strategy/-/editions/", "Compare editions": "/strategy/-/compare/", "Controls": "/controls/",
    "Compliance gaps": "/controls/-/gaps/", "Compliance by service": "/controls/-/by-service/",
    "Evidence": "/evidence/", "Proposals": "/proposals/",
}  # fmt: skip
QUERIES, MILLISECONDS = 15, 250


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        roadmap_data.fill()
        headers = site.sign_in(Role.PRODUCT_MANAGER)
        views = {**VIEWS, **_records()}
        asks = [partial(site.read, portal, address, **headers) for address in views.values()]
        floor = partial(site.read, portal, FLOOR, **headers)
        *times, least = medians_ms(*asks, floor, rounds=7)
        *worked, least_worked = worked_ms(*asks, floor)
        for label, ask, time, work in zip(views, asks, times, worked, strict=True):
            # The better of two: once a minute a page counts anew what navigation shows.
            queries = min(site.count_queries(ask) for _ in range(2))
            yield at_most(f"{label}: queries", queries, QUERIES, "")
            yield at_most(f"{label}: by the clock", time, MILLISECONDS, "ms", least)
            yield at_most(f"{label}: worked", work, MILLISECONDS, "ms", least_worked)


def _records() -> Mapping[str, str]:
    """The pages of records on which most hangs."""
    busy = Initiative.objects.filter(
        is_private=False, status="in_progress", trade_offs__isnull=False, awaits__isnull=False, claims__isnull=False
    )
    records: dict[str, Any] = {
        "An initiative": busy.earliest("pk"), "An objective": Objective.objects.filter(owner=None).latest("pk"),
        "A key result": KeyResult.objects.latest("pk"), "A trade-off": TradeOff.objects.latest("pk"),
        "An allocation": Allocation.objects.latest("pk"), "A control": Control.objects.latest("pk"),
    }  # fmt: skip
    edition = StrategyEdition.objects.latest("number").number
    pages = {label: collection_of(record).url_of(record) for label, record in records.items()}  # type: ignore[union-attr]
    return {**pages, "An edition": f"/strategy/-/editions/{edition}/"}
