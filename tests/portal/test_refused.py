"""What is refused because it cannot be: a last day to come, a member who left, what is part of itself."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError

from portal.people import actions
from portal.people.models import Membership, Person, User
from services import actions as catalog
from tests.factories import make_entity, make_reference, make_team

pytestmark = pytest.mark.django_db


@time_machine.travel(dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC))
def test_a_last_day_to_come_closes_no_login_today(sign_in, people):
    client = sign_in(people.administrator)
    page = client.post("/people/editor/-/deactivate/", {"left_at": "2026-11-22"}, follow=True)
    assert "22 Nov 2026 is yet to come" in page.content.decode()
    assert Person.objects.get(name="editor").is_active
    assert User.objects.get(pk=people.editor.pk).is_active
    client.post("/people/editor/-/deactivate/", {"left_at": "2026-11-21"})
    assert not Person.objects.get(name="editor").is_active


def test_who_has_left_is_added_to_no_team(sign_in, people):
    actions.deactivate_person(by=None, person=people.reader.person)
    client = sign_in(people.editor)
    page = client.post("/teams/checkout/-/members/", {"person": "reader", "role": "member"}, follow=True)
    assert "Reader has left." in page.content.decode()
    assert not Membership.objects.filter(person=people.reader.person.reference, team=people.team.reference).exists()


def test_a_team_is_part_of_itself_by_no_way_round(api, people):
    within = make_team("checkout-web", parent=people.team.reference)
    deepest = make_team("checkout-css", parent=within.reference)
    client, anyway = api(people.administrator), {"format": "json", "headers": {"If-Match": "*"}}
    for parent in ("checkout", "checkout-web", "checkout-css"):
        response = client.patch("/api/v1/teams/checkout/", {"parent": parent}, **anyway)
        assert response.status_code == 422
        assert "would be part of itself" in response.json()["fields"]["parent"][0]
    assert client.patch("/api/v1/teams/checkout-css/", {"parent": "checkout"}, **anyway).status_code == 200
    deepest.refresh_from_db()
    assert deepest.parent == people.team.reference


def test_a_new_team_is_not_part_of_the_loose_end_that_it_describes(people):
    loose = make_reference("group:default/growth")
    with pytest.raises(ValidationError, match="would be part of itself"):
        make_team("growth", parent=loose)


def test_nothing_succeeds_itself(api, people):
    make_entity("cart", owner=people.team)
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    response = api(people.editor).patch("/api/v1/services/cart/", {"successor": "cart"}, **anyway)
    assert response.status_code == 422
    assert "cannot succeed itself" in response.json()["fields"]["successor"][0]
    with pytest.raises(ValidationError, match="cannot succeed itself"):
        catalog.create_entity(
            by=None,
            values={"name": "trolley", "type": "service", "successor": make_reference("component:default/trolley")},
            kind="component",
        )


def test_the_form_of_a_login_suggests_people_instead_of_listing_them_all(sign_in, people):
    client = sign_in(people.administrator)
    page = client.get("/users/-/new/").content.decode()
    assert 'data-references="user"' in page
    assert people.stranger.person.title not in page
    made = actions.create_person(by=None, values={"name": "jo", "title": "Jo Berg"})
    sent = {"email": "jo@larkspur.example", "person": "jo", "role": "reader", "is_active": "on"}
    assert client.post("/users/-/new/", sent).status_code == 302
    user = User.objects.get(email="jo@larkspur.example")
    assert user.person == made
    assert 'value="jo"' in client.get(f"/users/{user.pk}/edit/").content.decode()
    for wrong, told in (("joe", "There is no person “joe”."), ("user:default/ghost", "nobody has described it")):
        make_reference("user:default/ghost") if "ghost" in wrong else None
        refused = client.post("/users/-/new/", {**sent, "email": "x@larkspur.example", "person": wrong})
        assert (refused.status_code, told in refused.content.decode()) == (422, True)
