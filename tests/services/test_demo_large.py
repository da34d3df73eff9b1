"""The large catalog: exactly as big as asked for, the same every time, and as true as any other."""

import pytest

from portal.people.models import Membership, Team
from portal.references.models import Reference
from portal.search.models import SearchEntry
from services import graph
from services.demo.large import load_large
from services.demo.names import full_names, team_names, unique_names
from services.demo.plan import TEAMS, draw
from services.models import Entity, EntityState, Ownership, Relation
from tests import factories


def test_a_plan_is_the_same_every_time() -> None:
    one, other = (draw(entities=1_500, relations=6_000, taken={}) for _ in range(2))
    assert one == other
    assert (len(one.nodes), len(one.edges)) == (1_500, 6_000)
    assert len(set(one.edges)) == 6_000


def test_plans_avoid_names_that_are_taken() -> None:
    names = {node.name for node in draw(entities=1_000, relations=2_000, taken={}).nodes if node.kind == "api"}
    taken = set(names)
    fresh = draw(entities=1_000, relations=2_000, taken={"api": taken}).nodes
    assert not names & {node.name for node in fresh if node.kind == "api"}


def test_most_edges_lead_to_something_deeper() -> None:
    plan = draw(entities=2_000, relations=8_000, taken={})
    layer = {node.number: node.layer for node in plan.nodes}
    needs = [edge for edge in plan.edges if edge.type in {"dependsOn", "consumesApi"}]
    upwards = [edge for edge in needs if layer[edge.object] < layer[edge.subject]]
    assert 0 < len(upwards) < 60


def test_names_read_like_names() -> None:
    import random

    first = next(unique_names("service", set(), random.Random(1)))
    assert first.count("-") >= 2
    assert all(title == short.replace("-", " ").title() for short, title in team_names(20, random.Random(1)))
    assert len(dict(full_names())) == len(full_names()) >= 1_600


@pytest.mark.django_db
def test_a_large_catalog_is_filled_up_and_true(capsys: pytest.CaptureFixture[str]) -> None:
    factories.make_entity("checkout-api", owner=factories.make_team("checkout"))
    load_large(entities=1_200, relations=4_800)

    assert (Entity.objects.count(), Relation.objects.count()) == (1_200, 4_800)
    assert Team.objects.count() == TEAMS + 1
    assert not Reference.objects.dangling().exists()
    assert Ownership.objects.count() == 1_200
    assert Membership.objects.count() == 1_600
    assert not Entity.objects.filter(state=None).exists()
    assert graph.refresh_counts() == 0
    assert SearchEntry.objects.filter(model="services.entity").count() == 1_200
    assert "Loading 1,200 entities: done" in capsys.readouterr().err


@pytest.mark.django_db
def test_what_it_writes_can_be_edited_and_has_history() -> None:
    load_large(entities=1_000, relations=3_000)
    entity = Entity.objects.filter(kind="component").order_by("name").first()
    assert entity
    assert entity.events.count() == 1
    assert EntityState.objects.get(entity=entity).dependencies > 0
    made = factories.make_entity("written-afterwards")
    assert made.pk > entity.pk
    factories.actions.update_entity(by=None, record=entity, values={"tier": 2}, version=entity.version)


@pytest.mark.django_db
def test_enough_is_enough() -> None:
    load_large(entities=1_000, relations=2_000)
    load_large(entities=1_000, relations=2_000)
    assert Entity.objects.count() == 1_000
