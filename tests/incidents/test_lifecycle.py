"""Declaring an incident and moving it on: numbers, statuses, reasons, times, roles, merging, and its timeline."""

import datetime as dt
import threading

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection

from incidents import lifecycle, timeline
from incidents.declaring import declare
from incidents.editing import update_incident
from incidents.models import Incident, IncidentRole, IncidentTime, Series, Severity, Status, TimelineEvent
from portal.actions import Conflict
from tests.factories import make_entity, make_team

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


def status(slug: str) -> Status:
    return Status.objects.get(slug=slug)


def told(incident: Incident) -> list[str]:
    return list(TimelineEvent.objects.filter(incident=incident).order_by("pk").values_list("text", flat=True))


# Declaring


def test_a_title_is_enough(incident, people):
    assert (incident.name, incident.reference.canonical) == ("INC-1", "incident:default/inc-1")
    assert (str(incident.status), incident.severity, incident.kind) == ("Investigating", None, "real")
    assert (incident.declared_at, incident.declared_by) == (NOON, people.editor)
    assert told(incident) == ["Declared as Investigating."]


def test_the_first_service_that_is_owned_says_who_owns_the_incident(people):
    services = [make_entity("orphan").reference, make_entity("till", owner=people.team).reference]
    made = declare(by=people.reader, values={"title": "Till is slow"}, services=services)
    assert made.owner == people.team.reference
    assert [each.subject for each in made.impacts.order_by("pk")] == services


def test_private_and_public_incidents_number_apart(people, incident):
    secret = declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)
    public = declare(by=people.editor, values={"title": "Search is slow"})
    assert (secret.name, public.name) == ("PRIV-1", "INC-2")


def test_a_private_incident_is_seen_by_who_declared_it_and_who_is_let_in(people):
    secret = declare(
        by=people.editor, values={"title": "Keys leaked"}, is_private=True, let_in=[people.reader.person.reference]
    )
    for name, sees in (("editor", True), ("reader", True), ("stranger", False), ("administrator", False)):
        found = Incident.objects.visible(getattr(people, name))
        assert found.filter(pk=secret.pk).exists() is sees, name


def test_a_private_incident_that_nobody_could_see_is_refused(people):
    with pytest.raises(ValidationError, match="Nobody could see this incident"):
        declare(by=None, values={"title": "Keys leaked"}, is_private=True)
    assert not Series.objects.filter(prefix="PRIV", last_number__gt=0).exists()


def test_a_private_incident_that_only_an_empty_team_would_see_is_refused(people):
    empty = make_team("nobody-is-in-it").reference
    with pytest.raises(ValidationError, match="Nobody could see this incident"):
        declare(by=None, values={"title": "Keys leaked"}, is_private=True, let_in=[empty])
    assert not Incident.objects.exists()


def test_what_does_not_fit_takes_no_number(people):
    with pytest.raises(ValidationError):
        declare(by=people.editor, values={"title": "x" * 201})
    assert declare(by=people.editor, values={"title": "Real one"}).name == "INC-1"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_declare_at_once_each_has_a_number_and_none_is_left_out(people):
    def one(number: int) -> None:
        declare(by=people.editor, values={"title": f"Incident {number}"})
        connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    numbers = Incident.objects.values_list("name", flat=True)
    assert sorted(int(name.removeprefix("INC-")) for name in numbers) == list(range(1, 9))


# Moving on


def test_mitigated_and_resolved_note_their_time_and_a_time_that_was_said_stays(incident, people):
    IncidentTime.objects.create(incident=incident, point="mitigated", at=NOON - 9 * MINUTE, source="pipeline")
    moved = lifecycle.change_status(by=people.editor, incident=incident, status=status("monitoring"))
    lifecycle.change_status(by=people.editor, incident=moved, status=status("resolved"))
    assert dict(incident.times.values_list("point", "at")) == {"mitigated": NOON - 9 * MINUTE, "resolved": NOON}
    assert told(incident)[1:] == [
        "Status changed: Investigating to Monitoring.", "Status changed: Monitoring to Resolved.",
    ]  # fmt: skip


def test_a_time_that_was_said_before_its_status_came_stays_as_the_incident_moves_on(incident, people):
    for point, minutes in (("mitigated", 20), ("resolved", 10)):
        IncidentTime.objects.create(incident=incident, point=point, at=NOON - minutes * MINUTE, source="a customer")
    for slug in ("identified", "triage", "investigating", "monitoring", "resolved"):
        lifecycle.change_status(by=people.editor, incident=incident, status=status(slug))
    assert list(incident.times.order_by("at").values_list("point", "at", "source")) == [
        ("mitigated", NOON - 20 * MINUTE, "a customer"), ("resolved", NOON - 10 * MINUTE, "a customer"),
    ]  # fmt: skip


