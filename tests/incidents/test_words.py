"""The words that incidents are told with, as they are chosen: what is meant, and what is switched off."""

import pytest

from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.models import FollowUp, Incident, IncidentRole, Node, Severity, Status, Tag

pytestmark = pytest.mark.django_db

ANY = {"If-Match": "*"}


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Pool runs dry", "severity": Severity.objects.get(slug="sev-2")})


@pytest.mark.parametrize(
    ("address", "model"), [("severities", Severity), ("incident-statuses", Status), ("incident-roles", IncidentRole)]
)
def test_a_word_may_be_sent_back_as_it_is(api, people, address, model):
    word = model.objects.first()
    same = {"name": word.name, "slug": word.slug, "is_active": True}
    answer = api(people.administrator).patch(f"/api/v1/{address}/{word.pk}/", same, "json", headers=ANY)
    assert (answer.status_code, answer.json().get("version")) == (200, word.version)
    taken = {"name": model.objects.last().name}
    refused = api(people.administrator).patch(f"/api/v1/{address}/{word.pk}/", taken, "json", headers=ANY)
    assert refused.json()["fields"] == {"name": ["This is taken already. Choose another one."]}


def test_what_is_switched_off_is_kept_by_what_has_it_and_chosen_for_nothing_else(api, people, incident):
    Severity.objects.filter(slug="sev-2").update(is_active=False)
    client, address = api(people.editor), "/api/v1/incidents/inc-1/"
    kept = client.patch(address, {"title": "The pool ran dry", "severity": "SEV-2"}, "json", headers=ANY)
    assert (kept.status_code, kept.json()["title"], kept.json()["severity"]) == (200, "The pool ran dry", "SEV-2")
    assert client.patch(address, {"severity": "SEV-3"}, "json", headers=ANY).json()["severity"] == "SEV-3"
    for refused in (
        client.patch(address, {"severity": "SEV-2"}, "json", headers=ANY),
        client.post("/api/v1/incidents/", {"title": "Another", "severity": "SEV-2"}, "json"),
    ):
        assert "There is no severity “SEV-2”. There are: SEV-1, SEV-3, SEV-4." in refused.json()["error"]


def test_a_form_offers_what_is_switched_on_and_what_its_record_has(sign_in, people, incident):
    off, had = Node.objects.get(slug="act-prevent"), Node.objects.get(slug="act-detect")
    Node.objects.filter(pk__in=[off.pk, had.pk]).update(is_active=False)
    follow_up = suggest(by=people.editor, incident=incident, values={"title": "Widen it", "action_type": had})
    address = f"/follow-ups/{follow_up.pk}/edit/"
    page = sign_in(people.editor).get(address).content.decode()
    assert f'<option value="{had.pk}" selected>' in page
    assert f'<option value="{off.pk}"' not in page
    sent = {"title": "Widen it", "action_type": off.pk, "version": follow_up.version}
    assert sign_in(people.editor).post(address, sent).status_code == 422
    assert FollowUp.objects.get().action_type == had


def test_a_slug_is_meant_before_a_name_and_a_name_before_a_number(api, people):
    first = Severity.objects.get(slug="sev-1")
    Severity.objects.filter(slug="sev-4").update(name=str(first.pk))
    Severity.objects.filter(slug="sev-1").update(name="sev-3")
    client = api(people.editor)
    for sent, meant in ((str(first.pk), "sev-4"), (first.pk, "sev-1"), ("SEV-3", "sev-3")):
        made = client.post("/api/v1/incidents/", {"title": "Pool runs dry", "severity": sent}, "json").json()
        assert Incident.objects.get(name=made["name"]).severity.slug == meant


def test_a_name_that_several_answers_have_is_not_guessed_at(api, people, incident):
    address = f"/api/v1/follow-ups/{suggest(by=people.editor, incident=incident, values={'title': 'Widen it'}).pk}/"
    refused = api(people.editor).patch(address, {"factor": "Unknown"}, "json", headers=ANY)
    assert refused.status_code == 422
    assert refused.json()["fields"]["factor"] == [
        "Several are called “Unknown”. Send the slug of one: trigger-unknown, cf-unknown, gap-unknown, hin-unknown."
    ]
    kind = Node.objects.get(slug="act-prevent").name
    other = api(people.editor).patch(address, {"factor": kind}, "json", headers=ANY)
    assert other.json()["error"].startswith(f"factor: There is no taxonomy node “{kind}”. There are: ")
    assert other.json()["error"].endswith(" and others.")


def test_unknown_is_said_of_one_question_and_never_of_the_first_there_is(api, people, incident):
    client = api(people.editor)
    refused = client.post("/api/v1/incident-tags/", {"incident": "INC-1", "node": "Unknown"}, "json")
    assert refused.status_code == 422
    told = "Several are called “Unknown”. Write the slug of one: trigger-unknown, cf-unknown,"
    assert refused.json()["fields"]["node"][0].startswith(told)
    assert not Tag.objects.exists()
    made = client.post("/api/v1/incident-tags/", {"incident": "INC-1", "node": "CF-Unknown"}, "json")
    assert (made.status_code, Tag.objects.get().node.slug) == (201, "cf-unknown")


def test_an_incident_with_several_parts_of_a_node_stands_on_its_page_once(sign_in, people, incident):
    part = Node.objects.exclude(parent=None).first()
    for node, sure in ((part, "suspected"), (part.parent, "confirmed")):
        Tag.objects.create(incident=incident, node=node, confidence=sure)
    page = sign_in(people.editor).get(f"/taxonomy/{part.parent.pk}/").content.decode()
    assert "1 incident" in page
    assert page.count("Pool runs dry") == 1
    assert "Confirmed" in page
