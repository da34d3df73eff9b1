"""What an incident was like: several answers, unknown and not looked at, how sure, what shows it, what is suggested."""

import html
import re

import pytest

from incidents import timeline
from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.models import Incident, IncidentRole, Node, Severity, Status, Tag
from incidents.taxonomy.tagging import node_named, tag
from tests.factories import make_entity

pytestmark = pytest.mark.django_db

PAGE = "/incidents/INC-1/-/classification/"


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:500]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def add(client, facet: str, node: str) -> str:
    return words(client.post(f"{PAGE}add/{facet}/", {"node": node}, follow=True))


def panel(client) -> str:
    return words(client.get("/incidents/inc-1/panels/incidentsincident-what-kind/", headers={"HX-Request": "true"}))


def test_several_answers_stand_beside_each_other_with_how_sure_they_are(sign_in, people, incident):
    client = sign_in(people.editor)
    assert "Contributing factors not looked at yet" in panel(client)
    add(client, "contributing_factor", "thin capacity MARGIN")
    add(client, "contributing_factor", "cf-retry")
    seen = timeline.note(by=people.reader, incident=incident, text="Pool is full")
    sent = {"confidence": "confirmed", "note": "", "evidence": [seen.pk], "version": "1"}
    assert client.post(f"{PAGE}cf-retry/", sent).url == f"{PAGE}#contributing_factor"
    said = panel(client)
    assert (
        "Contributing factors Thin capacity margin supported Retry or feedback amplification confirmed, 1 event" in said
    )
    assert "Pool is full" in words(client.get(f"{PAGE}cf-retry/"))


def test_unknown_is_not_the_same_as_not_looked_at_and_gives_way_to_what_is_known(sign_in, people, incident):
    client = sign_in(people.editor)
    client.post(f"{PAGE}add/trigger/", {"unknown": "1"})
    assert "Trigger Unknown" in panel(client)
    add(client, "trigger", "change-flag")
    assert "Trigger Feature flag or experiment" in panel(client)
    assert [each.node.slug for each in Tag.objects.filter(node__facet="trigger")] == ["change-flag"]
    refused = words(client.post(f"{PAGE}add/trigger/", {"unknown": "1"}), 422)
    assert "Feature flag or experiment is known of it. Take that away first." in refused


def test_what_does_not_fit_is_refused_at_its_field_with_what_is_near(sign_in, people, incident):
    client = sign_in(people.editor)
    near = words(client.post(f"{PAGE}add/trigger/", {"node": "flag went wrong"}), 422)
    assert "There is no “flag went wrong” in the taxonomy. Did you mean “Feature flag or experiment”?" in near
    assert "Say what applies, or that you looked" in words(client.post(f"{PAGE}add/trigger/", {"node": " "}), 422)
    add(client, "mitigation", "mit-restart")
    assert "is said of INC-1 already" in words(client.post(f"{PAGE}add/mitigation/", {"node": "mit-restart"}), 422)
    assert "There is no “mit-restart”" in words(client.post(f"{PAGE}add/trigger/", {"node": "mit-restart"}), 422)
    bare = words(client.post(f"{PAGE}mit-restart/", {"confidence": "confirmed", "version": "1"}), 422)
    assert "Confirmed by what? Choose an event that shows it, or say it in a note." in bare
    stale = words(client.post(f"{PAGE}mit-restart/", {"confidence": "suspected", "version": "7"}), 422)
    assert "Somebody changed it in the meantime" in stale
    assert client.post(f"{PAGE}add/action_type/", {"node": "act-prevent"}).status_code == 404
    assert Tag.objects.get().confidence == "supported"


def test_a_mitigation_says_how_it_came_about_and_what_it_did(sign_in, people, incident):
    client = sign_in(people.editor)
    add(client, "mitigation", "mit-rollback-auto")
    sent = {"confidence": "supported", "mode": "automatic", "effect": "ended", "note": "by the gate", "version": "1"}
    client.post(f"{PAGE}mit-rollback-auto/", sent)
    assert "Supported, automatic, ended it. by the gate" in words(client.get(PAGE))
    client.post(f"{PAGE}mit-rollback-auto/remove/")
    assert "Mitigation not looked at yet" in panel(client)


