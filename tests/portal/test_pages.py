"""The pages of a collection, as a person sees them."""

import re

import pytest

from portal.people.models import User
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


def test_a_cache_keeps_a_part_of_a_page_and_the_page_apart(sign_in, people):
    make_entity("checkout-api")
    client = sign_in(people.reader)
    for address in ("/services/", "/services/checkout-api/panels/servicesentity-blast-radius/"):
        for headers in ({}, {"HX-Request": "true"}):
            response = client.get(address, headers=headers)
            assert response.status_code == 200
            assert "HX-Request" in response["Vary"], address


def test_a_renamed_team_keeps_its_address_and_is_found_by_its_new_name(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.administrator)
    form = {"name": "basket", "title": "Basket", "type": "team", "is_active": "on", "version": people.team.version}
    assert client.post("/teams/checkout/edit/", form).headers["Location"] == "/teams/basket/"
    assert client.get("/teams/checkout/").headers["Location"] == "/teams/basket/"
    assert ">Basket</span>" in client.get("/services/?q=basket").content.decode()
    assert "checkout-api" in client.get("/services/?owner=basket").content.decode()


def test_a_record_for_which_nobody_made_a_panel_shows_its_columns(sign_in, people):
    page = sign_in(people.administrator).get(f"/users/{people.reader.pk}/").content.decode()
    assert '<h2 id="facts-title">Facts</h2>' in page
    assert '<a class="gw-who" href="/people/reader/">' in page


def test_a_new_login_sets_its_password_by_the_link_in_the_mail(client, people, mailoutbox):
    client.post("/accounts/password/reset/", {"email": people.reader.email})
    address = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mailoutbox[0].body)[1]
    form = client.get(address, follow=True)
    new = {"password1": "a better horse", "password2": "a better horse"}
    assert client.post(form.redirect_chain[-1][0], new).status_code == 302
    assert client.login(email=people.reader.email, password="a better horse")


def test_signing_in_is_no_edit_that_collides_with_another(people, client):
    before = User.objects.get(pk=people.reader.pk).version
    client.post("/accounts/login/", {"login": people.reader.email, "password": "correct horse"})
    after = User.objects.get(pk=people.reader.pk)
    assert after.last_login is not None
    assert after.version == before
