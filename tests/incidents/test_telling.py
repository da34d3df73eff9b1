"""Who is told what of an incident, why, and what happens where telling fails."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents import lifecycle, telling
from incidents.declaring import declare
from incidents.models import Assignment, IncidentRole, Severity, Status
from incidents.status_texts.posting import post
from portal.delivery.models import Notification, OutboxMessage
from portal.people.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(people):
    return factories.make_user("colleague", teams=(people.team,))


@pytest.fixture
def incident(people, colleague):
    cart = factories.make_entity("cart", owner=people.team)
    return declare(by=people.stranger, values={"title": "Cart is empty"}, services=[cart.reference])


def inbox(user) -> list[tuple[str, str]]:
    rows = Notification.objects.filter(user=user).order_by("pk")
    return [(each.title, each.why) for each in rows]


def status(slug: str) -> Status:
    return Status.objects.get(slug=slug)


def test_the_team_of_a_service_is_told_that_an_incident_is_declared_on_it_and_why(people, incident, colleague):
    assert inbox(colleague) == [("INC-1 Cart is empty", "You are in Checkout, which owns INC-1.")]
    assert inbox(people.reader) == []
    told = OutboxMessage.objects.filter(kind="incident-declared", channel="email")
    assert sorted(told.values_list("recipient", flat=True)) == ["colleague@larkspur.example", "editor@larkspur.example"]


def test_the_chat_of_the_team_is_told_as_well(people, colleague):
    factories.make_webhook(people.team, "#checkout")
    declare(by=None, values={"title": "Cart is empty", "owner": people.team.reference})
    (message,) = OutboxMessage.objects.filter(channel="chat")
    assert (message.title, message.payload["url"]) == ("INC-1 Cart is empty", "/incidents/inc-1/")


def test_whoever_did_it_is_not_told_and_who_declared_it_is_told_by_that_reason(people, incident, colleague):
    lifecycle.change_status(by=people.editor, incident=incident, status=status("monitoring"))
    assert inbox(people.stranger) == [("INC-1 is Monitoring", "You declared INC-1.")]
    assert "INC-1 is Monitoring" not in dict(inbox(people.editor))
    assert "INC-1 is Monitoring" in dict(inbox(colleague))


def test_an_incident_that_is_back_is_told_with_the_reason(people, incident):
    lifecycle.change_status(by=people.editor, incident=incident, status=status("resolved"))
    again = {"status": status("investigating"), "reason": "Errors are back"}
    lifecycle.change_status(by=people.editor, incident=incident, **again)
    told = Notification.objects.get(user=people.stranger, kind="incident-reopened")
    assert (told.title, told.text) == ("INC-1 is open again: Investigating", "Cart is empty\nErrors are back")


def test_that_it_is_worse_is_told_and_that_it_is_less_bad_is_not(people, incident):
    for slug in ("sev-3", "sev-1", "sev-2"):
        lifecycle.change_severity(by=people.editor, incident=incident, severity=Severity.objects.get(slug=slug))
    assert [title for title, _ in inbox(people.stranger)] == ["INC-1 is SEV-3", "INC-1 is SEV-1, SEV-3 before"]


def test_a_role_is_told_to_who_gets_it_and_to_who_had_it(people, incident, colleague):
    lead = IncidentRole.objects.get(slug="lead")
    lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=people.reader.person.reference)
    lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=people.stranger.person.reference)
    assert inbox(people.reader) == [
        ("You are Lead of INC-1 Cart is empty", "Editor gave you a role in it."),
        ("You are no longer Lead of INC-1 Cart is empty: Stranger takes it over", "You had the role Lead."),
    ]
    lifecycle.give_role(by=colleague, incident=incident, role=lead, person=colleague.person.reference)
    assert "You are Lead of INC-1 Cart is empty" not in dict(inbox(colleague))


def test_a_status_update_is_told_to_everybody_whom_it_concerns(people, incident, colleague):
    post(by=people.editor, incident=incident, internal_text="Rolled back.")
    told = Notification.objects.get(user=colleague, kind="incident-update")
    assert (told.title, told.text, told.url) == (
        "Status update of INC-1 Cart is empty",
        "Rolled back.",
        "/incidents/inc-1/",
    )


def test_of_a_private_incident_only_those_let_in_are_told_and_nothing_leaves_the_portal(people, colleague):
    cart = factories.make_entity("cart", owner=people.team)
    factories.make_webhook(people.team)
    secret = declare(
        by=people.stranger, values={"title": "Keys"}, services=[cart.reference], is_private=True,
        let_in=[people.reader.person.reference],
    )  # fmt: skip
    post(by=people.stranger, incident=secret, internal_text="Rotated.")
    assert [title for title, _ in inbox(people.reader)] == ["PRIV-1 Keys", "Status update of PRIV-1 Keys"]
    assert inbox(people.editor) == inbox(colleague) == inbox(people.administrator) == []
    assert not OutboxMessage.objects.exists()


def test_what_is_written_down_afterwards_wakes_nobody(people, colleague):
    for values in ({"kind": "retrospective"}, {"status": status("closed")}):
        declare(by=None, values={"title": "Last year", "owner": people.team.reference, **values})
    assert not Notification.objects.exists()


def test_a_drill_says_so_first(people, colleague):
    declare(by=None, values={"title": "Region lost", "kind": "drill", "owner": people.team.reference})
    assert inbox(colleague)[0][0] == "Drill: INC-1 Region lost"


def test_telling_that_fails_keeps_nothing_from_happening(people, incident, monkeypatch):
    def fails(**values):
        raise RuntimeError("no inbox today")

    monkeypatch.setattr(telling, "notify", fails)
    moved = lifecycle.change_status(by=people.editor, incident=incident, status=status("resolved"))
    assert moved.status.category == "resolved"
    lifecycle.give_role(by=people.editor, incident=incident, role=IncidentRole.objects.get(slug="lead"),
                        person=people.reader.person.reference)  # fmt: skip
    assert Assignment.objects.filter(incident=incident, to_at=None).exists()
    assert post(by=people.editor, incident=incident, internal_text="Rolled back.").pk
    assert declare(by=people.editor, values={"title": "Another"}).pk
    assert not Notification.objects.filter(user=people.reader).exists()


def test_who_has_left_the_team_that_is_let_in_is_not_told_that_their_role_went_on(people, colleague):
    team, lead = people.team.reference, IncidentRole.objects.get(slug="lead")
    secret = declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True, let_in=[team])
    lifecycle.give_role(by=people.editor, incident=secret, role=lead, person=colleague.person.reference)
    Membership.objects.filter(person=colleague.person.reference).update(
        effective_to=timezone.localdate() - dt.timedelta(days=1)
    )
    before = inbox(colleague)
    lifecycle.give_role(by=people.editor, incident=secret, role=lead, person=None)
    assert inbox(colleague) == before
