"""A factor that recurs is proposed with its evidence and price, refreshed, and withdrawn; nothing private is told."""

import pytest
import time_machine

from incidents.followups import actions as followups
from incidents.insights import facts, recurring
from incidents.models import Impact, Node
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal
from tests import factories
from tests.incidents.test_insights import DAY, MINUTE, NOON, happened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def three(people):
    cart = factories.make_entity("cart", owner=people.team)
    made = [happened(days, {}, "cf-no-alert", owner=people.team.reference) for days in (100, 50, 20)]
    for each in made:
        at = each.declared_at
        Impact.objects.create(
            incident=each, subject=cart.reference, started_at=at, ended_at=at + 40 * MINUTE, customers=100
        )
    followups.suggest(by=None, incident=made[0], values={
        "title": "Alert", "factor": Node.objects.get(slug="cf-no-alert"),
    })  # fmt: skip
    facts.refresh_stale()
    return made


def test_three_of_a_team_in_half_a_year_are_proposed_with_what_they_cost(three):
    assert recurring.refresh() == 1
    proposal = Proposal.objects.get()
    assert proposal.title == "No alert for this symptom: 3 incidents of Checkout in 180 days"
    assert proposal.evidence["the newest"] == ["INC-3", "INC-2", "INC-1"]
    assert proposal.evidence["services"] == ["cart (3)"]
    assert proposal.price == {
        "impact so far": "2 h", "customers hit": 300, "follow-ups open against it": 1, "follow-ups done against it": 0,
    }  # fmt: skip
    assert "contributed to 3 incidents of Checkout in the last 180 days" in proposal.text


def test_its_link_leads_to_exactly_these(three, people, sign_in):
    recurring.refresh()
    happened(10, {}, "cf-no-alert", owner=people.team.reference, kind="drill")
    happened(200, {}, "cf-no-alert", owner=people.team.reference)
    url = Proposal.objects.get().url
    answer = sign_in(people.stranger).get(url.replace("/incidents/?", "/api/v1/incidents/?"))
    assert answer.json()["total"] == 3


def test_two_runs_make_one_and_a_fourth_is_written_into_it(three, people):
    recurring.refresh()
    recurring.refresh()
    happened(5, {}, "cf-no-alert", owner=people.team.reference)
    recurring.refresh()
    assert Proposal.objects.get().evidence["incidents"] == 4


def test_it_is_withdrawn_when_it_no_longer_recurs(three):
    recurring.refresh()
    with time_machine.travel(NOON + 100 * DAY):
        assert recurring.refresh() == 0
    withdrawn = Proposal.objects.get()
    assert (withdrawn.state, withdrawn.reason) == (
        "withdrawn", "It came up in too few incidents of the last 180 days.",
    )  # fmt: skip


def test_what_was_declined_is_asked_anew_when_there_are_twice_as_many(three, people):
    recurring.refresh()
    proposals.decline(by=people.product_manager, proposal=Proposal.objects.get(), reason="Known, and accepted")
    happened(5, {}, "cf-no-alert", owner=people.team.reference)
    recurring.refresh()
    assert Proposal.objects.count() == 1
    for days in (4, 3):
        happened(days, {}, "cf-no-alert", owner=people.team.reference)
    recurring.refresh()
    assert Proposal.objects.filter(state="open").get().evidence["incidents"] == 6


def test_over_several_teams_it_takes_five(people):
    for days, owner in ((9, people.team), (8, people.team), (7, people.other), (6, people.other)):
        happened(days, {}, "change-config", owner=owner.reference)
    assert recurring.refresh() == 0
    happened(5, {}, "change-config")
    assert recurring.refresh() == 1
    assert Proposal.objects.get().title == "Configuration rollout: 5 incidents of the organisation in 180 days"


def test_private_incidents_drills_near_misses_and_what_nobody_knows_make_no_proposal(people):
    for days in (9, 8, 7):
        happened(days, {}, "hostile-intrusion", owner=people.team.reference, is_private=True, by=people.editor)
        happened(days, {}, "cf-no-alert", owner=people.team.reference, kind="near_miss")
        happened(days, {}, "trigger-unknown", owner=people.team.reference)
    assert recurring.refresh() == 0
    assert not Proposal.objects.exists()
