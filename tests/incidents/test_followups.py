"""Follow-ups: an idea binds nobody, a commitment has an owner and a day, an end has a reason or what shows it."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError

from incidents.declaring import declare
from incidents.followups import actions as followups
from incidents.models import FollowUp, Incident, Node, Severity, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
SOON = dt.date(2026, 12, 18)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


@pytest.fixture
def idea(incident, people) -> FollowUp:
    return followups.suggest(by=people.editor, incident=incident, values={"title": "Alert on the pool"})


def test_ideas_are_numbered_within_their_incident(idea, incident, people):
    second = followups.suggest(by=people.editor, incident=incident, values={"title": "Load gate"})
    other = declare(by=people.editor, values={"title": "Search is slow"})
    third = followups.suggest(by=people.editor, incident=other, values={"title": "Cache"})
    assert [str(each) for each in (idea, second, third)] == [
        "INC-1-1 Alert on the pool", "INC-1-2 Load gate", "INC-2-1 Cache",
    ]  # fmt: skip


def test_an_idea_is_committed_to_done_and_verified(idea, people):
    team = people.team.reference
    taken = followups.commit(by=people.editor, follow_up=idea, owner=team, due_on=SOON)
    assert (taken.state, taken.owner, taken.due_on, taken.committed_at) == ("committed", team, SOON, NOON)
    done = followups.finish(by=people.editor, follow_up=taken)
    verified = followups.verify(by=people.editor, follow_up=done, evidence="Drill of 3 December: paged in 40 s")
    assert (verified.state, verified.done_at, verified.ended_at) == ("verified", NOON, NOON)


@pytest.mark.parametrize(
    ("act", "values", "said"),
    [
        (followups.finish, {}, "INC-1-1 Alert on the pool is idea. From there it can be: committed, declined."),
        (followups.verify, {"evidence": "Drill of December"}, "From there it can be: committed, declined."),
        (followups.verify, {"evidence": "ok"}, "Say what shows that it works, in 10 letters or more."),
        (followups.decline, {"reason": "no"}, "Say why it is not done, in 10 letters or more."),
    ],
)
def test_a_step_that_there_is_not_is_refused_in_words(idea, people, act, values, said):
    with pytest.raises(ValidationError) as refused:
        act(by=people.editor, follow_up=idea, **values)
    assert said in " ".join(refused.value.messages)


def test_a_promise_is_not_moved_to_a_day_that_is_over(idea, people):
    today = dt.date(2026, 11, 22)
    promised = followups.commit(by=None, follow_up=idea, owner=people.team.reference, due_on=today)
    with pytest.raises(ValidationError, match="21 Nov 2026 is over"):
        followups.edit(by=None, record=promised, values={"due_on": dt.date(2026, 11, 21)})
    assert followups.edit(by=None, record=promised, values={"due_on": today, "title": "Alert"}).title == "Alert"


def test_nobody_commits_to_a_day_that_is_over(idea, people):
    with pytest.raises(ValidationError, match="21 Nov 2026 is over"):
        followups.commit(by=people.editor, follow_up=idea, owner=people.team.reference, due_on=dt.date(2026, 11, 21))


def test_nobody_commits_to_a_day_that_nobody_means(idea, people):
    for day in (dt.date(9999, 1, 1), dt.date(2101, 1, 1)):
        with pytest.raises(ValidationError, match="Take a day from 1 Jan 2000 to 31 Dec 2100"):
            followups.commit(by=people.editor, follow_up=idea, owner=people.team.reference, due_on=day)


def test_declined_with_a_reason_is_an_end_and_can_be_an_idea_again(idea, people):
    ended = followups.decline(by=people.editor, follow_up=idea, reason="The new gateway has this built in")
    assert (ended.state, ended.ended_at) == ("declined", NOON)
    again = followups.take_back(by=people.editor, follow_up=ended)
    assert (again.state, again.reason, again.ended_at) == ("idea", "", None)
    with pytest.raises(ValidationError, match="is an idea: there is nothing before that"):
        followups.take_back(by=people.editor, follow_up=again)


def test_what_was_verified_and_did_not_help_is_committed_to_again(idea, people):
    taken = followups.commit(by=people.editor, follow_up=idea, owner=people.team.reference, due_on=SOON)
    done = followups.finish(by=people.editor, follow_up=taken)
    verified = followups.verify(by=people.editor, follow_up=done, evidence="Drill of 3 December")
    again = followups.take_back(by=people.editor, follow_up=verified)
    assert (again.state, again.owner, again.due_on) == ("committed", people.team.reference, SOON)
    assert (again.done_at, again.ended_at) == (None, None)


def test_how_long_a_commitment_has_follows_from_how_bad_it_was(incident):
    assert followups.due_day(incident) == dt.date(2026, 12, 22)
    incident.severity = Severity.objects.get(slug="sev-1")
    assert followups.due_day(incident) == dt.date(2026, 12, 7)


def test_an_idea_gets_no_owner_by_editing_it(idea, people):
    with pytest.raises(ValidationError, match=r"is idea\. Commit to it"):
        followups.edit(by=people.editor, record=idea, values={"owner": people.team.reference})


def test_what_was_promised_and_is_over_is_late(idea, incident, people):
    later = followups.suggest(by=people.editor, incident=incident, values={"title": "Load gate"})
    for each, days in ((idea, 5), (later, 2)):
        due = NOON.date() + dt.timedelta(days=days)
        followups.commit(by=people.editor, follow_up=each, owner=people.team.reference, due_on=due)
    assert not FollowUp.objects.late(NOON.date()).exists()
    assert [each.title for each in FollowUp.objects.late(dt.date(2026, 11, 25))] == ["Load gate"]


def test_the_archive_says_how_often_it_would_have_helped_and_names_nothing_private(idea, incident, people):
    factor = Node.objects.get(slug="cf-no-alert")
    FollowUp.objects.filter(pk=idea.pk).update(factor=factor)
    idea.refresh_from_db()
    alike = declare(by=people.editor, values={"title": "Orders stuck"})
    secret = declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)
    for each in (incident, alike, secret):
        Tag.objects.create(incident=each, node=factor)
    assert set(followups.would_have_helped(idea, people.editor)) == {alike, secret}
    assert set(followups.would_have_helped(idea, people.stranger)) == {alike}
