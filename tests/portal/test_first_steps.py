"""A portal that is still empty leads its first administrator on."""

import html

import pytest
from django.core.cache import cache
from django.test import Client

from portal.people import setup
from portal.people.models import Role, User
from tests.factories import make_entity, make_team, make_user

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return html.unescape(response.content.decode())


@pytest.fixture
def first(client) -> Client:
    """The first administrator, in an empty portal."""
    user = User.objects.create_user("first@larkspur.example", "correct horse", role=Role.ADMINISTRATOR)
    client.force_login(user, backend="portal.people.backends.PersonBackend")
    return client


def test_the_first_administrator_is_told_what_to_do_first(first):
    page = first.get("/")
    waiting = {each.title: each.url for each in page.context["waiting"]}
    assert waiting == {
        "Make the first team": "/teams/-/new/",
        "Give others a login": "/users/-/new/",
        "Fill the catalog": "/services/-/new/",
    }
    assert "Nothing waits for you" not in text_of(page)
    assert "As an administrator you make teams" in text_of(page)


def test_what_is_done_waits_no_more_and_waits_for_nobody_else(first, people):
    make_entity("checkout-api")
    assert not {"Make the first team", "Give others a login", "Fill the catalog"} & {
        each.title for each in first.get("/").context["waiting"]
    }
    stranger = make_user("newcomer")
    first.force_login(stranger, backend="portal.people.backends.PersonBackend")
    assert "Whoever leads a team can add you on its page." in text_of(first.get("/"))


@pytest.mark.parametrize("slug", ["services", "teams", "people"])
def test_a_list_without_a_record_says_so_whatever_it_is_filtered_by(first, slug):
    for query in ("", "?q=x", "?name=x"):
        page = text_of(first.get(f"/{slug}/{query}"))
        assert "Nothing matches" not in page
        assert "Clear all" not in page
        assert " yet</h2>" in page


def test_a_list_whose_records_are_filtered_out_offers_to_clear_the_filter(first):
    make_team("checkout")
    page = text_of(first.get("/teams/?name=x"))
    assert "Nothing matches" in page
    assert "Clear all" in page


def test_while_nobody_can_sign_in_the_sign_in_page_says_where_the_link_is(client):
    assert "Nobody can sign in yet" in text_of(client.get("/accounts/login/"))
    make_user("somebody")
    assert "Nobody can sign in yet" not in text_of(client.get("/accounts/login/"))


def test_a_link_that_was_used_or_is_too_old_says_which_and_what_to_do(client):
    address = f"/accounts/first/{setup.new_key()}/"
    cache.delete(setup.KEY)
    too_old = client.get(address)
    assert too_old.status_code == 404
    assert "it writes a new link into" in " ".join(text_of(too_old).split())
    make_user("somebody")
    used = client.get(address)
    assert used.status_code == 404
    assert "It made the first administrator and is used up." in text_of(used)
