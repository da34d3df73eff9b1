"""Incidents like another one, among 20,000: by what it hit, what kind it was, and what it is called.

Floor: the same incident read with what it hit and what kind it was, which anybody would have to ask first.
"""

from collections.abc import Iterator

from bench import incidents_data, site
from bench.clock import percentile, times_ms
from bench.figures import Figure, at_most
from bench.places import SMALL
from incidents.models import Impact, Incident, Tag
from incidents.similar import similar, similar_to
from portal.people.models import User

TITLE = "Payments are slow while the pool is full"
ASKED = 12


def measure() -> Iterator[Figure]:
    with site.entities(SMALL):
        incidents_data.fill()
        reader = User.objects.filter(is_active=True).exclude(person=None).order_by("pk")[0]
        some = list(Incident.objects.filter(is_private=False).order_by("-pk")[:: 20_000 // ASKED][:ASKED])
        if not any(similar_to(each, reader) for each in some):
            raise RuntimeError("Nothing is like anything: there is nothing to measure.")
        works = [lambda each=each: similar_to(each, reader) for each in some]
        found = times_ms(*works, lambda: similar(reader, title=TITLE), lambda: _read(some[0]), rounds=8)
        *alike, by_title, floor = [percentile(each, 0.5) for each in found]
        yield at_most("similar incidents, 20,000: of an incident", percentile(alike, 0.5), 80, "ms", floor)
        yield at_most("similar incidents, 20,000: the slowest of some", max(alike), 80, "ms", floor)
        yield at_most("similar incidents, 20,000: by the title of a new one", by_title, 80, "ms", floor)


def _read(incident: Incident) -> None:
    list(Impact.objects.filter(incident=incident))
    list(Tag.objects.filter(incident=incident).select_related("node"))