def test_of_several_detections_one_was_the_first(sign_in, people, incident):
    client = sign_in(people.editor)
    for slug in ("det-slo", "det-customer"):
        add(client, "detection", slug)
        client.post(f"{PAGE}{slug}/", {"confidence": "supported", "is_primary": "on", "version": "1"})
    assert [each.node.slug for each in Tag.objects.filter(is_primary=True)] == ["det-customer"]


def test_the_timeline_similar_incidents_and_open_follow_ups_suggest_what_applies(sign_in, people, incident):
    from incidents.followups.actions import suggest

    cart = make_entity("cart", owner=people.team).reference
    Incident.objects.all().delete()
    before = declare(by=people.editor, values={"title": "Card payments fail"}, services=[cart])
    tag(by=None, incident=before, node=node_named("cf-retry"))
    suggest(by=None, incident=before, values={"title": "Alert on the pool"})
    secret = declare(by=people.editor, values={"title": "Card payments"}, services=[cart], is_private=True)
    tag(by=None, incident=secret, node=node_named("cf-spof"))
    now = declare(by=people.administrator, values={"title": "Card payments fail again"}, services=[cart])
    event = timeline.note(by=people.reader, incident=now, text="A buyer calls", kind="report")
    client = sign_in(people.administrator)
    page = words(client.get(f"/incidents/{now.name}/-/classification/")).partition("Suggested")[2]
    assert "A report from outside is in the timeline." in page
    assert f"“Alert on the pool” of {before.name} is still open." in page
    assert f"Contributing factors. {before.name} had it." in page
    assert secret.name not in page
    assert node_named("cf-spof").name not in page
    sent = {"node": "det-external", "event": event.pk}
    client.post(f"/incidents/{now.name}/-/classification/add/detection/", sent)
    assert list(Tag.objects.get(node__slug="det-external").evidence.all()) == [event]


def test_the_page_of_a_node_counts_and_names_the_incidents_that_its_reader_may_see(sign_in, people, incident):
    secret = declare(by=people.editor, values={"title": "Zanzibar"}, is_private=True)
    for each in (incident, secret):
        tag(by=None, incident=each, node=node_named("cf-retry"))
    node = Node.objects.get(slug="cf-retry")
    for who, number, names_it in ((people.editor, 2, True), (people.stranger, 1, False)):
        client = sign_in(who)
        page = words(client.get(f"/taxonomy/{node.pk}/"))
        assert f"Incidents with it {number} incident" in page
        assert ("Zanzibar" in page) is names_it
        rows = client.get("/api/v1/taxonomy/?slug=cf-retry").json()["items"]
        assert [row["uses"] for row in rows] == [number]
        assert client.get("/api/v1/incident-tags/").json()["total"] == number
        assert len(client.get("/incident-tags/?format=json").getvalue().splitlines()) >= 1
    assert b"Zanzibar" not in sign_in(people.stranger).get("/incident-tags/?format=csv").getvalue()


def test_a_definition_is_edited_and_its_slug_stays(sign_in, people):
    node = Node.objects.get(slug="cf-retry")
    address = f"/taxonomy/{node.pk}/edit/"
    assert sign_in(people.stranger).get(address).status_code == 403
    sent = {"name": "Retry storm", "definition": "Retries multiplied the load.", "is_active": "on", "slug": "x",
            "version": node.version}  # fmt: skip
    assert sign_in(people.administrator).post(address, sent).status_code == 302
    node.refresh_from_db()
    assert (node.name, node.slug) == ("Retry storm", "cf-retry")


