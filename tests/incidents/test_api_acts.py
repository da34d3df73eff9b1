"""Incidents by the API: a chat bot or a pipeline moves them on, says times and roles, writes and reads timelines."""

import pytest
from rest_framework.test import APIClient

from incidents.declaring import declare
from incidents.models import Incident, IncidentTime
from tests.factories import token_for

pytestmark = pytest.mark.django_db

STATUS, ROLES, TIMES, TIMELINE = (
    f"/api/v1/incidents/inc-1/-/{act}/" for act in ("status", "roles", "times", "timeline")
)


def by(who, *scopes: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(who, *scopes)}")
    return client


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


@pytest.fixture
def bot(incident, people) -> APIClient:
    return by(people.editor)


def texts(client: APIClient, **asked) -> list[str]:
    return [each["text"] for each in client.get(TIMELINE, asked).json()["items"]]


def test_an_incident_is_moved_on_and_the_answer_is_the_incident_as_it_is_now(bot):
    answer = bot.post(STATUS, {"status": "identified"}, format="json")
    assert (answer.status_code, answer.json()["status"]) == (200, "Identified")
    assert answer.headers["ETag"].startswith('"')
    assert "Status changed: Investigating to Identified." in texts(bot)


def test_a_status_there_is_not_is_refused_with_those_there_are_and_a_way_there_is_not_with_why(bot):
    said = bot.post(STATUS, {"status": "fixd"}, format="json")
    assert said.status_code == 422
    assert "There is no status “fixd”. There are: Triage, Investigating, Identified" in said.json()["error"]
    assert "From there it can be" in bot.post(STATUS, {"status": "closed"}, format="json").json()["error"]
    assert "Say why it is cancelled" in bot.post(STATUS, {"status": "cancelled"}, format="json").json()["error"]
    assert "cannot be written here" in bot.post(STATUS, {"state": "x"}, format="json").json()["error"]


def test_times_are_said_exactly_about_between_or_taken_back(bot, incident):
    times = {
        "started": {"at": "2026-01-01T10:00:00Z"},
        "detected": {"at": "2026-01-01T10:05:00+00:00", "give_or_take_s": 120},
        "mitigated": {"at": "2026-01-01T11:00:00Z", "until": "2026-01-01T11:10:00Z", "said_by": "the pipeline"},
    }
    for point, said in times.items():
        assert bot.post(TIMES, {"point": point, **said}, format="json").status_code == 200
    assert IncidentTime.objects.get(point="mitigated").source == "the pipeline"
    known = dict(IncidentTime.objects.values_list("point", "precision"))
    assert known == {"started": "exact", "detected": "about", "mitigated": "interval"}
    bot.post(TIMES, {"point": "detected", "at": None}, format="json")
    assert not IncidentTime.objects.filter(point="detected").exists()
    far = bot.post(TIMES, {"point": "resolved", "at": "2099-01-01T10:00:00Z"}, format="json")
    assert (far.status_code, list(far.json()["fields"])) == (422, ["at"])
    reversed_ = {"point": "resolved", "at": "2026-01-01T10:00:00Z", "until": "2026-01-01T09:00:00Z"}
    assert "Swap the two times" in bot.post(TIMES, reversed_, format="json").json()["error"]


def test_a_role_is_given_by_who_runs_it_and_taken_by_anybody(bot, incident, people):
    answer = bot.post(ROLES, {"role": "lead", "person": people.reader.person.name}, format="json")
    assert answer.status_code == 200
    assert incident.assignments.get(to_at=None).person == people.reader.person.reference
    own, other = people.stranger.person.name, people.editor.person.name
    stranger = by(people.stranger)
    assert stranger.post(ROLES, {"role": "scribe", "person": other}, format="json").status_code == 403
    assert stranger.post(ROLES, {"role": "scribe", "person": own}, format="json").status_code == 200
    machine = by(people.service_account)
    assert machine.post(ROLES, {"role": "lead", "person": None}, format="json").status_code == 403


def test_the_timeline_is_written_by_anybody_and_read_page_by_page(bot, incident, people):
    machine = by(people.service_account)
    made = machine.post(TIMELINE, {"text": "Took build 4712 back", "kind": "action"}, format="json")
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("kind", "by", "corrects")} == {
        "kind": "action", "by": str(people.service_account), "corrects": None,
    }  # fmt: skip
    for number in range(100):
        incident.timeline.create(text=f"Event {number}", happened_at=incident.declared_at)
    first = bot.get(TIMELINE).json()
    assert len(first["items"]) == 100
    assert len(bot.get(first["next"]).json()["items"]) == 2
    assert bot.get(TIMELINE, {"page": "0"}).status_code == bot.get(TIMELINE, {"order": "up"}).status_code == 400
    assert bot.post(TIMELINE, {"text": "x", "kind": "deployment"}, format="json").status_code == 422


def test_who_does_not_run_it_or_may_only_read_changes_nothing(incident, people):
    assert by(people.stranger).post(STATUS, {"status": "identified"}, format="json").status_code == 403
    assert by(people.editor, "read").post(STATUS, {"status": "identified"}, format="json").status_code == 403
    incident.refresh_from_db()
    assert incident.status.slug == "investigating"


@pytest.mark.parametrize("address", ["status", "roles", "times", "timeline"])
def test_a_private_one_is_not_there_for_others(address, people):
    declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)
    for who in (people.stranger, people.administrator):
        client, place = by(who), f"/api/v1/incidents/priv-1/-/{address}/"
        assert client.post(place, {}, format="json").status_code == 404
        assert client.get(place).status_code in {404, 405}
