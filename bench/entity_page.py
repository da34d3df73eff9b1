"""The page of one entity: queries, for the ones with the most and with ordinary neighbourhoods, of every kind.

Floor of the time: a bare Django view that reads the same row with its foreign keys and shows it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import LARGE, SMALL
from portal.collections import collection_of
from services.models import Entity

ROW = "<!doctype html><title>{{ entity }}</title><h1>{{ entity }}</h1><p>{{ entity.description }}</p>{{ entity.owner }}"
FOREIGN_KEYS = ("reference", "owner", "system", "domain", "state")


def bare_view(pk: int) -> Any:
    template = engines["django"].from_string(ROW)

    def view(request: HttpRequest) -> HttpResponse:
        entity = Entity.objects.select_related(*FOREIGN_KEYS).get(pk=pk)
        return HttpResponse(template.render({"entity": entity}))

    return view


def measure() -> Iterator[Figure]:
    portal = site.portal()
    for size in (SMALL, LARGE):
        with site.entities(size):
            headers = site.sign_in()
            found = list(_entities())
            pages = [partial(site.read, portal, _address(entity), **headers) for entity in found]
            # The better of two: once a minute a page counts anew what navigation shows.
            most = max(min(site.count_queries(page) for _ in range(2)) for page in pages)
            yield at_most(f"entity page, {size:,}: queries, most of any kind", most, 15, "")
            floor = site.BareHandler(bare_view(found[0].pk))
            page, bare = medians_ms(pages[0], partial(site.read, floor, "/"), rounds=20)
            yield Figure(f"entity page, {size:,}: server time, ordinary service", page, "ms", bare, page / bare)


def _entities() -> Iterator[Entity]:
    """An ordinary service first; then of each kind the one with most dependants and the one in the middle."""
    rows = Entity.objects.select_related("reference").order_by("-state__dependants", "pk")
    yield rows.filter(kind="component", state__dependants=2)[0]
    for kind in ("component", "api", "resource", "system", "domain"):
        of_kind = rows.filter(kind=kind)
        yield of_kind[0]
        yield of_kind[of_kind.count() // 2]


def _address(entity: Entity) -> str:
    collection = collection_of(entity)
    assert collection is not None
    return collection.url_of(entity)
