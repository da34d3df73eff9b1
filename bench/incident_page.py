"""The page of one incident among 20,000 with 400,000 events: queries and server time.

Floor of the time: a bare Django view that reads the same incident with its timeline and shows both.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines

from bench import incidents_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import SMALL
from incidents.collections import INCIDENTS
from incidents.models import Incident

PAGE = """<!doctype html><title>{{ incident }}</title><h1>{{ incident }}</h1>{{ incident.owner }}
{% for event in incident.timeline.all %}<p>{{ event.happened_at }} {{ event.text }}</p>{% endfor %}"""
FOREIGN_KEYS = ("reference", "owner", "status", "severity")


def bare_view(pk: int) -> Any:
    template = engines["django"].from_string(PAGE)

    def view(request: HttpRequest) -> HttpResponse:
        incident = Incident.objects.select_related(*FOREIGN_KEYS).prefetch_related("timeline").get(pk=pk)
        return HttpResponse(template.render({"incident": incident}))

    return view


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        incidents_data.fill()
        headers = site.sign_in()
        found = [
            each for at in (0, 1, 2) for each in Incident.objects.filter(is_private=False).order_by("-pk")[at:][:1]
        ]
        pages = [partial(site.read, portal, INCIDENTS.url_of(each), **headers) for each in found]
        # The better of two: once a minute a page counts anew what navigation shows.
        most = max(min(site.count_queries(page) for _ in range(2)) for page in pages)
        yield at_most("incident page, 20,000: queries", most, 18, "")
        page, bare = medians_ms(pages[0], partial(site.read, site.BareHandler(bare_view(found[0].pk)), "/"), rounds=20)
        yield Figure("incident page, 20,000: server time", page, "ms", bare, page / bare)
