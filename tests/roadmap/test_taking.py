"""Proposals become initiatives and bring along what speaks for them."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.insights import recurring
from incidents.models import Node, Tag
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal
from portal.tenure import organisation_today
from roadmap.initiatives.actions import link
from roadmap.models import Initiative, Link, Status, TradeOff
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.services.health.limits import make_limit

pytestmark = pytest.mark.django_db


def _of_limit(people):
    database = factories.make_entity("orders-db", kind="resource", owner=people.team)
    limit = make_limit([1, 2], ceiling=9, entity=database)
    return limit, factories.make_proposal(f"limit:{limit.pk}@9", kind="limit", title="Start now")


def test_one_click_makes_an_initiative_of_a_limit_with_its_evidence(people, sign_in):
    limit, proposal = _of_limit(people)
    client = sign_in(people.product_manager)
    note = client.get("/initiatives/").content.decode()
    assert "Start now" in note
    assert f"/proposals/{proposal.pk}/-/take/" in note
    assert "Accept as initiative" in client.get(f"/proposals/{proposal.pk}/").content.decode()
    taken = client.post(f"/proposals/{proposal.pk}/-/take/", {"version": proposal.version})
    assert taken.url == "/initiatives/rm-1/"
    made, today = Initiative.objects.get(), organisation_today()
    assert (made.category, made.status, made.horizon, made.team) == (
        "scaling",
        Status.PLANNED,
        "now",
        people.team.reference,
    )
    assert (made.starts_on, made.ends_likely) == (today, today + dt.timedelta(days=limit.lead_days))
    assert made.ends_latest == today + dt.timedelta(days=limit.lead_p90_days)
    assert "It is reached before" in made.problem
    assert {each.kind: each.is_carried for each in made.links.all()} == {"limit": True, "service": True}
    assert "Start now" not in client.get("/initiatives/").content.decode().split("gw-listgrid")[0]
    decided = client.get(f"/proposals/{proposal.pk}/").content.decode()
    assert "Taken on as RM-1" in decided
    assert (
        client.post(f"/proposals/{proposal.pk}/-/take/", {"version": proposal.version}).url
        == f"/proposals/{proposal.pk}/"
    )
    assert Initiative.objects.count() == 1
    panel = client.get(f"/limits/{limit.pk}/panels/healthlimit-initiatives/").content.decode()
    assert made.title in panel


def test_a_proposal_names_the_initiatives_that_work_on_its_limit_already(people, sign_in):
    limit, proposal = _of_limit(people)
    works, over = make_initiative("Shard orders"), make_initiative("Buy a larger one", status=Status.DONE)
    hidden = make_initiative("Hidden", is_private=True, by=people.administrator)
    for each in (works, over, hidden):
        link(by=None, initiative=each, kind="limit", thing=limit)
    client = sign_in(people.product_manager)
    there = f'<a href="/proposals/{proposal.pk}/-/take-into/">add the evidence there</a>'
    told = f'<a href="/initiatives/rm-1/">{works}</a> works on it already: {there} instead.'
    for address in ("/initiatives/", f"/proposals/{proposal.pk}/"):
        page = client.get(address).text
        assert told in page
        assert "Hidden" not in page


def test_others_neither_see_the_note_nor_take_it_on(people, sign_in):
    _, proposal = _of_limit(people)
    client = sign_in(people.editor)
    assert "/-/take/" not in client.get("/initiatives/").content.decode()
    assert client.post(f"/proposals/{proposal.pk}/-/take/", {"version": proposal.version}).status_code == 403


def test_a_stale_form_takes_nothing_on(people, sign_in):
    _, proposal = _of_limit(people)
    sign_in(people.product_manager).post(f"/proposals/{proposal.pk}/-/take/", {"version": "7"})
    proposal.refresh_from_db()
    assert proposal.state == "open"
    assert not Initiative.objects.exists()


def test_it_can_go_into_an_initiative_that_is_there(people, sign_in):
    limit, proposal = _of_limit(people)
    there = make_initiative("Shard orders")
    hidden = make_initiative("Hidden", is_private=True, by=people.product_manager)
    client, page = sign_in(people.product_manager), f"/proposals/{proposal.pk}/-/take-into/"
    refused = client.post(page, {"initiative": hidden.name, "version": proposal.version})
    assert "everybody reads what becomes of a proposal" in refused.content.decode()
    assert client.post(page, {"initiative": "rm-1", "version": proposal.version}).url == "/initiatives/rm-1/"
    assert Link.objects.get(initiative=there, limit=limit).is_carried
    assert Initiative.objects.count() == 2


@pytest.mark.parametrize(("status", "said"), [(Status.DONE, "delivered"), (Status.DROPPED, "dropped")])
def test_it_goes_into_no_initiative_that_is_over(people, sign_in, status, said):
    _, proposal = _of_limit(people)
    make_initiative("Shard orders", status=status, status_reason="No money for it")
    client, page = sign_in(people.product_manager), f"/proposals/{proposal.pk}/-/take-into/"
    refused = client.post(page, {"initiative": "rm-1", "version": proposal.version})
    assert refused.status_code == 422
    assert f"RM-1 is {said}: nobody works on it any more. Take it up again" in refused.content.decode()
    proposal.refresh_from_db()
    assert (proposal.state, Link.objects.count()) == ("open", 0)


def test_a_recurring_factor_brings_its_incidents_and_open_follow_ups(people):
    node = Node.objects.get(slug="cf-no-alert")
    for at in range(3):
        incident = declare(by=None, values={"title": f"Down {at}", "owner": people.team.reference})
        Tag.objects.create(incident=incident, node=node)
    hidden = declare(by=people.editor, values={"title": "Hidden", "owner": people.team.reference}, is_private=True)
    Tag.objects.create(incident=hidden, node=node)
    suggest(by=None, incident=incident, values={"title": "Alert", "factor": node})
    recurring.refresh()
    _, made = proposals.accept(by=people.product_manager, proposal=Proposal.objects.get())
    kinds = sorted(each.kind for each in made.links.all())
    assert kinds == ["factor", "follow_up", "incident", "incident", "incident"]
    assert made.team == people.team.reference


def test_an_overdue_trade_off_is_paid_by_the_initiative(people):
    owed = TradeOff.objects.create(
        shipped="Gift cards", deferred="Second region", team=people.team.reference, principal_days=40,
        due_cycle=make_cycle(),
    )  # fmt: skip
    proposal = factories.make_proposal(f"trade-off:{owed.pk}", kind="trade-off")
    _, made = proposals.accept(by=people.product_manager, proposal=proposal)
    owed.refresh_from_db()
    assert (owed.initiative, made.title, made.effort_days) == (made, "Second region", 40)


def test_a_loan_leaves_the_initiative_that_was_dropped_for_the_one_that_takes_it_on(people):
    dropped = make_initiative("Move once", status=Status.DROPPED, status_reason="No money for it")
    owed = TradeOff.objects.create(
        shipped="Gift cards", deferred="Second region", team=people.team.reference, principal_days=40,
        due_cycle=make_cycle(), initiative=dropped,
    )  # fmt: skip
    proposal = factories.make_proposal(f"trade-off:{owed.pk}", kind="trade-off")
    _, made = proposals.accept(by=people.product_manager, proposal=proposal)
    owed.refresh_from_db()
    assert owed.initiative == made


def test_any_other_proposal_becomes_a_plain_initiative(people):
    proposal = factories.make_proposal("x:1", kind="something", title="Do it")
    _, made = proposals.accept(by=people.product_manager, proposal=proposal, reason="Yes.")
    proposal.refresh_from_db()
    assert made.title == "Do it"
    assert proposal.reason == "Yes.\n\nTaken on as RM-1 Do it."
    with pytest.raises(ValidationError):
        proposals.accept(by=people.product_manager, proposal=proposal)
