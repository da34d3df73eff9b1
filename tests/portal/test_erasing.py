"""The name of somebody who left is erased: from the record, the login, search and history. Ids stay."""

import json
import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from portal.delivery.models import OutboxMessage
from portal.people import actions
from portal.people.models import Person, User
from portal.people.tokens import make_token
from portal.references.models import Reference
from services.health.deployments import report
from services.models import Document, DocumentStatus, Source
from tests.factories import make_entity, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def leaver(people) -> User:
    """Somebody with a login, a former short name and something they own, in a page each; they left today."""
    user = make_user("quentin.varga", teams=(people.team,))
    make_entity("quiet-gate", owner=user.person)
    make_token(holder=user, name="laptop of varga", scopes=["read"])
    client = _client(people.administrator)
    values = {"name": "q.varga", "title": "Quentin Varga", "email": "varga@larkspur.example", "version": 1}
    assert client.post("/people/quentin.varga/edit/", values).url == "/people/q.varga/"
    client.post("/people/q.varga/-/deactivate/", {"left_at": "2026-11-20"})
    user.refresh_from_db()
    return user


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="portal.people.backends.PersonBackend")
    return client


def _erase(people: Any, key: str = "q.varga") -> Any:
    version = Person.objects.get(name=key).version
    return _client(people.administrator).post(f"/people/{key}/-/erase/", {"version": version})


