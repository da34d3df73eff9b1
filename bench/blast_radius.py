"""Everything that depends on the most central entities, at any depth, at 100,000 entities and 400,000 relations.

Floor: PostgreSQL reading every edge once.
"""

from collections.abc import Iterator

from django.db import connection

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import LARGE
from services import graph
from services.models import EntityState


def measure() -> Iterator[Figure]:
    with site.entities(LARGE):
        central = list(
            EntityState.objects.order_by("-dependants").values_list("entity__name", "entity__reference_id")[:5]
        )
        works = [lambda reference=reference: graph.blast_radius(reference) for _, reference in central]
        *times, floor = medians_ms(*works, _read_edges, rounds=9)
        worst = max(range(len(central)), key=times.__getitem__)
        name, reference = central[worst]
        reached = sum(ring.total for ring in graph.blast_radius(reference))
        yield at_most(f"blast radius of {name}: {reached:,} reached", times[worst], 200, "ms", floor)


def _read_edges() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(origin), max(reached) FROM services_edge")
        cursor.fetchall()
