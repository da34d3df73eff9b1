"""Status updates: two texts at once, what the leak check asks, and what feeds tell outside and what never."""

import datetime as dt
import html
import re
from xml.etree import ElementTree as ET

import pytest
import time_machine

from incidents import lifecycle
from incidents.declaring import declare
from incidents.models import Category, Impact, PublicName, Status, StatusFeed, StatusText
from incidents.status_texts.posting import post
from tests import factories

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PUBLIC = {
    "public_text": "Some buyers wait at the payment step. Trying again helps. We tell more by 12:30 UTC.",
    "public_title": "Card payments are slow", "public_status": "identified", "public_impact": "minor",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def gateway(people):
    entity = factories.make_entity("payments-gateway", owner=people.team)
    PublicName.objects.create(subject=entity.reference, name="Card payments")
    return entity


@pytest.fixture
def incident(people, gateway):
    hidden = factories.make_entity("ledger-worker", owner=people.team)
    services = [gateway.reference, hidden.reference]
    made = declare(by=people.editor, values={"title": "Pool of ledger-worker is full"}, services=services)
    Impact.objects.filter(incident=made, subject=gateway.reference).update(level="partial")
    return made


@pytest.fixture
def feed() -> str:
    made = StatusFeed.objects.create(name="Status page", page_name="Larkspur Status", page_url="https://status.example")
    return f"/status-feed/{made.token}"


def words(client, address: str) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", client.get(address, follow=True).content.decode()))
    return re.sub(r"\s+", " ", text)


def told(client, feed: str) -> list[dict]:
    client.logout()
    return client.get(f"{feed}/incidents.json").json()["incidents"]


def test_an_update_stands_in_the_timeline_beside_and_in_the_feeds_with_its_own_time(
    client, sign_in, people, incident, feed
):
    data = {**PUBLIC, "internal_text": "Pool of ledger-worker widened.", "happened_at": "2026-11-22T11:50"}
    answer = sign_in(people.editor).post("/incidents/inc-1/-/update/", data)
    assert (answer.status_code, answer.url) == (302, "/incidents/inc-1/")
    page = words(client, "/incidents/inc-1/")
    assert "For colleagues Pool of ledger-worker widened. For the public Some buyers wait" in page
    assert "Hit: Card payments" in page
    event = incident.timeline.get(kind="update")
    assert (event.happened_at, event.recorded_at) == (NOON - 10 * MINUTE, NOON)
    assert event.text.endswith("To the public (Identified, impact minor): " + PUBLIC["public_text"])
    (found,) = told(client, feed)
    (update,) = found.pop("incident_updates")
    component = {"id": PublicName.objects.get().code, "name": "Card payments", "status": "partial_outage"}
    assert {name: found[name] for name in ("name", "status", "impact", "components", "started_at", "created_at")} == {
        "name": "Card payments are slow", "status": "identified", "impact": "minor", "components": [component],
        "started_at": "2026-11-22T11:50:00.000Z", "created_at": "2026-11-22T12:00:00.000Z",
    }  # fmt: skip
    assert (update["body"], update["display_at"]) == (PUBLIC["public_text"], "2026-11-22T11:50:00.000Z")


def test_words_of_the_inside_take_a_second_click_that_stands_for_these_words_alone(sign_in, people, incident):
    client = sign_in(people.editor)
    data = {**PUBLIC, "public_text": "Errors come from payments-gateway, see PAY-12."}
    asked = client.post("/incidents/inc-1/-/update/", data)
    page = html.unescape(asked.content.decode())
    assert asked.status_code == 422
    assert "2 words of the inside in what the public will read" in page
    assert "the internal name of a service" in page
    assert "Say “Card payments”" in page
    assert not StatusText.objects.exists()
    (button,) = re.findall(r'name="words" value="(\w+)"', page)
    other = client.post(
        "/incidents/inc-1/-/update/", {**data, "public_text": data["public_text"] + " And PAY-13.", "words": button}
    )
    assert other.status_code == 422
    assert client.post("/incidents/inc-1/-/update/", {**data, "words": button}).status_code == 302
    assert StatusText.objects.get().let_through == ["payments-gateway", "PAY-12"]


def test_an_offer_is_taken_with_one_click_and_nothing_is_posted_by_it(sign_in, people, incident):
    data = {**PUBLIC, "public_text": "Errors come from payments-gateway.", "instead": "public_text:0"}
    answer = sign_in(people.editor).post("/incidents/inc-1/-/update/", data)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "Errors come from Card payments." in page
    assert "Nothing of the inside is left in it" in page
    assert not StatusText.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Write something for colleagues, for the public, or for both."),
        ({**PUBLIC, "public_title": ""}, "Say what it is called outside"),
        ({**PUBLIC, "happened_at": "2026-11-22T13:00"}, "This is yet to come"),
        ({**PUBLIC, "public_status": "solved"}, "“solved” is none of the choices."),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_and_nothing_is_written(sign_in, people, incident, data, said):
    answer = sign_in(people.editor).post("/incidents/inc-1/-/update/", data)
    assert answer.status_code == 422
    assert said in html.unescape(answer.content.decode())
    assert not StatusText.objects.exists()
    assert not incident.timeline.filter(kind="update").exists()


def test_a_text_for_colleagues_alone_is_told_nobody_outside(client, sign_in, people, incident, feed):
    sign_in(people.editor).post(
        "/incidents/inc-1/-/update/",
        {"internal_text": "Still looking.", "public_status": "identified", "public_impact": "minor"},
    )
    assert StatusText.objects.get().public_status == ""
    assert told(client, feed) == []
    assert "Still looking." in words(sign_in(people.stranger), "/incidents/inc-1/")


@pytest.mark.parametrize("kind", ["drill", "near_miss"])
def test_what_is_practised_or_only_nearly_happened_is_told_nobody_outside(client, sign_in, people, feed, kind):
    made = declare(by=people.editor, values={"title": "Region is lost", "kind": kind})
    page = words(sign_in(people.editor), f"/incidents/{made.name}/-/update/")
    assert "For colleagues alone" in page
    assert "For the public" not in page
    client.post(f"/incidents/{made.name}/-/update/", {"internal_text": "Go", **PUBLIC})
    assert StatusText.objects.get().public_text == ""
    assert told(client, feed) == []


def test_nothing_of_a_private_incident_is_told_outside_and_its_updates_are_not_there_for_others(
    client, sign_in, people, feed
):
    secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
    client = sign_in(people.editor)
    assert "is private: nothing of it is told outside" in words(client, f"/incidents/{secret.name}/-/update/")
    client.post(f"/incidents/{secret.name}/-/update/", {"internal_text": "Zanzibar rotated", **PUBLIC})
    assert told(client, feed) == []
    assert b"anzibar" not in client.get(f"{feed}/history.atom").content
    for who in (people.stranger, people.administrator):
        client = sign_in(who)
        assert client.get(f"/incidents/{secret.name}/-/update/").status_code == 404
        for address in ("/status-updates/", "/status-updates/?format=csv", "/api/v1/status-updates/", "/notifications/",
                        "/deliveries/"):  # fmt: skip
            response = client.get(address, follow=True)
            assert b"anzibar" not in (response.getvalue()), address


def test_an_incident_that_turns_out_to_be_a_drill_is_in_the_feeds_no_more(client, people, incident, feed):
    post(by=people.editor, incident=incident, **PUBLIC)
    assert len(told(client, feed)) == 1
    type(incident).objects.filter(pk=incident.pk).update(kind="drill")
    assert told(client, feed) == []


def test_updates_are_newest_first_by_the_time_they_tell_of_and_say_what_changed(client, people, incident, feed):
    post(by=people.editor, incident=incident, **{**PUBLIC, "public_impact": "major"}, happened_at=NOON - 30 * MINUTE)
    post(by=people.editor, incident=incident, **{**PUBLIC, "public_status": "resolved", "public_impact": "none"})
    post(
        by=people.editor, incident=incident, **{**PUBLIC, "public_status": "monitoring"}, happened_at=NOON - 5 * MINUTE
    )
    (found,) = told(client, feed)
    assert [each["status"] for each in found["incident_updates"]] == ["resolved", "monitoring", "identified"]
    assert (found["status"], found["impact"]) == ("resolved", "major")
    assert (found["monitoring_at"], found["resolved_at"]) == ("2026-11-22T11:55:00.000Z", "2026-11-22T12:00:00.000Z")
    changed = [(each["affected_components"][0]["old_status"], each["affected_components"][0]["new_status"])
               for each in found["incident_updates"]]  # fmt: skip
    assert changed == [
        ("partial_outage", "operational"), ("partial_outage", "partial_outage"), ("operational", "partial_outage"),
    ]  # fmt: skip
    assert client.get(f"{feed}/incidents/unresolved.json").json()["incidents"] == []


def test_only_public_words_are_in_a_feed(client, people, incident, feed):
    post(by=people.editor, incident=incident, internal_text="Pool of ledger-worker, ask Editor", **PUBLIC)
    for name in ("incidents.json", "incidents/unresolved.json", "history.atom"):
        body = client.get(f"{feed}/{name}").content.decode()
        assert "Card payments are slow" in body
        for inside in ("ledger-worker", "INC-1", "Editor", "payments-gateway", "Checkout", "testserver/incidents"):
            assert inside not in body, (name, inside)


def test_the_atom_feed_is_well_formed_and_holds_html_as_text(client, people, incident, feed):
    post(by=people.editor, incident=incident, **{**PUBLIC, "public_text": "<script>alert(1)</script> & so on"})
    answer = client.get(f"{feed}/history.atom")
    atom = "{http://www.w3.org/2005/Atom}"
    root = ET.fromstring(answer.content)
    assert root.findtext(f"{atom}title") == "Larkspur Status"
    summary = root.find(f"{atom}entry").findtext(f"{atom}summary")
    assert "<strong>Identified</strong>" in summary
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in summary


def test_who_asks_again_is_told_that_nothing_changed_until_something_does(client, people, incident, feed):
    post(by=people.editor, incident=incident, **PUBLIC)
    for name in ("incidents.json", "history.atom"):
        tag = client.get(f"{feed}/{name}")["ETag"]
        assert client.get(f"{feed}/{name}", headers={"if-none-match": tag}).status_code == 304
    post(by=people.editor, incident=incident, **{**PUBLIC, "public_status": "monitoring"})
    assert client.get(f"{feed}/{name}", headers={"if-none-match": tag}).status_code == 200


def test_a_feed_ends_when_it_is_switched_off_or_gets_other_addresses(client, sign_in, people, feed):
    made = StatusFeed.objects.get()
    page = words(sign_in(people.administrator), f"/status-feeds/{made.pk}/")
    assert "Whoever has one of these reads every public text, without signing in." in page
    assert sign_in(people.editor).get(f"/status-feeds/{made.pk}/").status_code == 404
    assert sign_in(people.administrator).post(f"/status-feeds/{made.pk}/-/renew/").status_code == 302
    client.logout()
    assert client.get(f"{feed}/incidents.json").status_code == 404
    fresh = f"/status-feed/{StatusFeed.objects.get().token}/history.atom"
    assert client.get(fresh).status_code == 200
    StatusFeed.objects.update(is_active=False)
    assert client.get(fresh).status_code == 404
    assert client.get("/status-feed/%00/incidents.json").status_code == 404


def test_a_feed_takes_as_many_questions_for_many_incidents_as_for_one(client, people, feed, django_assert_num_queries):
    for count in (1, 8):
        for _ in range(count):
            made = declare(by=people.editor, values={"title": "Down"})
            post(by=people.editor, incident=made, **PUBLIC)
        with django_assert_num_queries(4):
            client.get(f"{feed}/incidents.json")


def test_an_update_begins_with_the_public_word_for_how_the_incident_stands(sign_in, people, incident):
    mitigated = Status.objects.get(category=Category.MITIGATED, slug="monitoring")
    lifecycle.change_status(by=people.editor, incident=incident, status=mitigated)
    page = sign_in(people.editor).get("/incidents/inc-1/-/update/").content.decode()
    assert '<option value="monitoring" selected>' in page


def test_whoever_may_not_change_an_incident_posts_no_update(sign_in, people, incident):
    client = sign_in(people.stranger)
    assert client.post("/incidents/inc-1/-/update/", PUBLIC).status_code == 403
    assert "Post an update" not in words(client, "/incidents/inc-1/")


def test_what_only_colleagues_are_told_moves_nothing_outside(client, people, incident, feed):
    post(by=people.editor, incident=incident, **PUBLIC)
    other = declare(by=people.editor, values={"title": "Search is slow"})
    with time_machine.travel(NOON + MINUTE, tick=False):
        post(by=people.editor, incident=other, **{**PUBLIC, "public_title": "Search is slow"})
        before = client.get(f"{feed}/incidents.json")
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        post(by=people.editor, incident=incident, internal_text="The pool of ledger-worker again.")
        after = client.get(f"{feed}/incidents.json", headers={"If-None-Match": before["ETag"]})
    assert [each["name"] for each in before.json()["incidents"]] == ["Search is slow", "Card payments are slow"]
    assert after.status_code == 304
