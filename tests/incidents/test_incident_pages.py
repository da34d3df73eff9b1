"""An incident in the browser: declared with one field, noted, moved on, mended; and what a stranger never sees."""

import datetime as dt
import html
import re

import pytest
import time_machine

from incidents import timeline
from incidents.declaring import declare
from incidents.models import Incident, IncidentTime
from tests.factories import make_entity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


def words(client, address: str, status: int = 200) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def test_one_field_declares_an_incident_whoever_one_is(sign_in, people):
    response = sign_in(people.stranger).post("/incidents/-/new/", {"title": "Search is down", "kind": "real"})
    assert (response.status_code, response.url) == (302, "/incidents/inc-1/")
    page = words(sign_in(people.stranger), "/incidents/INC-1/")
    for said in (
        "INC-1",
        "Open to all staff Search is down",
        "Severity not said yet",
        "Declared as Investigating.",
        "Lead nobody yet",
    ):
        assert said in page, said


def test_what_somebody_sees_stands_in_the_timeline_newest_first_with_both_times(sign_in, people, incident):
    client = sign_in(people.reader)
    address = "/incidents/INC-1/-/note/"
    sent = {"text": "Pool is <b>full</b>", "kind": "observation", "happened_at": "2026-11-22T11:40"}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, {"text": "Switched the pool off"}).status_code == 302
    page = words(client, "/incidents/INC-1/")
    assert page.index("Switched the pool off") < page.index("Pool is <b>full</b>")
    assert "11:40 Observation Pool is <b>full</b> Reader, recorded 12:00" in page
    refused = client.post(address, {"text": "Later", "happened_at": "2026-11-22T13:00"})
    assert refused.status_code == 422
    assert "This is yet to come" in refused.content.decode()


def test_who_declared_it_moves_it_on_and_a_stranger_does_not(sign_in, people, incident):
    page = words(sign_in(people.editor), "/incidents/INC-1/-/status/")
    assert "Needed to decline, to cancel and to open again." in page
    resolved = incident.status.__class__.objects.get(slug="resolved").pk
    moved = sign_in(people.editor).post("/incidents/INC-1/-/status/", {"status": resolved, "version": 1})
    assert moved.url == "/incidents/inc-1/"
    again = sign_in(people.editor).post("/incidents/INC-1/-/status/", {"status": incident.status_id, "version": 2})
    assert "Say why it is opened again" in again.content.decode()
    stale = sign_in(people.editor).post("/incidents/INC-1/-/status/", {"status": incident.status_id, "version": 1})
    assert "Somebody changed it in the meantime" in stale.content.decode()
    assert sign_in(people.stranger).get("/incidents/INC-1/-/status/").status_code == 403


def test_a_role_is_taken_with_one_button(sign_in, people, incident):
    assert sign_in(people.reader).post("/incidents/INC-1/-/roles/lead/take/").status_code == 302
    assert "Lead: Reader takes it." in words(sign_in(people.stranger), "/incidents/INC-1/")
    assert sign_in(people.reader).get("/incidents/INC-1/-/status/").status_code == 200


def test_what_the_lint_asks_is_answered_with_one_button(sign_in, people, incident):
    IncidentTime.objects.create(incident=incident, point="detected", at=NOON - 2 * MINUTE)
    timeline.note(by=people.reader, incident=incident, text="Buyer", kind="report", happened_at=NOON - 4 * MINUTE)
    client = sign_in(people.editor)
    page = words(client, "/incidents/INC-1/")
    assert "A report from outside came at 11:56 UTC, before the detection at 11:58 UTC. Which is it?" in page
    answer = {"code": "seen_earlier:detected", "label": "Use 11:56 UTC"}
    assert client.post("/incidents/INC-1/-/mend/", answer).status_code == 302
    assert incident.times.get().at == NOON - 4 * MINUTE
    assert "Which is it?" not in words(client, "/incidents/INC-1/").partition("Timeline")[0].partition("Five times")[2]
    assert "Detected: 2026-11-22 11:56 UTC, said by Editor; before: 2026-11-22 11:58 UTC." in words(
        client, "/incidents/INC-1/"
    )


def test_a_private_incident_is_not_there_for_who_is_not_let_in(sign_in, people):
    make_entity("cart", owner=people.team)
    secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
    assert "Zanzibar keys" in words(sign_in(people.editor), f"/incidents/{secret.name}/")
    for who in (people.stranger, people.administrator):
        client = sign_in(who)
        assert client.get(f"/incidents/{secret.name}/").status_code == 404
        for act in ("note/", "status/", "mend/", "roles/lead/take/"):
            assert client.post(f"/incidents/{secret.name}/-/{act}", {"text": "x"}).status_code == 404, act
        for address in ("/incidents/", "/incidents/?format=csv", "/api/v1/incidents/", "/search/palette/?q=zanzi"):
            assert "anzibar" not in client.get(address).getvalue().decode(), address
