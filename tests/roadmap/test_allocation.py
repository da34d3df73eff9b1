"""Plan and actual of a cycle, the guard, and the trade-off that it asks for."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError

from portal.delivery.models import Notification
from roadmap.models import Allocation, Cycle, Freeze, LoanState, TradeOff
from roadmap.worth import plan_views
from roadmap.worth.allocating import replan
from roadmap.worth.guard import Guard, verdict
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.worth_makers import make_allocation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def at_noon():
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def q4() -> Cycle:
    return make_cycle("2026 Q4", dt.date(2026, 10, 1))


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def days(feature=0, platform=0, debt=0, lights=0, hundredfold=0, ending="planned"):
    named = {"feature": feature, "platform": platform, "debt": debt, "lights": lights, "hundredfold": hundredfold}
    return {f"{bucket}_{ending}": value for bucket, value in named.items()}


CASES = [
    (days(58, 16, 8, 18), Guard.IN, "In the guard", 24),
    (days(71, 7, 4, 18), Guard.BELOW, "Below 20 %", 11),
    (days(50, 30, 10, 10), Guard.OVER, "Over 30 %", 40),
    (days(20, 0, 0, 20, 60), Guard.EXEMPT, "100× team", 60),
    (days(80, 20), Guard.IN, "In the guard", 20),
    (days(70, 20, 10), Guard.IN, "In the guard", 30),
    (days(3.6, 0.2, 0.7), Guard.IN, "In the guard", 20),
    ({}, Guard.NONE, "No days yet", 0),
]


@pytest.mark.parametrize(("shared", "state", "said", "percent"), CASES)
def test_the_guard_says_the_same_on_the_page_and_in_the_list(people, client, q4, shared, state, said, percent):
    made = make_allocation(people.team.reference, q4, 100, **shared)
    found = verdict(made)
    assert (found.state, found.words.replace("\u00a0", " "), found.percent) == (state, said, percent)
    key = {"HTTP_AUTHORIZATION": f"Bearer {factories.token_for(people.stranger)}"}
    row = client.get("/api/v1/allocations/", {"columns": "planned_guard,planned_share"}, **key).json()["items"][0]
    assert row["planned_guard"] == state
    assert row["planned_share"] == (pytest.approx(percent / 100) if shared else None)


def test_more_than_there_is_is_refused_with_the_figures(people, q4):
    with pytest.raises(ValidationError, match=r"120 days are planned of 100: 120\\xa0%\. Take 20 out\."):
        make_allocation(people.team.reference, q4, 100, **days(100, 20))


def test_what_only_arithmetic_adds_is_not_over_everything(people, q4):
    made = make_allocation(people.team.reference, q4, 3.3, **days(1.1, 2.2))
    assert made.planned_days == pytest.approx(3.3)


def _sent(cycle, team, allocation=None, **more):
    empty = {
        f"{bucket}_{ending}": 0
        for bucket in ("feature", "platform", "debt", "lights", "hundredfold")
        for ending in ("planned", "actual")
    }
    known = {"of": allocation.pk, "version": allocation.version} if allocation else {}
    return {"cycle": cycle.pk, "team": team, "capacity_days": 100, "target_low": 20, "target_high": 30, **empty,
            **known, **more}  # fmt: skip


def test_a_plan_that_leaves_the_guard_is_saved_objected_to_and_answered_by_a_trade_off(people, sign_in, q4):
    make_cycle("2027 Q1", dt.date(2027, 1, 1), 90)
    client, name = sign_in(people.editor), people.team.name
    address = f"/allocations/-/plan/?cycle={q4.pk}"
    assert "Nobody has planned for 2026 Q4 yet" in words(client.get(address))
    assert "Goes to Planned Spent" in words(client.get(f"{address}&edit=new"))
    sent = client.post(address, _sent(q4, name, feature_planned=89, platform_planned=7, debt_planned=4))
    made = Allocation.objects.get()
    assert sent.url == f"{address}#team-{made.pk}"
    page = words(client.get(address))
    objection = f"{people.team.title} plans 11 % on platform, debt and 100× work, 9 points under the agreed 20 %"
    assert objection in page
    assert "Moving 9 days to platform or debt brings it back" in page
    assert "Record the trade-off" in page
    form = client.get(f"/allocations/{made.pk}/-/trade-off/").content.decode()
    assert f"Platform and debt work of {people.team.title} in 2026 Q4" in html.unescape(form)
    filled = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', form))
    filled |= {"due_cycle": Cycle.objects.get(name="2027 Q1").pk, "why": "The launch comes first", "initiative": ""}
    assert filled["principal_days"] == "9.0"
    answered = client.post(f"/allocations/{made.pk}/-/trade-off/", filled)
    loan = TradeOff.objects.get()
    assert (answered.status_code, answered.url) == (302, f"/trade-offs/{loan.pk}/")
    assert (loan.allocation, loan.principal_days, loan.due_cycle.name) == (made, 9, "2027 Q1")
    page = words(client.get(address))
    assert f"What it puts off is owed: TR-{loan.pk}" in page
    assert "Record the trade-off" not in page


def test_the_team_and_product_managers_are_told_once(people, q4):
    make_allocation(people.team.reference, q4, by=people.administrator, **days(90, 10))
    told = Notification.objects.filter(kind="allocation-guard")
    assert {each.user for each in told} >= {people.editor, people.product_manager}
    assert people.stranger not in {each.user for each in told}
    count = told.all().count()
    saved = Allocation.objects.get()
    replan(by=None, record=saved, values={"note": "As before"})
    assert told.all().count() == count
    replan(by=None, record=saved, values=days(95, 5, ending="actual"))
    assert told.all().count() > count


def test_two_who_plan_at_once_lose_nothing(people, sign_in, q4):
    made = make_allocation(people.team.reference, q4, **days(60, 25))
    client, address = sign_in(people.editor), f"/allocations/-/plan/?cycle={q4.pk}"
    form = client.get(f"{address}&edit={made.pk}").content.decode()
    base = html.unescape(re.search(r'name="base" value="([^"]*)"', form)[1])
    first = _sent(q4, people.team.name, made, feature_planned=60, platform_planned=20, base=base)
    second = _sent(q4, people.team.name, made, feature_planned=60, platform_planned=30, base=base)
    assert client.post(address, first).status_code == 302
    page = words(client.post(address, second), 409)
    assert "What both changed" in page
    assert "20" in page
    assert "30" in page


def test_over_everything_and_foreign_teams_are_refused_in_the_page(people, sign_in, q4):
    client, address = sign_in(people.editor), f"/allocations/-/plan/?cycle={q4.pk}"
    page = words(client.post(address, _sent(q4, people.team.name, feature_planned=130)), 422)
    assert "130 days are planned of 100: 130 %. Take 30 out." in page
    assert "no team of yours" in words(client.post(address, _sent(q4, "payments", feature_planned=1)), 422)
    assert Allocation.objects.count() == 0
    assert "There is no cycle “999”. There are: 2026 Q4." in words(client.get("/allocations/-/plan/?cycle=999"), 400)


def test_the_plan_takes_the_name_of_a_cycle_as_the_board_does_and_its_id(people, sign_in, q4):
    client = sign_in(people.editor)
    make_cycle("2020 Q1", dt.date(2020, 1, 1))
    for page, asked in (
        ("/allocations/-/plan/", "2026 Q4"), ("/allocations/-/plan/", "2026 q4"), ("/allocations/-/plan/", str(q4.pk)),
        ("/objectives/-/board/", "2026 q4"),
    ):  # fmt: skip
        assert client.get(page, {"cycle": asked}).context["cycle"] == q4


def test_the_sum_of_all_teams_is_below_them(people, sign_in, q4):
    make_allocation(people.team.reference, q4, 100, **days(60, 20))
    make_allocation(people.other.reference, q4, 50, **days(30, 10))
    page = words(sign_in(people.stranger).get("/allocations/-/plan/"))
    assert "All teams" in page
    assert "120 of 150" in page
    assert "Change" not in page.split("By team")[1]


def test_without_a_cycle_the_page_says_what_to_do(people, sign_in):
    assert "There is no cycle yet" in words(sign_in(people.editor).get("/allocations/-/plan/"))


def test_pages_take_few_queries(people, sign_in, q4, django_assert_max_num_queries):
    for n in range(6):
        make_allocation(factories.make_team(f"team-{n:02}").reference, q4, 100, **days(90, 10))
    client = sign_in(people.product_manager)
    client.get("/allocations/-/plan/")
    with django_assert_max_num_queries(15):
        client.get("/allocations/-/plan/")


def test_a_freeze_stands_above_the_plan_it_touches(people, sign_in, q4):
    make_allocation(people.team.reference, q4, 100, **days(60, 25))
    Freeze.objects.create(
        title="No features before sign-ins are safe", why="Two outages", starts_on=dt.date(2026, 11, 1),
        ends_on=dt.date(2026, 12, 1), exit_condition="two regions answer",
    )  # fmt: skip
    assert "No features before sign-ins are safe" in words(sign_in(people.stranger).get("/allocations/-/plan/"))


def test_many_teams_come_in_pages_with_the_sums_of_all_and_a_save_leads_to_the_page_of_its_team(
    people, sign_in, q4, monkeypatch
):
    monkeypatch.setattr(plan_views, "PAGE", 2)
    made = [
        make_allocation(factories.make_team(name).reference, q4, 100, **days(75, 25))
        for name in ("ants", "bees", "cats")
    ]
    client, address = sign_in(people.product_manager), f"/allocations/-/plan/?cycle={q4.pk}"
    first, second = words(client.get(address)), words(client.get(f"{address}&page=2"))
    assert [each in first for each in ("Ants", "Bees", "Cats")] == [True, True, False]
    assert [each in second for each in ("Ants", "Bees", "Cats")] == [False, False, True]
    assert "300 of 300" in first
    assert "300 of 300" in second
    assert "Page 1 of 2, 3 teams" in first
    sent = client.post(address, _sent(q4, "cats", made[2], feature_planned=75, platform_planned=25))
    assert sent.url == f"{address}&page=2#team-{made[2].pk}"


def test_a_plan_below_its_guard_waits_for_its_team_and_product_managers_until_a_trade_off_is_recorded(
    people, sign_in, q4
):
    made = make_allocation(people.team.reference, q4, 100, **days(71, 7, 4, 18))
    told = f"{made.team} plans 11 % for the platform in 2026 Q4"
    for reader in (people.editor, people.product_manager):
        assert f"{told} Agreed are 20 to 30 %: move 9 days, or record what is put off" in words(
            sign_in(reader).get("/")
        )
    assert told not in words(sign_in(people.stranger).get("/"))
    TradeOff.objects.create(
        shipped="Vouchers", deferred="Queue tuning", team=people.team.reference, principal_days=9, due_cycle=q4,
        decided_on=dt.date(2026, 11, 20),
    )  # fmt: skip
    assert told not in words(sign_in(people.editor).get("/"))
    TradeOff.objects.update(state=LoanState.WRITTEN_OFF, reason="Nobody waits for it", ended_on=dt.date(2026, 11, 21))
    assert told in words(sign_in(people.editor).get("/"))
    hidden = make_initiative("Leave the supplier", by=people.editor, is_private=True)
    TradeOff.objects.update(state=LoanState.OPEN, reason="", ended_on=None, initiative=hidden)
    assert [told in words(sign_in(each).get("/")) for each in (people.editor, people.product_manager)] == [False, True]


def test_the_guard_of_a_team_is_said_by_who_plans_and_not_by_the_team(people, api, q4):
    editor, planner = api(people.editor), api(people.product_manager)
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    sent = {"cycle": q4.pk, "team": people.team.name, "capacity_days": 100, **days(90, 10)}
    refused = editor.post("/api/v1/allocations/", {**sent, "target_low": 0}, format="json")
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"target_low"})
    made = editor.post("/api/v1/allocations/", {**sent, "target_low": 20}, format="json")
    assert made.status_code == 201
    address = f"/api/v1/allocations/{Allocation.objects.get().pk}/"
    refused = editor.patch(address, {"target_low": 0, "target_high": 100}, **anyway)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"target_low", "target_high"})
    assert "Product managers say the “target from, percent”" in str(refused.json()["fields"]["target_low"])
    assert planner.patch(address, {"target_low": 10, "target_high": 40}, **anyway).status_code == 200
    # What a form sends along as it stands is no change.
    assert editor.patch(address, {"target_low": 10, "note": "As agreed"}, **anyway).status_code == 200
    assert Allocation.objects.get().target_low == 10
