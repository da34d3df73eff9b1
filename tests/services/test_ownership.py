"""Who answers for what, from when until when."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from services import actions
from services.models import Entity, Ownership, OwnershipRole
from services.ownership import nobody_answers, set_accountable, unanswered
from tests.factories import make_entity, make_person, make_reference, make_team

pytestmark = pytest.mark.django_db


def tenures(entity: Entity) -> list[tuple[str, str, str | None]]:
    rows = Ownership.objects.filter(entity=entity).order_by("effective_from", "pk")
    return [(each.owner.name, str(each.effective_from), each.effective_to and str(each.effective_to)) for each in rows]


def at(day: str) -> time_machine.travel:
    return time_machine.travel(dt.datetime.fromisoformat(f"{day}T12:00+00:00"), tick=False)


def test_a_new_owner_ends_the_tenure_of_the_former(people):
    with at("2026-01-10"):
        entity = make_entity("api", owner=people.team)
    with at("2026-03-01"):
        actions.update_entity(by=None, record=entity, values={"owner": people.other.reference})
    assert tenures(entity) == [("checkout", "2026-01-10", "2026-03-01"), ("payments", "2026-03-01", None)]
    entity.refresh_from_db()
    assert entity.owner == people.other.reference


def test_a_mistake_that_is_mended_the_same_day_leaves_no_tenure(people):
    with at("2026-01-10"):
        entity = make_entity("api", owner=people.team)
        actions.update_entity(by=None, record=entity, values={"owner": people.other.reference})
    assert tenures(entity) == [("payments", "2026-01-10", None)]


def test_the_same_owner_again_changes_nothing(people):
    with at("2026-01-10"):
        entity = make_entity("api", owner=people.team)
    with at("2026-03-01"):
        set_accountable(entity=entity, owner=people.team.reference)
    assert tenures(entity) == [("checkout", "2026-01-10", None)]


def test_without_an_owner_the_last_tenure_has_ended(people):
    with at("2026-01-10"):
        entity = make_entity("api", owner=people.team)
    with at("2026-03-01"):
        actions.update_entity(by=None, record=entity, values={"owner": None})
    entity.refresh_from_db()
    assert entity.owner is None
    assert tenures(entity) == [("checkout", "2026-01-10", "2026-03-01")]


def test_a_change_of_something_else_leaves_the_owner(people):
    entity = make_entity("api", owner=people.team)
    actions.update_entity(by=None, record=entity, values={"tier": 1})
    entity.refresh_from_db()
    assert entity.owner == people.team.reference


def test_two_are_never_accountable_at_once(people):
    entity = make_entity("api", owner=people.team)
    with pytest.raises(IntegrityError, match="one_accountable_owner"), transaction.atomic():
        Ownership.objects.create(entity=entity, owner=people.other.reference)
    Ownership.objects.create(entity=entity, owner=people.other.reference, role=OwnershipRole.ON_CALL)


def test_nothing_ends_before_it_begins(people):
    with pytest.raises(IntegrityError, match="ownership_ends_after_it_begins"), transaction.atomic():
        Ownership.objects.create(
            entity=make_entity("api"),
            owner=people.team.reference,
            effective_from=dt.date(2026, 2, 2),
            effective_to=dt.date(2026, 2, 1),
        )


def test_nobody_answers_for_what_is_owned_by_nobody_by_a_loose_end_by_who_left_or_a_closed_team(people):
    gone = make_person("gone", is_active=False)
    here = make_person("here")
    loose = make_reference("group:default/nobody-knows")
    assert nobody_answers(make_entity("unowned"))
    assert nobody_answers(make_entity("of-a-loose-end", owner=type("Owner", (), {"reference": loose})()))
    assert nobody_answers(make_entity("of-who-left", owner=gone))
    assert nobody_answers(make_entity("of-a-closed-team", owner=make_team("closed", is_active=False)))
    assert not nobody_answers(make_entity("of-who-is-here", owner=here))
    assert not nobody_answers(make_entity("of-a-team", owner=people.team))
    assert {each.name for each in Entity.objects.filter(unanswered())} == {
        each.name for each in Entity.objects.all() if nobody_answers(each)
    }


def test_what_a_closed_team_owns_waits_for_an_administrator_and_says_so_on_its_page(sign_in, people):
    make_entity("api", owner=make_team("relics", is_active=False))
    client = sign_in(people.administrator)
    waiting = {each.title: each.note for each in client.get("/").context["waiting"]}
    assert waiting["Find an owner for api"] == "Relics was closed"
    assert "Relics was closed" in client.get("/services/api/").content.decode()


def test_the_page_tells_every_tenure(sign_in, people):
    with at("2026-01-10"):
        entity = make_entity("api", owner=people.team)
    with at("2026-03-01"):
        actions.update_entity(by=None, record=entity, values={"owner": people.other.reference})
    page = sign_in(people.reader).get("/services/api/").content.decode()
    rail = page[page.index("Who answers for it") :]
    assert "Checkout" in rail
    assert "Payments" in rail