def _tables_that_say(word: str) -> list[str]:
    """Every table of the portal that has the word anywhere in a row."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_the_name_is_in_no_table_of_the_portal_once_it_is_erased(people, leaver):
    assert {"people_person", "people_personevent", "people_user", "people_userevent", "references_reference",
            "references_referencealias", "search_searchentry"} <= set(_tables_that_say("varga"))  # fmt: skip
    assert _erase(people).status_code == 302
    assert _tables_that_say("varga") == []


def test_deliveries_and_deployments_forget_who_left_and_whoever_has_the_address_now_keeps_it(people, leaver):
    mail = {"kind": "test", "channel": "email", "title": "Orders is down"}
    for key, address in (
        ("a", "varga@larkspur.example"),
        ("b", "quentin.varga@larkspur.example"),
        ("c", "other@x.example"),
    ):
        OutboxMessage.objects.create(key=key, recipient=address, **mail)
    service = make_entity("quick-gate").reference
    deployed = report(service=service, key="1", values={"version": "1.0"}, reported_by="Quentin Varga")
    User.objects.filter(pk=make_user("successor").pk).update(email="varga@larkspur.example")
    _erase(people)
    assert dict(OutboxMessage.objects.values_list("key", "recipient")) == {
        "a": "varga@larkspur.example",
        "b": f"left-{leaver.person_id}@erased.invalid",
        "c": "other@x.example",
    }
    deployed.refresh_from_db()
    assert deployed.reported_by == "Somebody who left"
    assert set(deployed.events.values_list("reported_by", flat=True)) == {"Somebody who left"}


def test_the_record_stays_with_its_ids_as_somebody_who_left(people, leaver):
    before, versions = leaver.person, leaver.person.events.count()
    response = _erase(people)
    person = Person.objects.get(pk=before.pk)
    assert response.url == f"/people/left-{person.pk}/"
    assert (person.name, person.title, person.email) == (f"left-{person.pk}", "Somebody who left", "")
    assert person.reference_id == before.reference_id
    assert person.reference.canonical == f"user:default/left-{person.pk}"
    assert (person.reference.label, person.reference.aliases.count()) == ("Somebody who left", 0)
    assert person.events.count() == versions + 1
    assert Reference.objects.get(pk=person.reference_id).uid == before.reference.uid


def test_nobody_is_found_by_the_former_name_and_what_they_owned_is_of_somebody_who_left(people, leaver):
    _erase(people)
    client = _client(people.reader)
    for key in ("q.varga", "quentin.varga"):
        assert client.get(f"/people/{key}/").status_code == 404
    for asked in ("/search/palette/?q=varga", "/search/references/?q=varga", "/services/?q=varga&is_active="):
        assert "uentin" not in client.get(asked).content.decode()
    assert "Somebody who left" in client.get("/services/quiet-gate/").content.decode()
    assert "quiet-gate" in client.get("/services/?q=somebody").content.decode()


def test_the_login_of_an_erased_name_is_open_to_nobody_and_its_sessions_end(people):
    user = make_user("quentin.varga")
    theirs = _client(user)
    assert Session.objects.filter(session_key=theirs.session.session_key).exists()
    key = theirs.session.session_key
    actions.deactivate_person(by=None, person=user.person)
    _erase(people, "quentin.varga")
    user.refresh_from_db()
    assert user.email == f"left-{user.pk}@erased.invalid"
    assert (user.is_active, user.has_usable_password()) == (False, False)
    assert not Session.objects.filter(session_key=key).exists()
    assert theirs.get("/profile/").url == "/accounts/login/?next=/profile/"


@pytest.mark.django_db(transaction=True)
def test_history_notes_that_the_name_was_erased_and_by_whom(people, leaver):
    _erase(people)
    page = _client(people.administrator).get(f"/people/left-{leaver.person_id}/history/").content.decode()
    assert "Name erased on" in page
    assert "Administrator" in page


def test_addresses_of_others_in_history_stay_as_they_were(people, leaver):
    client = _client(people.administrator)
    other = Person.objects.get(name="reader")
    client.post("/people/reader/edit/", {"name": "reader", "title": "Another", "version": other.version})
    _erase(people)
    table = apps.get_model("people", "PersonEvent")
    urls = {context["url"] for context in table.objects.values_list("pgh_context", flat=True) if context}
    neutral = f"/people/left-{leaver.person_id}"
    assert urls == {"/people/reader/edit/", f"{neutral}/edit/", f"{neutral}/-/deactivate/", f"{neutral}/-/erase/"}


def test_the_page_before_says_what_goes_and_what_stays(people, leaver):
    client = _client(people.administrator)
    assert "/people/q.varga/-/erase/" in client.get("/people/q.varga/").content.decode()
    page = client.get("/people/q.varga/-/erase/").content.decode()
    assert "Quentin Varga, as name, short name and e-mail" in page
    assert "brings the short name back as a loose end" in page


def test_the_name_of_somebody_who_works_here_is_not_erased(people):
    response = _erase(people, "reader")
    assert response.status_code == 422
    assert "Reader works here. Only the name of somebody who left" in response.content.decode()
    assert Person.objects.get(name="reader").erased_on is None


def test_while_a_file_describes_the_person_the_name_is_not_erased(people, leaver):
    source = Source.objects.create(name="repos", trusted=True)
    document = Document.objects.create(
        source=source, file="org/people.yaml", number=0, status=DocumentStatus.ACCEPTED,
        reference=leaver.person.reference, fields={"metadata.name": 4},
    )  # fmt: skip
    told = "org/people.yaml, line 4 describes Quentin Varga, and the next import would bring the name back."
    assert told in _client(people.administrator).get("/people/q.varga/-/erase/").content.decode()
    response = _erase(people)
    assert (response.status_code, told in response.content.decode()) == (422, True)
    document.status = DocumentStatus.GONE
    document.save()
    assert _erase(people).status_code == 302


def test_a_person_changed_meanwhile_is_shown_again_before_the_name_goes(people, leaver):
    client = _client(people.administrator)
    response = client.post("/people/q.varga/-/erase/", {"version": 1})
    page = response.content.decode()
    assert (response.status_code, "Look again before you erase it." in page) == (409, True)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert client.post("/people/q.varga/-/erase/", {"version": version}).status_code == 302


def test_an_erased_name_is_neither_erased_again_nor_brought_back(people, leaver):
    _erase(people)
    client, address = _client(people.administrator), f"/people/left-{leaver.person_id}/"
    assert client.get(address).content.decode().count(f"{address}-/") == 0
    assert "The name was erased already." in client.get(f"{address}-/erase/").content.decode()
    page = client.post(f"{address}-/reactivate/", follow=True).content.decode()
    assert "Enter them as a new person." in page
    assert not Person.objects.get(pk=leaver.person_id).is_active


def test_the_api_gives_somebody_who_left_by_the_same_uid(people, leaver, api):
    uid = leaver.person.reference.uid
    _erase(people)
    answer = api(people.reader).get(f"/api/v1/people/{uid}/")
    assert (answer.status_code, "arga" in json.dumps(answer.json())) == (200, False)
