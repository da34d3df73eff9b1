"""CSV of 10,000 rows as the list shows them, and the memory that a file ten times longer takes.

Floor: the same rows through Django's streaming response and Python's csv module, nothing else done to them.
"""

import csv
import resource
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, QueryDict, StreamingHttpResponse

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most, times_floor
from bench.places import LARGE, SMALL
from portal.collections import get_collection
from portal.people.models import User
from portal.query import Query, parse

ADDRESS = "/entities/?format=csv"


class Echo:
    def write(self, text: str) -> str:
        return text


def bare_view(query: Query) -> Any:
    paths = [field.sort_path for field in query.columns]

    def view(request: HttpRequest) -> StreamingHttpResponse:
        rows = query.collection.model._default_manager.order_by("name", "pk").values_list(*paths)
        writer = csv.writer(Echo())
        return StreamingHttpResponse(map(writer.writerow, rows.iterator()), content_type="text/csv")

    return view


def measure() -> Iterator[Figure]:
    collection = get_collection("entities")
    assert collection is not None
    portal = site.portal()
    floor = site.BareHandler(bare_view(parse(collection, User(), QueryDict())))
    with site.entities(SMALL):
        headers = site.sign_in()
        whole, bare = medians_ms(lambda: _stream(portal, ADDRESS, **headers), lambda: _stream(floor, ADDRESS), rounds=9)
        yield times_floor("CSV of 10,000 rows", whole, bare, 4)
    after_small = _peak_mb()
    with site.entities(LARGE):
        headers = site.sign_in()
        _stream(portal, ADDRESS, **headers)
    yield at_most("CSV of 100,000 rows: memory beyond that of 10,000", _peak_mb() - after_small, 8, "MB")


def _stream(application: Any, address: str, **headers: str) -> int:
    """Take the file as a web server does, a piece at a time."""
    status, _, body = site.ask(application, address, **headers)
    site.require(200, address, status)
    length = sum(len(piece) for piece in body)
    getattr(body, "close", bool)()
    return length


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
