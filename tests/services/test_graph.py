"""Who suffers when something fails: transitively, once each, at the shortest distance, also around a circle."""

import itertools

import pytest

from services import graph
from services.models import Edge, Entity, EntityState, Relation, RelationType
from services.tasks import refresh_counts
from tests.factories import depend, make_entity, make_reference

pytestmark = pytest.mark.django_db


def rings(entity: Entity) -> dict[int, set[str]]:
    return {ring.depth: {each["name"] for each in ring.sample} for ring in graph.blast_radius(entity.reference_id)}


def test_the_radius_goes_from_what_fails_to_what_suffers():
    database, api, web = make_entity("db", kind="resource"), make_entity("api"), make_entity("web")
    depend(api, database)
    depend(web, api)
    assert rings(database) == {1: {"api"}, 2: {"web"}}
    assert rings(api) == {1: {"web"}}
    assert rings(web) == {}


def test_what_consumes_an_api_suffers_with_its_provider():
    provider, api, consumer = make_entity("provider"), make_entity("api", kind="api"), make_entity("consumer")
    depend(provider, api, type=RelationType.PROVIDES_API)
    depend(consumer, api, type=RelationType.CONSUMES_API)
    assert rings(provider) == {1: {"api"}, 2: {"consumer"}}
    assert rings(api) == {1: {"consumer"}}
    assert rings(consumer) == {}


def test_the_walk_follows_the_edges_of_the_view_and_no_others():
    middle, ends = make_entity("middle", kind="api"), [make_entity(f"end-{n}") for n in range(8)]
    for forth, back, kind in zip(ends[::2], ends[1::2], RelationType, strict=True):
        depend(forth, middle, type=kind)
        depend(middle, back, type=kind)
    edges = Edge.objects.filter(origin=middle.reference_id).values_list("reached", flat=True)
    total, depths = graph.reached(middle.reference_id, most=None)
    assert total == len(depths) == 3
    assert set(edges) == {reference for reference, depth in depths.items() if depth == 1}


def test_being_part_of_something_carries_no_failure():
    system, part = make_entity("system", kind="system"), make_entity("part")
    depend(part, system, type=RelationType.PART_OF)
    assert rings(system) == {}
    assert rings(part) == {}


def test_a_thing_that_is_reached_twice_counts_once_at_the_shortest_way():
    database, api, web = make_entity("db", kind="resource"), make_entity("api"), make_entity("web")
    depend(api, database)
    depend(web, api, database)
    assert rings(database) == {1: {"api", "web"}}


def test_a_circle_ends():
    a, b, c = make_entity("a"), make_entity("b"), make_entity("c")
    depend(b, a)
    depend(c, b)
    depend(a, c)
    assert rings(a) == {1: {"b"}, 2: {"c"}}
    depend(a, a)
    assert rings(a) == {1: {"b"}, 2: {"c"}}


def test_a_chain_has_no_deepest_link():
    chain = [make_entity(f"link-{n:03}") for n in range(60)]
    for below, above in itertools.pairwise(chain):
        depend(above, below)
    assert max(rings(chain[0])) == 59


def test_a_loose_end_has_a_radius_and_stands_in_one():
    loose = make_reference("component:default/loose")
    service = make_entity("service")
    Relation.objects.create(subject=service.reference, type=RelationType.DEPENDS_ON, object=loose)
    assert [ring.total for ring in graph.blast_radius(loose.pk)] == [1]
    Relation.objects.create(subject=loose, type=RelationType.DEPENDS_ON, object=make_entity("db").reference)
    found = graph.blast_radius(Entity.objects.get(name="db").reference_id)
    assert [(ring.depth, [each["name"] for each in ring.sample]) for ring in found] == [
        (1, ["loose"]),
        (2, ["service"]),
    ]


def test_a_ring_tells_teams_and_tiers_and_names_the_most_important(people):
    database = make_entity("db", kind="resource")
    for n, tier in enumerate((3, 0, 1, None, 2, 4, 0)):
        depend(make_entity(f"service-{n}", tier=tier, owner=people.team if n % 2 else people.other), database)
    (ring,) = graph.blast_radius(database.reference_id, sample=3)
    assert ring.total == ring.services == 7
    assert [each["name"] for each in ring.sample] == ["service-1", "service-6", "service-2"]
    assert {team["name"] for team in ring.teams} == {"Checkout", "Payments"}
    assert {tier: count for tier, count in ring.tiers.items() if count} == {
        "0": 2, "1": 1, "2": 1, "3": 1, "4": 1, "none": 1,
    }  # fmt: skip


def test_direct_neighbours_are_counted_each_once():
    database, api, web = make_entity("db", kind="resource"), make_entity("api"), make_entity("web")
    depend(web, api, database)
    depend(web, api, type=RelationType.CONSUMES_API)
    depend(api, database)
    refresh_counts()
    counted = EntityState.objects.values_list("entity__name", "dependants", "dependencies")
    assert set(counted) == {("db", 2, 0), ("api", 1, 1), ("web", 0, 2)}
    assert graph.refresh_counts() == 0


def test_deleting_counts_the_neighbours_anew(sign_in, people):
    api, web = make_entity("api", owner=people.team), make_entity("web", owner=people.team)
    depend(web, api)
    refresh_counts()
    client = sign_in(people.editor)
    version = client.get("/services/web/delete/").context["version"]
    client.post("/services/web/delete/", {"version": version})
    assert EntityState.objects.get(entity=api).dependants == 0
