"""What somebody typed is given back where it cannot be saved: the record is gone, or a server is."""

import html
import re
import socket

import pytest
from django.test import Client

from portal.people.models import User
from services import actions as services
from services.models import Entity
from tests.factories import make_entity

pytestmark = pytest.mark.django_db

EDIT = "/services/checkout-api/edit/"
TYPED = {"name": "checkout-api", "type": "service", "owner": "checkout", "description": "An hour of <work>"}


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def texts_of(form_page) -> dict[str, str]:
    form = form_page.context["form"]
    return {name: str(form[name].value() or "") for name in form.fields}


def test_saving_what_somebody_deleted_meanwhile_gives_the_text_back_and_makes_it_anew(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    sent = {**texts_of(client.get(EDIT)), **TYPED}
    services.delete_entity(by=None, record=entity)
    gone = client.post(EDIT, sent)
    assert gone.status_code == 410
    assert "checkout-api was deleted meanwhile" in text_of(gone)
    assert "An hour of <work>" in text_of(gone)
    assert 'action="/services/-/new/"' in text_of(gone)
    anew = client.post("/services/-/new/", texts_of(gone))
    assert anew.url == "/services/checkout-api/"
    assert Entity.objects.get(name="checkout-api").description == "An hour of <work>"


def test_who_may_not_make_it_anew_can_still_read_what_they_typed(sign_in, people):
    services.delete_entity(by=None, record=make_entity("checkout-api", owner=people.team))
    gone = sign_in(people.stranger).post(EDIT, TYPED)
    assert gone.status_code == 410
    assert "An hour of <work>" in text_of(gone)
    assert "Make service" not in text_of(gone)


def test_what_is_deleted_while_it_is_being_saved_gives_the_text_back_too(sign_in, people, monkeypatch):
    entity = make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    sent = {**texts_of(client.get(EDIT)), **TYPED}
    write = services.lock

    def too_late(record, version, values):
        services.delete_record(by=None, record=Entity.objects.get(pk=entity.pk))
        return write(record, version, values)

    monkeypatch.setattr(services, "lock", too_late)
    gone = client.post(EDIT, sent)
    assert gone.status_code == 410
    assert "An hour of <work>" in text_of(gone)


def test_a_form_opened_before_a_rename_ends_at_both_texts(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    sent = {**texts_of(client.get(EDIT)), **TYPED}
    services.update_entity(by=None, record=entity, values={"name": "checkout-gateway"})
    response = client.post(EDIT, sent)
    assert response.status_code == 409
    assert "An hour of <work>" in text_of(response)
    assert response.context["save_url"] == "/services/checkout-gateway/edit/"


# A server that is gone


@pytest.fixture
def no_cache(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    right = settings.CACHES

    def away() -> None:
        settings.CACHES = {"default": {**right["default"], "LOCATION": f"redis://127.0.0.1:{port}/0"}}

    def back() -> None:
        settings.CACHES = right

    return away, back


def sent_again(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def test_a_form_sent_while_a_server_is_away_is_not_lost_and_can_be_sent_again(people, no_cache):
    make_entity("checkout-api", owner=people.team)
    client = Client(raise_request_exception=False)
    client.force_login(people.editor, backend="portal.people.backends.PersonBackend")
    sent = {**texts_of(client.get(EDIT)), **TYPED, "csrfmiddlewaretoken": "as it came"}
    away, back = no_cache
    away()
    refused = client.post(EDIT, sent)
    assert refused.status_code == 503
    page = text_of(refused)
    assert "Not saved yet" in page
    assert "is not saved; it is kept on this page" in page
    assert 'http-equiv="refresh"' not in page
    assert "data-wait-for" not in page
    assert f'<form method="post" action="{EDIT}">' in page
    assert sent_again(page) == sent
    back()
    assert client.post(EDIT, sent_again(page)).url == "/services/checkout-api/"
    assert Entity.objects.get(name="checkout-api").description == "An hour of <work>"


def test_the_page_of_a_server_that_is_away_carries_no_password(people, no_cache):
    client = Client(raise_request_exception=False)
    no_cache[0]()
    page = text_of(client.post("/accounts/login/", {"login": people.reader.email, "password": "correct horse"}))
    assert "Not saved yet" in page
    assert "correct horse" not in page


# Nobody is signed in any more


def test_a_form_sent_without_a_session_is_told_so_on_the_sign_in_page(client, people):
    refused = client.post(EDIT, TYPED)
    assert refused.url == f"/accounts/login/?next={EDIT}&not-saved=1"
    assert "Not saved: you are signed out" in text_of(client.get(refused.url))
    assert "Not saved" not in text_of(client.get(client.get(EDIT).url))


def test_one_click_sign_in_goes_on_to_the_page_that_asked_for_it_and_to_no_other_site(client, people, settings):
    settings.DEMO = True
    user = User.objects.create_user("mei.lindqvist@larkspur.example")
    page = text_of(client.get(f"/accounts/login/?next={EDIT}", headers={"Host": "localhost"}))
    assert page.count(f'name="next" value="{EDIT}"') == 2, "in the form of the password and in that of Mei"
    for wanted, address in ((EDIT, EDIT), ("", "/"), ("https://evil.example/", "/")):
        sent = {"email": user.email, "next": wanted}
        assert client.post("/accounts/demo/", sent, headers={"Host": "localhost"}).url == address


# What is no form


@pytest.mark.parametrize("address", ["/services/-/new/", EDIT])
def test_what_is_no_form_is_refused_in_words_and_saves_nothing(sign_in, people, address):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    refused = client.post(address, '{"name": "cart"}', content_type="application/json")
    assert refused.status_code == 400
    assert "Nothing was saved: a page takes a form" in text_of(refused)
    cut_short = client.post(
        address, b"--x\r\nContent-Disposition: form", content_type="multipart/form-data; boundary=x"
    )
    assert cut_short.status_code == 422
    assert "Not saved" in text_of(cut_short)


def test_an_address_that_only_acts_leads_to_the_page_its_form_is_on(sign_in, people):
    client = sign_in(people.editor)
    for address, page in (("/profile/tokens/", "/profile/"), ("/teams/checkout/-/members/", "/teams/checkout/")):
        assert client.get(address).url == page