def test_the_api_reads_and_writes_what_is_said_of_an_incident(api, people, incident):
    client = api(people.editor)
    made = client.post("/api/v1/incident-tags/", {"incident": "inc-1", "node": "cf-retry", "confidence": "suspected"})
    assert made.status_code == 201, made.json()
    assert (made.json()["node"], made.json()["confidence"]) == ("cf-retry", "suspected")
    address = f"/api/v1/incident-tags/{made.json()['key']}/"
    changed = client.patch(address, {"note": "Seen in the log", "confidence": "confirmed"}, headers={"If-Match": "*"})
    assert changed.json()["note"] == "Seen in the log"
    wrong = client.patch(address, {"mode": "automatic"}, headers={"If-Match": "*"})
    assert wrong.status_code in {400, 422}
    assert "This is said of mitigations" in wrong.content.decode()
    secret = declare(by=people.administrator, values={"title": "Secret"}, is_private=True)
    for number in (secret.name, "PRIV-99"):
        answer = client.post("/api/v1/incident-tags/", {"incident": number, "node": "cf-spof"})
        assert f"There is no incident “{number}”." in answer.content.decode()
    stranger = api(people.stranger)
    assert stranger.post("/api/v1/incident-tags/", {"incident": "inc-1", "node": "cf-spof"}).status_code == 403
    assert stranger.patch(address, {"note": "x"}, headers={"If-Match": "*"}).status_code == 403
    assert client.delete(address, headers={"If-Match": "*"}).status_code == 204
    assert not Tag.objects.exists()


def test_the_page_of_a_kind_of_action_names_the_follow_ups_that_its_reader_may_see(sign_in, people, incident):
    secret = declare(by=people.editor, values={"title": "Zanzibar"}, is_private=True)
    kind = Node.objects.get(slug="act-prevent")
    for each, title in ((incident, "Widen the pool"), (secret, "Rotate the Zanzibar keys")):
        suggest(by=people.editor, incident=each, values={"title": title, "action_type": kind})
    for who, number, names_it in ((people.editor, 2, True), (people.stranger, 1, False)):
        client = sign_in(who)
        page = words(client.get(f"/taxonomy/{kind.pk}/"))
        assert f"Follow-ups {number} follow-up" in page
        assert "Widen the pool Idea. From " in page
        assert ("Zanzibar" in page) is names_it
        assert "Incidents with it" not in page
        rows = client.get("/api/v1/taxonomy/?slug=act-prevent").json()["items"]
        assert [row["follow_ups"] for row in rows] == [number]


@pytest.mark.parametrize(
    ("address", "model"), [("severities", Severity), ("incident-statuses", Status), ("incident-roles", IncidentRole)]
)
def test_the_words_of_incidents_may_be_called_otherwise_and_keep_their_slugs(sign_in, people, address, model):
    client = sign_in(people.administrator)
    url = f"/api/v1/{address}/{model.objects.first().pk}/"
    refused = client.patch(url, {"slug": "other"}, "application/json", headers={"If-Match": "*"})
    assert refused.status_code == 422
    assert "stays as it is: addresses and files name it. Change the name instead." in refused.content.decode()
    told = client.patch(url, {"name": "Called anew"}, "application/json", headers={"If-Match": "*"})
    assert told.status_code == 200


def test_no_change_of_a_status_moves_its_incidents_or_leaves_a_category_without_one(sign_in, people, incident):
    client = sign_in(people.administrator)

    def change(slug: str, **values):
        url = f"/api/v1/incident-statuses/{Status.objects.get(slug=slug).pk}/"
        answer = client.patch(url, values, "application/json", headers={"If-Match": "*"})
        return answer.status_code, answer.json().get("error", "")

    status, error = change("investigating", category="declined")
    assert status == 422
    assert "“Investigating” stays Active: its incidents would all move. Make another status" in error
    assert client.get("/api/v1/incidents/?category=active").json()["total"] == 1
    *others, last = Status.objects.filter(category="active", is_active=True).values_list("slug", flat=True)
    assert [change(each, is_active=False)[0] for each in others] == [200] * len(others)
    status, error = change(last, is_active=False)
    assert (status, error.partition(": ")[2]) == (
        422, f"“{Status.objects.get(slug=last)}” is the only status that leads to Active. Switch another one on first."
    )  # fmt: skip
    assert change(last, name="Burning", category="active", is_active=True)[0] == 200
    assert declare(by=people.editor, values={"title": "Still declared"}).status.name == "Burning"
