"""Reminders of follow-ups: three days before, on the day, and each week after it; each once, and of the work."""

import datetime as dt

import pytest
import time_machine

from incidents.declaring import declare
from incidents.followups import actions
from incidents.followups.reminders import remind
from incidents.models import FollowUp
from portal.delivery.models import Notification, OutboxMessage

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
DUE = dt.date(2026, 12, 10)


@pytest.fixture
def promised(people) -> FollowUp:
    with time_machine.travel(NOON, tick=False):
        incident = declare(by=people.editor, values={"title": "Card payments fail"})
        idea = actions.suggest(by=None, incident=incident, values={"title": "Alert on the pool"})
        return actions.commit(by=None, follow_up=idea, owner=people.team.reference, due_on=DUE)


def told_from(first: dt.date, last: dt.date) -> list[str]:
    """What a run each morning tells, in order."""
    for day in range((last - first).days + 1):
        with time_machine.travel(dt.datetime.combine(first, dt.time(8), dt.UTC) + dt.timedelta(days=day), tick=False):
            remind()
            remind()
    return [title.partition(": ")[2] for title in Notification.objects.order_by("pk").values_list("title", flat=True)]


def test_the_team_is_told_before_the_day_on_it_and_each_week_after_it_once(promised, people):
    told = told_from(dt.date(2026, 12, 1), dt.date(2026, 12, 25))
    assert told == ["due in 3 days", "due today", "7 days late", "14 days late"]
    assert set(Notification.objects.values_list("user", flat=True)) == {people.editor.pk}
    assert Notification.objects.first().why == "You are in Checkout, which committed to it."


def test_a_day_on_which_nothing_ran_is_made_up_for(promised):
    assert told_from(dt.date(2026, 12, 12), dt.date(2026, 12, 13)) == ["2 days late"]


def test_what_is_done_is_not_asked_for(promised):
    actions.finish(by=None, follow_up=promised)
    assert told_from(dt.date(2026, 12, 8), dt.date(2026, 12, 12)) == []


def test_another_day_is_told_of_anew(promised, people):
    assert told_from(DUE, DUE) == ["due today"]
    with time_machine.travel(NOON, tick=False):
        actions.edit(by=people.editor, record=promised, values={"due_on": DUE + dt.timedelta(days=1)})
    assert told_from(DUE, DUE) == ["due today", "due in 1 day"]


def test_of_a_private_incident_only_who_is_let_in_is_told(people):
    with time_machine.travel(NOON, tick=False):
        secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
        idea = actions.suggest(by=None, incident=secret, values={"title": "Rotate zanzibar"})
        actions.commit(by=None, follow_up=idea, owner=people.other.reference, due_on=DUE)
    assert told_from(DUE, DUE) == []
    assert not OutboxMessage.objects.filter(title__contains="anzibar").exists()


def test_of_a_private_incident_nothing_stands_in_mail_chat_or_the_list_of_deliveries(people):
    with time_machine.travel(NOON, tick=False):
        secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
        idea = actions.suggest(by=None, incident=secret, values={"title": "Rotate zanzibar"})
        actions.commit(by=None, follow_up=idea, owner=people.team.reference, due_on=DUE)
    assert told_from(DUE, DUE) == ["due today"]
    assert not OutboxMessage.objects.exists()