def test_opening_again_needs_a_reason_and_takes_the_resolution_away(incident, people):
    done = lifecycle.change_status(by=people.editor, incident=incident, status=status("resolved"))
    with pytest.raises(ValidationError, match="Say why it is opened again"):
        lifecycle.change_status(by=people.editor, incident=done, status=status("investigating"), reason="again")
    opened = lifecycle.change_status(
        by=people.editor, incident=done, status=status("investigating"), reason="Errors are back in one zone"
    )
    assert opened.reason == "Errors are back in one zone"
    assert not incident.times.exists()
    assert told(incident)[-1] == "Opened again: Resolved to Investigating. Errors are back in one zone"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("monitoring", "closed", "INC-1 is mitigated. From there it can be: Active, Resolved."),
        ("investigating", "closed", "INC-1 is active. From there it can be: Triage, Mitigated, Resolved, Cancelled."),
        ("investigating", "merged", "Say which incident it is merged into."),
        ("investigating", "cancelled", "Say why it is cancelled, in 10 letters or more."),
    ],
)
def test_a_way_that_there_is_not_is_refused_with_those_there_are(incident, people, before, after, said):
    moved = lifecycle.change_status(by=people.editor, incident=incident, status=status(before))
    with pytest.raises(ValidationError) as refused:
        lifecycle.change_status(by=people.editor, incident=moved, status=status(after))
    assert said in " ".join(refused.value.messages)


def test_a_change_that_somebody_else_was_first_with_is_a_conflict(incident, people):
    lifecycle.change_status(by=people.editor, incident=incident, status=status("identified"), version=1)
    with pytest.raises(Conflict):
        lifecycle.change_status(by=people.editor, incident=incident, status=status("resolved"), version=1)


def test_severity_says_which_way_it_went_and_why(incident, people):
    first, second = Severity.objects.get(slug="sev-3"), Severity.objects.get(slug="sev-1")
    moved = lifecycle.change_severity(by=people.editor, incident=incident, severity=first)
    lifecycle.change_severity(by=people.editor, incident=moved, severity=second, reason="All countries are hit.")
    assert told(incident)[1:] == [
        "Severity changed from none to SEV-3.", "Severity raised from SEV-3 to SEV-1. All countries are hit.",
    ]  # fmt: skip


# Merging


def test_who_changes_the_title_does_not_take_back_a_severity_that_somebody_raised_meanwhile(incident, people):
    loaded = Incident.objects.get(pk=incident.pk)
    lifecycle.change_severity(by=people.editor, incident=incident, severity=Severity.objects.get(slug="sev-1"))
    update_incident(by=people.editor, record=loaded, values={"title": "Card payments fail everywhere"})
    incident.refresh_from_db()
    assert (incident.title, str(incident.severity)) == ("Card payments fail everywhere", "SEV-1")
    assert [text for text in told(incident) if "Severity" in text] == ["Severity changed from none to SEV-1."]


def test_a_merged_incident_names_the_one_that_goes_on_and_both_say_so(incident, people):
    other = declare(by=people.editor, values={"title": "Wallet fails"})
    merged = lifecycle.merge(by=people.editor, incident=other, into=incident)
    assert (merged.status.category, merged.merged_into) == ("merged", incident)
    assert told(other)[-1] == "Merged into INC-1 Card payments fail."
    assert told(incident)[-1] == "INC-2 Wallet fails was merged into this."
    third = declare(by=people.editor, values={"title": "Third"})
    with pytest.raises(ValidationError, match="is merged into INC-1 Card payments fail itself"):
        lifecycle.merge(by=people.editor, incident=third, into=merged)


def test_a_private_incident_is_not_merged_into_a_public_one(incident, people):
    secret = declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)
    with pytest.raises(ValidationError, match="one would name the other"):
        lifecycle.merge(by=people.editor, incident=secret, into=incident)


# Roles


def test_who_takes_the_lead_acknowledges_and_a_hand_over_names_both(incident, people):
    lead = IncidentRole.objects.get(slug="lead")
    first, second = people.editor.person.reference, people.reader.person.reference
    lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=first)
    lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=first)
    lifecycle.give_role(by=people.reader, incident=incident, role=lead, person=second)
    assert incident.times.get(point="acknowledged").at == NOON
    assert told(incident)[1:] == [f"Lead: {first} takes it.", f"Lead: {second} takes it over from {first}."]
    assert [each.to_at for each in incident.assignments.order_by("pk")] == [NOON, None]


# The timeline


def test_a_correction_takes_the_place_of_an_event_which_stays(incident, people):
    event = timeline.note(by=people.reader, incident=incident, text="Pool is full", happened_at=NOON - 5 * MINUTE)
    newer = timeline.correct(by=people.editor, event=event, text="Pool of the new build is full")
    assert (newer.supersedes, newer.happened_at, event.text) == (event, NOON - 5 * MINUTE, "Pool is full")
    with pytest.raises(ValidationError, match="Somebody corrected this event already"):
        timeline.correct(by=people.reader, event=event, text="Another")
    struck = timeline.withdraw(by=people.editor, event=newer)
    assert (struck.withdrawn, TimelineEvent.objects.filter(incident=incident).count()) == (True, 4)


def test_what_a_machine_tells_again_is_noted_once(incident):
    for _ in range(3):
        timeline.note_once(
            incident=incident, kind="rollback", text="gateway rolled back", at=NOON, source="CI", source_key="ci-7"
        )
    assert told(incident)[1:] == ["gateway rolled back"]


def test_what_has_not_happened_yet_and_what_only_the_portal_notes_are_refused(incident, people):
    with pytest.raises(ValidationError, match="This is yet to come"):
        timeline.note(by=people.reader, incident=incident, text="Later", happened_at=NOON + 6 * MINUTE)
    with pytest.raises(ValidationError, match="is noted by the portal itself"):
        timeline.note(by=people.reader, incident=incident, text="Alert", kind="alert")
    with pytest.raises(ValidationError, match="Say what happened"):
        timeline.note(by=people.reader, incident=incident, text="  ")
