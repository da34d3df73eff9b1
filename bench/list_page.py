"""The list page of 50 services, at 10,000 and 100,000 entities: queries, server time, and what ten times more costs.

Floor: a bare Django view that runs the page's own main query and shows every value that it reads in a plain table.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import engines

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most, times_floor
from bench.places import LARGE, SMALL
from portal.collections import get_collection
from portal.people.models import User
from portal.query import parse

ADDRESS = "/services/"
TABLE = """<!doctype html><title>Services</title><table>
{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>"""


def bare_view() -> Any:
    """The floor: a view for which the query is written out beforehand, as anybody would in a Django view."""
    collection = get_collection("services")
    assert collection is not None
    query = parse(collection, User(), QueryDict())
    template = engines["django"].from_string(TABLE)

    def view(request: HttpRequest) -> HttpResponse:
        rows = (
            query.collection.model._default_manager.filter(kind="component", type__in=["service", "website"])
            .order_by("name", "pk")
            .values_list(*query.paths)[:50]
        )
        return HttpResponse(template.render({"rows": rows}))

    return view


def measure() -> Iterator[Figure]:
    portal, floor = site.portal(), site.BareHandler(bare_view())
    headers: dict[int, dict[str, str]] = {}
    for size in (SMALL, LARGE):
        with site.entities(size):
            headers[size] = site.sign_in()
            ask = partial(site.read, portal, ADDRESS, **headers[size])
            ask()
            yield at_most(f"list page, {size:,}: queries", site.count_queries(ask), 8, "")
            page, bare = medians_ms(ask, partial(site.read, floor, ADDRESS))
            yield times_floor(f"list page, {size:,}: server time", page, bare, 3)
    small, large = medians_ms(*(partial(_ask_at, size, portal, headers[size]) for size in (SMALL, LARGE)))
    yield times_floor("list page, 10,000 → 100,000", large, small, 1.3)


def _ask_at(size: int, portal: Any, headers: dict[str, str]) -> None:
    with site.entities(size):
        site.read(portal, ADDRESS, **headers)
