"""Proposals: one of each source, with evidence that stays fresh, until somebody who may decides, and says why."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection

from portal.proposals import actions
from portal.proposals.models import Proposal
from tests import factories

pytestmark = pytest.mark.django_db


def propose(severity=2, used=0.9, title="Move the ceiling of orders-db", source_key="limit:12"):
    return actions.propose(
        source_key=source_key,
        kind="limit",
        title=title,
        text="It is full before the work could be done.",
        evidence={"severity": severity, "used": used, "likely": "2027-02-12"},
        price={"lead_days": 60, "cost_per_month": "410.00"},
        url="/services/orders-db/",
    )


def versions(proposal):
    return apps.get_model("proposals", "ProposalEvent").objects.filter(pgh_obj_id=proposal.pk).count()


def test_a_source_that_proposes_again_refreshes_the_evidence_of_its_open_proposal():
    first = propose(used=0.9)
    again = propose(used=0.95, title="Move the ceiling of orders-db, 95 % used")
    assert again.pk == first.pk
    kept = Proposal.objects.get()
    assert (kept.evidence["used"], kept.title) == (0.95, "Move the ceiling of orders-db, 95 % used")
    assert kept.refreshed_at > first.refreshed_at


def test_fresh_evidence_is_neither_a_version_nor_history():
    proposal = propose()
    for n in range(5):
        propose(used=0.9 + n / 100)
    proposal.refresh_from_db()
    assert (proposal.version, versions(proposal)) == (1, 1)


def test_what_was_decided_stays_decided_until_its_evidence_is_worse(people):
    declined = actions.decline(by=people.administrator, proposal=propose(severity=2), reason="We buy less instead.")
    assert propose(severity=2, used=0.99).pk == declined.pk
    declined.refresh_from_db()
    assert (declined.state, declined.evidence["used"]) == ("declined", 0.9)
    worse = propose(severity=3)
    assert worse.pk != declined.pk
    assert list(Proposal.objects.order_by("pk").values_list("state", "severity")) == [("declined", 2), ("open", 3)]


def test_an_accepted_proposal_is_not_made_again(people):
    accepted, _ = actions.accept(by=people.product_manager, proposal=propose())
    assert propose().pk == accepted.pk
    assert Proposal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_who_propose_the_same_at_once_make_one():
    start = threading.Barrier(4)

    def at_once():
        start.wait(timeout=10)
        try:
            return propose().pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = {each.result() for each in [pool.submit(at_once) for _ in range(4)]}
    assert found == set(Proposal.objects.values_list("pk", flat=True))
    assert len(found) == 1


def test_a_proposal_is_declined_with_a_reason_only(people):
    proposal = propose()
    for reason in ("", "   "):
        with pytest.raises(ValidationError, match="Say why it is declined"):
            actions.decline(by=people.administrator, proposal=proposal, reason=reason)
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_a_decision_is_made_once(people):
    proposal = propose()
    actions.accept(by=people.product_manager, proposal=proposal)
    with pytest.raises(ValidationError, match="It was accepted already, by Product Manager"):
        actions.decline(by=people.administrator, proposal=proposal, reason="No.")


def test_a_proposal_is_merged_into_another_open_one_only(people):
    proposal, other = propose(), propose(source_key="limit:13", title="Shard orders-db")
    with pytest.raises(ValidationError, match="Choose another open one"):
        actions.merge(by=people.administrator, proposal=proposal, into=proposal)
    actions.merge(by=people.administrator, proposal=proposal, into=other)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.merged_into) == ("merged", other)


def test_a_product_manager_declines_on_the_page_and_everybody_sees_why(sign_in, people):
    proposal = propose()
    browser = sign_in(people.product_manager)
    address = f"/proposals/{proposal.pk}/"
    assert f"{address}-/decide/" in browser.get(address).content.decode()
    response = browser.post(f"{address}-/decide/", {"decision": "decline", "reason": "We buy less.", "version": 1})
    assert response.url == address
    page = sign_in(people.stranger).get(address).content.decode()
    for said in ("Declined", "We buy less.", "Product Manager"):
        assert said in page
    assert f"{address}-/decide/" not in page
    assert "Product Manager" in browser.get(f"{address}history/").content.decode()


def test_a_refused_decision_keeps_what_was_typed(sign_in, people):
    proposal = propose()
    browser = sign_in(people.administrator)
    address = f"/proposals/{proposal.pk}/-/decide/"
    empty = browser.post(address, {"decision": "decline", "reason": "", "version": 1})
    assert empty.status_code == 422
    assert "Say why it is declined" in empty.content.decode()
    stale = browser.post(address, {"decision": "decline", "reason": "We buy less.", "version": 0})
    assert stale.status_code == 422
    assert "Somebody changed it in the meantime" in stale.content.decode()
    assert "We buy less." in stale.content.decode()
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_merging_is_offered_where_there_is_something_to_merge_into(sign_in, people):
    proposal = propose()
    address = f"/proposals/{proposal.pk}/-/decide/"
    browser = sign_in(people.administrator)
    assert "Merge" not in browser.get(address).content.decode()
    other = propose(source_key="limit:13", title="Shard orders-db")
    refused = browser.post(address, {"decision": "merge", "version": 1})
    assert "Choose the proposal that covers it." in refused.content.decode()
    browser.post(address, {"decision": "merge", "into": other.pk, "version": 1})
    proposal.refresh_from_db()
    assert proposal.merged_into == other


def test_its_page_shows_the_evidence_and_the_price_in_words(sign_in, people):
    proposal = propose(used=0.934)
    page = " ".join(sign_in(people.stranger).get(f"/proposals/{proposal.pk}/").content.decode().split())
    for term, value in (
        ("Used", "0.934"),
        ("Likely", "12 Feb 2027"),
        ("Lead days", "60"),
        ("Cost per month", "410.00"),
    ):
        assert f'<dt>{term}</dt> <dd class="gw-break"> {value} </dd>' in page
    assert 'href="/services/orders-db/"' in page


def test_the_list_shows_what_is_open_worst_first(sign_in, people):
    propose(severity=1, source_key="limit:1", title="Plan this")
    propose(severity=3, source_key="limit:3", title="Too late for that")
    actions.decline(by=people.administrator, proposal=propose(), reason="No.")
    page = sign_in(people.stranger).get("/proposals/").context["page"]
    assert ["Too late for that" in str(row["cells"]) for row in page["rows"]] == [True, False]
    assert len(page["rows"]) == 2


@pytest.mark.parametrize(("who", "waits"), [("product_manager", True), ("administrator", True), ("editor", False)])
def test_what_is_to_be_decided_waits_on_the_home_page_of_those_who_decide(sign_in, people, who, waits):
    propose()
    page = sign_in(getattr(people, who)).get("/").content.decode()
    assert ("Move the ceiling of orders-db" in page) == waits


def test_a_proposal_is_found_by_its_title_and_by_its_fresh_one(sign_in, people):
    address = f'href="/proposals/{propose().pk}/"'
    browser = sign_in(people.stranger)
    assert address in browser.get("/search/?q=ceiling").content.decode()
    propose(title="Shard the orders database")
    assert address in browser.get("/search/?q=shard").content.decode()
    assert address not in browser.get("/search/?q=ceiling").content.decode()


def test_a_proposal_cannot_be_written_through_the_api(api, people):
    proposal = factories.make_proposal()
    client = api(people.administrator)
    assert client.post("/api/v1/proposals/", {"title": "Mine"}, format="json").status_code == 405
    assert client.patch(f"/api/v1/proposals/{proposal.pk}/", {"state": "accepted"}, format="json").status_code == 405
    assert client.get(f"/api/v1/proposals/{proposal.pk}/").json()["state"] == "open"
