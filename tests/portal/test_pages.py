"""The pages of a collection, as a person sees them."""

import pytest

from tests.factories import depend, make_entity

pytestmark = pytest.mark.django_db


def test_the_list_names_each_service_with_its_owner(sign_in, people):
    make_entity("checkout-api", owner=people.team, tier=0)
    page = sign_in(people.reader).get("/services/").content.decode()
    assert '<a class="gw-name" href="/services/checkout-api/">checkout-api</a>' in page
    assert '<a class="gw-who" href="/teams/checkout/">' in page


def test_the_page_of_a_service_says_who_owns_it_and_what_suffers_with_it(sign_in, people):
    database = make_entity("orders-db", kind="resource", owner=people.other)
    api, web = make_entity("checkout-api", owner=people.team), make_entity("web-store", owner=people.team)
    depend(api, database)
    depend(web, api)
    page = sign_in(people.reader).get("/resources/orders-db/").content.decode()
    assert "Payments" in page
    assert "2 affected, 1 team to tell" in page
    assert "could not be shown" not in page


def test_a_renamed_team_keeps_its_address_and_is_found_by_its_new_name(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.administrator)
    form = {"name": "basket", "title": "Basket", "type": "team", "is_active": "on", "version": people.team.version}
    assert client.post("/teams/checkout/edit/", form).headers["Location"] == "/teams/basket/"
    assert client.get("/teams/checkout/").headers["Location"] == "/teams/basket/"
    assert ">Basket</span>" in client.get("/services/?q=basket").content.decode()
    assert "checkout-api" in client.get("/services/?owner=basket").content.decode()
