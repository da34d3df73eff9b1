"""The badge of an entity: who has the address sees its health, and nobody else; editors make it and take it back."""

import xml.etree.ElementTree as ET
from xml.etree.ElementTree import Element

import pytest

from portal.collections import collection_of
from portal.history.events import history_of
from portal.history.saying import NOTHING
from services.actions import update_entity
from services.health.actions import make_badge
from services.health.models import Badge, HealthState
from services.models import Entity

pytestmark = pytest.mark.django_db

TAB = "/services/cart/health/"


@pytest.fixture
def address(cart) -> str:
    return f"/badge/{make_badge(by=None, entity=cart).token}.svg"


def drawn(client, address: str) -> Element:
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    return ET.fromstring(response.content)


def words(client, address: str) -> list[str]:
    return [each.text for each in drawn(client, address).iter("{http://www.w3.org/2000/svg}text")]


def test_whoever_has_the_address_sees_name_and_health_without_signing_in(client, cart, address):
    assert words(client, address) == ["cart", "No checks"]
    HealthState.objects.create(entity=cart, status="failing", reason="Front page is down")
    assert words(client, address) == ["cart", "Failing"]


def test_the_badge_does_not_tell_why(client, cart, address):
    HealthState.objects.create(entity=cart, status="failing", reason="db-7.internal refuses connections")
    assert "db-7" not in client.get(address).content.decode()


def test_an_address_that_was_never_given_is_404(client):
    assert client.get("/badge/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.svg").status_code == 404


def test_who_shows_it_may_keep_it_for_a_minute_and_is_told_when_nothing_changed(client, cart, address):
    first = client.get(address)
    assert first["Cache-Control"] == "public, max-age=60"
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    HealthState.objects.create(entity=cart, status="degraded", reason="slow")
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("title", ['<script>alert("x")</script>', "Tom & Jerry"])
def test_a_name_with_signs_of_xml_is_drawn_as_it_is_and_is_no_markup(client, cart, address, title):
    update_entity(by=None, record=cart, values={"title": title})
    assert words(client, address)[0] == title
    assert not list(drawn(client, address).iter("{http://www.w3.org/2000/svg}script"))


def test_signs_that_xml_forbids_are_left_out_of_the_picture(client, cart, address):
    """An import of long ago may have brought them."""
    Entity.objects.filter(pk=cart.pk).update(title="bell\x07 and \u202e back")
    assert words(client, address)[0] == "bell and  back"


def test_a_long_name_is_cut(client, cart, address):
    update_entity(by=None, record=cart, values={"title": "Checkout " * 20})
    [name, _] = words(client, address)
    assert (len(name) <= 40, name[-1]) == (True, "…")


def test_an_entity_has_no_badge_until_an_editor_makes_one(sign_in, people, cart):
    client = sign_in(people.editor)
    assert "Make a badge" in client.get(TAB).content.decode()
    made = client.post(f"/health/badges/{cart.pk}/make/", follow=True).content.decode()
    assert ("cart has a badge." in made, "it had before" in made) == (True, False)
    token = Badge.objects.get(entity=cart).token
    assert (
        f"[![Health of cart](http://testserver/badge/{token}.svg)](http://testserver/services/cart/)"
        in client.get(TAB).content.decode()
    )


def test_renewing_the_address_ends_the_former_one(sign_in, people, cart, address):
    client = sign_in(people.editor)
    made = client.post(f"/health/badges/{cart.pk}/make/", follow=True).content.decode()
    assert "The one it had before shows nothing any more." in made
    assert client.get(address).status_code == 404
    assert client.get(f"/badge/{Badge.objects.get(entity=cart).token}.svg").status_code == 200


def test_withdrawing_it_ends_the_address(sign_in, people, cart, address):
    client = sign_in(people.editor)
    client.post(f"/health/badges/{cart.pk}/withdraw/")
    assert client.get(address).status_code == 404


def test_others_copy_the_markdown_and_cannot_renew_or_withdraw(sign_in, people, cart, address):
    client = sign_in(people.reader)
    page = client.get(TAB).content.decode()
    assert ("Copy Markdown" in page, "Renew" in page, "Withdraw" in page) == (True, False, False)
    for act in ("make", "withdraw"):
        refused = client.post(f"/health/badges/{cart.pk}/{act}/")
        assert refused.status_code == 403
        assert "You may not open the health of cart to others: it belongs to another team." in refused.content.decode()
    assert client.get(address).status_code == 200


def test_the_markdown_takes_a_name_with_brackets(sign_in, people, cart, address):
    update_entity(by=None, record=cart, values={"title": "Cart [new]"})
    assert "[![Health of Cart \\[new\\]](" in sign_in(people.reader).get(TAB).content.decode()


# What one transaction did is one event of the history.
@pytest.mark.django_db(transaction=True)
def test_the_history_of_the_entity_tells_who_made_and_withdrew_it_and_not_where_it_is(sign_in, people, cart):
    client = sign_in(people.editor)
    client.post(f"/health/badges/{cart.pk}/make/")
    first = Badge.objects.get(entity=cart).token
    client.post(f"/health/badges/{cart.pk}/make/")
    second = Badge.objects.get(entity=cart).token
    assert "By whom stands in its history." in client.get(TAB).content.decode()
    client.post(f"/health/badges/{cart.pk}/withdraw/")
    told = [
        (event.who, change.before == NOTHING, change.after == NOTHING)
        for event in history_of(cart, collection_of(cart), people.reader).events
        for change in event.changes
        if change.label == "Badge"
    ]
    assert told == [("Editor", False, True), ("Editor", False, False), ("Editor", True, False)]
    page = sign_in(people.reader).get("/services/cart/history/").content.decode()
    assert ("Badge" in page, first in page, second in page) == (True, False, False)
