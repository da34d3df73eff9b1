"""Non-negotiables that break, freezes and what they touch, and what the pages say of it to whom."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.delivery.models import Notification
from portal.home import home_context
from roadmap.constraints import actions
from roadmap.constraints.freezes import in_force_for
from roadmap.constraints.keeping import refresh
from roadmap.models import Bound, BoundState, Freeze, Keeping, Link, Objective
from services.health import samples
from tests import factories
from tests.roadmap.core_makers import make_initiative
from tests.roadmap.okr_makers import make_bound, make_freeze, make_key_result, make_metric, make_objective

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]

NOW = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)


@pytest.fixture
def in_november():
    with time_machine.travel(NOW, tick=False):
        yield


def push(metric, value: float, at: dt.datetime = NOW) -> None:
    samples.write([samples.SampleRow(metric.pk, at, value)])


def test_what_breaks_is_told_once_to_its_team_and_waits_there(people, rf):
    metric = make_metric()
    push(metric, 150.0)
    made = make_bound(metric=metric, owner=people.team.reference)
    assert made.state.keeping == Keeping.KEPT
    push(metric, 250.0)
    assert [refresh(), refresh()] == [1, 0]
    state = BoundState.objects.get()
    assert (state.keeping, state.value, state.since) == (Keeping.BROKEN, 250, NOW)
    told = Notification.objects.filter(kind="non-negotiable")
    assert [each.user for each in told] == [people.editor]
    request = rf.get("/")
    request.user = people.editor
    assert any("Broken: p95 below 200 ms" in each.title for each in home_context(request)["waiting"])


def test_an_old_value_says_nothing_of_today():
    metric = make_metric()
    push(metric, 150.0, NOW - dt.timedelta(days=20))
    make_bound(metric=metric)
    state = BoundState.objects.get()
    assert (state.keeping, state.problem) == (Keeping.UNKNOWN, "The newest value is 20 days old. Push values again.")


def test_a_freeze_of_a_team_reaches_the_teams_below_and_what_they_own():
    above = factories.make_team("above")
    below = factories.make_team("below", parent=above.reference)
    other = factories.make_team("other")
    service = factories.make_entity("cart", owner=below)
    made = make_freeze(scope=[above.reference])
    for touched in (above, below, service):
        assert in_force_for([touched.reference]) == [made]
    assert in_force_for([other.reference]) == []
    assert in_force_for(None) == [made]
    of_service = make_freeze("Mend the cart", scope=[service.reference])
    assert in_force_for([below.reference]) == [made, of_service]
    company = make_freeze("Everything")
    assert in_force_for([other.reference]) == [company]


def test_an_initiative_shows_the_freezes_of_its_team_and_services_while_it_goes_on(sign_in, people):
    other, cart = factories.make_team("other"), factories.make_entity("cart")
    make_initiative("New gift cards", team=people.team.reference)
    of_service = make_initiative("Faster cart", team=other.reference)
    make_initiative("Elsewhere", team=other.reference)
    make_initiative("Done before", team=people.team.reference, status="delivered", delivered_on=NOW.date())
    Link.objects.create(initiative=of_service, service=cart.reference)
    make_freeze("Mend the team", scope=[people.team.reference])
    make_freeze("Mend the cart", scope=[cart.reference])
    pages = [sign_in(people.reader).get(f"/initiatives/rm-{n}/").content.decode() for n in (1, 2, 3, 4)]
    told = [(f"Feature freeze: {title}" in page) for page in pages for title in ("Mend the team", "Mend the cart")]
    assert told == [True, False, False, True, False, False, False, False]


def test_the_board_of_objectives_shows_the_freezes_and_whether_the_non_negotiables_are_kept(sign_in, people):
    make_objective("Checkout feels instant")
    client = sign_in(people.reader)
    assert "Feature freeze" not in client.get("/objectives/-/board/").content.decode()
    make_freeze("Mend the team", scope=[people.team.reference])
    make_bound("p95 below 200 ms")
    page = client.get("/objectives/-/board/").content.decode()
    assert "Feature freeze: Mend the team" in page
    assert "1 of 1 non-negotiable has no data" in page
    with CaptureQueriesContext(connection) as few:
        client.get("/objectives/-/board/")
    for number in range(5):
        make_freeze(f"Mend {number}", scope=[factories.make_team(f"team-{number}").reference])
    with CaptureQueriesContext(connection) as many:
        client.get("/objectives/-/board/")
    assert len(many) == len(few)


def test_a_freeze_stays_in_force_until_it_is_lifted_with_a_reason(people):
    made = make_freeze(ends_on=dt.date(2026, 11, 10))
    assert list(Freeze.objects.in_force()) == [made]
    with pytest.raises(ValidationError, match="in 10 letters or more"):
        actions.lift(by=people.product_manager, freeze=made, reason="ok")
    lifted = actions.lift(by=people.product_manager, freeze=made, reason="p95 is at 140 ms for a week")
    assert lifted.lifted_on == NOW.date()
    assert in_force_for(None) == []
    with pytest.raises(ValidationError, match="was lifted on 22 Nov 2026"):
        actions.set_scope(by=None, freeze=lifted, scope=[])


def test_deciding_and_lifting_in_the_browser(sign_in, people):
    client = sign_in(people.product_manager)
    sent = {"title": "Mend it", "halts": "checkout", "why": "It is slow", "starts_on": "2026-11-22",
            "ends_on": "2026-12-01", "exit_condition": "It is fast"}  # fmt: skip
    refused = client.post("/freezes/-/new/", {**sent, "halts": "no-such-team", "ends_on": ""})
    assert (refused.status_code, Freeze.objects.count()) == (422, 0)
    assert "no-such-team" in refused.content.decode()
    assert client.post("/freezes/-/new/", sent).status_code == 302
    made = Freeze.objects.get()
    assert made.scope.get().what == people.team.reference
    assert "Mend it" in sign_in(people.reader).get("/teams/checkout/").content.decode()
    client = sign_in(people.product_manager)
    stale = client.post(f"/freezes/{made.pk}/-/lift/", {"reason": "It is fast again", "version": 7})
    assert (stale.status_code, "in the meantime" in stale.content.decode()) == (409, True)
    client.post(f"/freezes/{made.pk}/-/lift/", {"reason": "It is fast again", "version": made.version})
    assert Freeze.objects.get().lifted_reason == "It is fast again"


def test_of_two_who_say_what_a_freeze_halts_the_second_is_told(sign_in, people):
    made = make_freeze(scope=[people.team.reference])
    client, address = sign_in(people.product_manager), f"/freezes/{made.pk}/-/scope/"
    assert client.post(address, {"scope": "checkout, payments", "version": made.version}).status_code == 302
    stale = client.post(address, {"scope": "payments", "version": made.version})
    assert (stale.status_code, "in the meantime" in stale.content.decode()) == (409, True)
    assert set(made.scope.values_list("what", flat=True)) == {each.reference.pk for each in (people.team, people.other)}
    # What is said once more as it stands is no change.
    read = Freeze.objects.get()
    assert actions.set_scope(by=None, freeze=read, scope=[people.team.reference, people.other.reference]) == read
    assert Freeze.objects.get().version == read.version == made.version + 1


def told_of_freezes() -> list[tuple[str, str]]:
    rows = Notification.objects.filter(kind="freeze").order_by("title", "user__email")
    return [(each.user.email.partition("@")[0], each.title) for each in rows]


def test_the_teams_that_a_freeze_touches_are_told_once_that_features_halt_and_go_on(people):
    above = factories.make_team("above")
    people.team.parent = above.reference
    people.team.save()
    cart = factories.make_entity("cart", owner=people.team)
    other = factories.make_team("other")
    editor, planner = (each.email.partition("@")[0] for each in (people.editor, people.product_manager))
    made = make_freeze("Mend the cart", scope=[other.reference])
    assert told_of_freezes() == [(planner, "Features halt: Mend the cart")]
    actions.set_scope(by=None, freeze=made, scope=[cart.reference])
    actions.set_scope(by=None, freeze=Freeze.objects.get(), scope=[above.reference])
    halted = [(name, "Features halt: Mend the cart") for name in sorted((editor, planner))]
    assert told_of_freezes() == halted
    first = Notification.objects.filter(kind="freeze", user=people.editor).get()
    assert first.url == f"/freezes/{made.pk}/"
    assert "until this is true: p95 is below 200 ms." in first.text
    assert first.why == f"You are in {people.team.reference}, which it touches."
    actions.lift(by=people.product_manager, freeze=Freeze.objects.get(), reason="p95 is at 140 ms for a week")
    assert told_of_freezes() == [(editor, "Features go on: Mend the cart"), *halted]


def test_a_freeze_of_the_company_is_told_to_every_team_and_not_to_whoever_decided_on_it(people):
    actions.create_freeze(
        by=people.product_manager,
        values={"title": "All", "why": "Why", "exit_condition": "It is mended", "ends_on": dt.date(2026, 12, 24)},
    )
    told = Notification.objects.filter(kind="freeze")
    assert people.editor in [each.user for each in told]
    assert people.product_manager not in [each.user for each in told]
    assert "It halts the whole company from 22 Nov 2026" in told[0].text


def test_a_private_initiative_leaves_no_trace_on_what_it_serves(sign_in, people):
    objective = make_objective()
    make_initiative("Leave the supplier", by=people.editor, objective=objective, is_private=True)
    address = f"/objectives/{objective.pk}/"
    assert "Leave the supplier" in sign_in(people.editor).get(address).content.decode()
    assert "Leave the supplier" not in sign_in(people.administrator).get(address).content.decode()


def test_a_team_sets_objectives_of_its_own_alone(sign_in, people):
    client = sign_in(people.editor)
    cycle = make_objective("The company's").cycle
    sent = {"cycle": cycle.pk, "title": "Fast checkout"}
    for owner, status in (("", 422), ("checkout", 302)):
        assert client.post("/objectives/-/new/", {**sent, "owner": owner}).status_code == status
    assert Objective.objects.get(title="Fast checkout").owner == people.team.reference


def test_the_board_shows_what_serves_what_and_asks_as_often_however_much_there_is(sign_in, people):
    client = sign_in(people.reader)
    assert "There is no cycle yet" in client.get("/objectives/-/board/").content.decode()
    above = make_objective("Above all")
    make_objective("Below it", parent=above, owner=people.team.reference)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page = client.get("/objectives/-/board/").content.decode()
        assert page.index("Above all") < page.index("Below it")
        return len(found)

    before = queries()
    for number in range(6):
        make_key_result(f"More {number}", objective=make_objective(f"More {number}", parent=above))
    assert before - 2 <= queries() <= 15
    assert client.get("/objectives/-/board/?cycle=2019").status_code == 400


def test_a_team_keeps_the_words_of_its_non_negotiable_and_who_plans_says_what_holds(api, people):
    made = make_bound(owner=people.team.reference)
    address, editor = f"/api/v1/non-negotiables/{made.pk}/", api(people.editor)
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    hollow = {
        "value": 99999, "side": "at_least", "statistic": "mean", "window_days": 366, "owner": None, "is_active": False,
    }  # fmt: skip
    refused = editor.patch(address, {"why": "Another", **hollow}, **anyway)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, set(hollow))
    assert "Product managers say the “bound” of a non-negotiable." in str(refused.json()["fields"]["value"])
    words = {"why": "Buyers leave after that", "metric": make_metric("p95").pk}
    assert editor.patch(address, words, **anyway).status_code == 200
    held = Bound.objects.get()
    assert (held.why, held.metric.name, held.value, held.is_active) == ("Buyers leave after that", "p95", 200, True)
    assert api(people.product_manager).patch(address, hollow, **anyway).status_code == 200
