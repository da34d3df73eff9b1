"""The acts on an incident's page: the next step, severity, roles, merging, what is missing, and the access list."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import letting_in, lifecycle, timeline
from incidents.declaring import declare
from incidents.models import Access, Assignment, Impact, Incident, IncidentRole, Node, Severity, Status, Tag
from tests.factories import make_entity, make_team
from tests.incidents.test_incident_pages import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
PAGE = "/incidents/inc-1/"
# What an incident's page may ask the database in all, with everybody's panels.
MOST_QUERIES = 18


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


@pytest.fixture
def secret(people) -> Incident:
    return declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)


def told(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("pk").values_list("text", flat=True))


# Moving on


def test_the_head_offers_the_next_step_and_a_menu_to_whoever_runs_it(sign_in, people, incident):
    page = words(sign_in(people.editor), PAGE)
    assert "INC-1 Investigating Open to all staff Card payments fail Running for 0 s. Mitigated" in page
    for act in ("Change severity", "Impact on services", "Merge into another", "Cancel the incident", "Edit"):
        assert act in page, act
    assert "Merge into another" not in words(sign_in(people.stranger), PAGE)


def test_a_step_asks_only_for_what_it_needs(sign_in, people, incident):
    client = sign_in(people.editor)
    assert (
        client.post(f"{PAGE}-/status/?to=mitigated", {"status": _status("monitoring"), "version": 1}).status_code == 302
    )
    assert Incident.objects.get().status.category == "mitigated"
    page = words(client, f"{PAGE}-/status/?to=active")
    assert "Why optional" in page
    client.post(f"{PAGE}-/status/?to=resolved", {"status": _status("resolved"), "version": 2})
    refused = client.post(
        f"{PAGE}-/status/?to=active", {"status": _status("investigating"), "version": 3, "reason": " "}
    )
    assert refused.status_code == 422
    assert Incident.objects.get().status.category == "resolved"


def test_a_way_there_is_not_is_refused_by_name(sign_in, people, incident):
    assert "There is no way “gone”" in words(sign_in(people.editor), f"{PAGE}-/status/?to=gone", 400)


def test_what_is_missing_is_said_when_it_is_resolved_and_keeps_nobody_from_it(sign_in, people, incident):
    client = sign_in(people.editor)
    Impact.objects.create(incident=incident, subject=make_entity("till").reference)
    page = words(client, f"{PAGE}-/status/?to=resolved")
    for said in ("How bad it was: say its severity", "until when it hit till: say it", "What kind of incident it was"):
        assert said in page, said
    client.post(f"{PAGE}-/status/?to=resolved", {"status": _status("resolved"), "version": 1})
    assert Incident.objects.get().status.category == "resolved"


def _status(slug: str) -> int:
    return Status.objects.get(slug=slug).pk


def test_severity_is_changed_with_a_reason_that_the_timeline_keeps(sign_in, people, incident):
    client, bad = sign_in(people.editor), Severity.objects.get(rank=2)
    client.post(f"{PAGE}-/severity/", {"severity": bad.pk, "reason": "All countries", "version": 1})
    assert Incident.objects.get().severity == bad
    assert told(incident)[-1] == "Severity changed from none to SEV-2. All countries"
    stale = client.post(f"{PAGE}-/severity/", {"severity": "", "version": 1})
    assert (stale.status_code, "Somebody changed it in the meantime" in stale.content.decode()) == (422, True)


# Roles


def test_a_role_is_given_to_anybody_handed_over_and_laid_down(sign_in, people, incident):
    client = sign_in(people.editor)
    client.post(f"{PAGE}-/roles/scribe/", {"person": "reader"})
    client.post(f"{PAGE}-/roles/scribe/", {"person": "user:default/stranger"})
    assert told(incident)[-2:] == ["Scribe: Reader takes it.", "Scribe: Stranger takes it over from Reader."]
    assert sign_in(people.reader).post(f"{PAGE}-/roles/scribe/lay-down/").status_code == 403
    assert sign_in(people.stranger).post(f"{PAGE}-/roles/scribe/lay-down/").status_code == 302
    assert not Assignment.objects.filter(to_at=None).exists()
    assert Assignment.objects.count() == 2


def test_somebody_who_is_not_let_in_is_given_no_role_in_a_private_one(sign_in, people, secret):
    refused = sign_in(people.editor).post(f"/incidents/{secret.name}/-/roles/lead/", {"person": "reader"})
    assert "Reader does not see PRIV-1. Let them in first." in refused.content.decode()
    assert not Assignment.objects.exists()


# Merging


def test_it_is_merged_by_number_with_a_reason_and_leads_on(sign_in, people, incident):
    declare(by=people.editor, values={"title": "Wallet fails"})
    sent = {"into": "INC-2", "reason": "Same pool", "version": 1}
    assert sign_in(people.editor).post(f"{PAGE}-/merge/", sent).url == "/incidents/inc-2/"
    assert told(incident)[-1] == "Merged into INC-2 Wallet fails. Same pool"
    assert "Merged into INC-2 Wallet fails Open INC-2" in words(sign_in(people.stranger), PAGE)


def test_a_private_one_cannot_be_guessed_by_merging(sign_in, people, incident):
    declare(by=people.reader, values={"title": "Keys leaked"}, is_private=True)
    answers = []
    for number in ("PRIV-1", "PRIV-9"):
        refused = sign_in(people.editor).post(f"{PAGE}-/merge/", {"into": number, "version": 1})
        answers.append((refused.status_code, f"There is no incident “{number}”" in refused.content.decode()))
    assert answers == [(422, True), (422, True)]


def test_private_ones_that_different_people_see_are_not_merged(sign_in, people, secret):
    both = [people.editor.person.reference, people.reader.person.reference]
    declare(by=people.reader, values={"title": "More keys"}, is_private=True, let_in=both)
    refused = sign_in(people.editor).post("/incidents/priv-1/-/merge/", {"into": "PRIV-2", "version": 1})
    assert "They are seen by different people" in refused.content.decode()


# Access


def test_the_access_list_is_shown_and_edited_and_never_left_empty(sign_in, people, secret):
    client, page = sign_in(people.editor), "/incidents/priv-1/-/access/"
    client.post(page, {"who": "reader, group:default/checkout"})
    assert {"Editor", "Reader", "Checkout"} <= set(words(client, page).split())
    assert sign_in(people.reader).get("/incidents/priv-1/").status_code == 200
    sign_in(people.editor).post(f"{page}take-out/", {"who": "user:default/reader"})
    assert sign_in(people.reader).get("/incidents/priv-1/").status_code == 404
    client = sign_in(people.editor)
    client.post(f"{page}take-out/", {"who": "group:default/checkout"})
    refused = client.post(f"{page}take-out/", {"who": "user:default/editor"}, follow=True)
    assert "Then nobody would see PRIV-1" in refused.content.decode()
    assert list(Access.objects.values_list("who__name", flat=True)) == ["editor"]


def test_a_team_without_anybody_in_it_is_nobody(people, secret):
    empty = make_team("empty").reference
    letting_in.let_in(by=people.editor, incident=secret, who=[empty])
    with pytest.raises(Exception, match="Then nobody would see"):
        letting_in.take_out(by=people.editor, incident=secret, who=people.editor.person.reference)


def test_whoever_has_a_role_hands_it_over_before_being_taken_out(people, secret):
    letting_in.let_in(by=people.editor, incident=secret, who=[people.reader.person.reference])
    lead = IncidentRole.objects.get(slug="lead")
    lifecycle.give_role(by=None, incident=secret, role=lead, person=people.reader.person.reference)
    with pytest.raises(Exception, match="Reader is Lead of PRIV-1"):
        letting_in.take_out(by=people.editor, incident=secret, who=people.reader.person.reference)
    assert Access.objects.count() == 2


# How much a page asks


def test_the_page_asks_the_same_however_much_there_is(sign_in, people):
    values = {"title": "Card payments fail", "owner": people.team.reference, "severity": Severity.objects.get(rank=1)}
    incident = declare(by=people.editor, values=values, services=[make_entity("till").reference])
    lead = IncidentRole.objects.get(slug="lead")
    lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=people.reader.person.reference)
    few = _queries(sign_in(people.editor))
    for number in range(6):
        Impact.objects.create(incident=incident, subject=make_entity(f"hit-{number}").reference)
        timeline.note(by=people.editor, incident=incident, text=f"Seen {number}")
        Tag.objects.create(incident=incident, node=Node.objects.filter(is_unknown=False)[number])
    many = _queries(sign_in(people.editor))
    assert (len(many), len(many) <= MOST_QUERIES) == (len(few), True), "\n".join(many)


def _queries(client) -> list[str]:
    client.get(PAGE)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PAGE).status_code == 200
    return [each["sql"][:160] for each in captured]


def test_whoever_is_let_into_one_of_two_that_were_merged_sees_both_and_is_taken_out_of_both(sign_in, people, secret):
    same = declare(by=people.editor, values={"title": "Keys leaked twice"}, is_private=True)
    lifecycle.merge(by=people.editor, incident=same, into=secret)
    for act, one, seen in (("access", "priv-1", 200), ("access/take-out", "priv-2", 404)):
        sign_in(people.editor).post(f"/incidents/{one}/-/{act}/", {"who": "user:default/reader"})
        reader = sign_in(people.reader)
        assert [reader.get(f"/incidents/{name}/").status_code for name in ("priv-1", "priv-2")] == [seen, seen], act
