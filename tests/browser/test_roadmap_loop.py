"""The loop of the portal, on the demo company: evidence becomes work, work is planned and paid for, and a quarter later
it shows whether the promise was kept.

A limit says that work has to begin. A product manager makes an initiative of it, binds a key result to the metric of
the limit, claims what it removes, plans a cycle that the guard objects to, records what is put off, and publishes the
strategy. Then a quarter passes.
"""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from portal.demo import data
from portal.people.models import User
from roadmap.models import Cycle, Finding, Initiative, KeyResult, StrategyEdition, TradeOff
from services.health.models import Limit, Urgency
from tests.browser.conftest import Visit
from tests.emptying import empty_partitions

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser-tasks"),
]  # fmt: skip
LIMIT = "Cores of eu-central"


@pytest.fixture
def larkspur() -> Iterator[None]:
    """The whole demo company, loaded as its command does."""
    data.reset()
    yield
    empty_partitions()


@pytest.fixture
def page(visit: Visit, larkspur: None) -> Page:
    return visit(User.objects.get(email="tomasz.wrona@larkspur.example"))


def test_from_a_limit_to_an_effect_that_is_measured(page):
    initiative = take_on_what_the_limit_asks_for(page)
    promise(page, initiative)
    key_result = bind_a_key_result_to_the_metric_of_the_limit(page)
    plan_a_cycle_that_the_guard_objects_to(page)
    trade_off = record_what_is_put_off(page)
    publish_an_edition(page)
    call_command("demo", "--later")
    the_limit_has_time_again(page)
    the_effect_is_measured(page, initiative)
    the_key_result_is_reached(page, key_result)
    the_loan_has_interest(page, trade_off)


def main(page: Page):
    return page.locator("main")


def next_cycle() -> Cycle:
    """The one after today's."""
    return Cycle.objects.order_by("starts_on").last()


def take_on_what_the_limit_asks_for(page: Page) -> Initiative:
    page.goto("/proposals/")
    page.get_by_role("link", name=f"{LIMIT}: Start now").click()
    expect(main(page)).to_contain_text("the last day to begin")
    page.get_by_role("button", name="Accept as initiative").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Move the ceiling of {LIMIT}")
    links = page.get_by_role("region", name="Evidence and links")
    expect(links).to_contain_text(f"{LIMIT} It says when work has to begin. · came with the proposal")
    expect(links).to_contain_text("eu-central-cluster What runs out. · came with the proposal")
    return Initiative.objects.get(title=f"Move the ceiling of {LIMIT}")


def promise(page: Page, initiative: Initiative) -> None:
    """Start it, and claim what it removes."""
    page.get_by_role("link", name="Start it").click()
    page.get_by_role("button", name="Change status").click()
    expect(main(page)).to_contain_text("In progress")
    page.get_by_role("link", name="Claim what it removes").click()
    page.get_by_label("Kind").select_option(label="Cost")
    page.get_by_label("Removed a month").fill("100")
    page.get_by_label("Metric").fill("cell-router: cost")
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_role("region", name="Return")).to_contain_text("Cost: 100 EUR less a month")


def bind_a_key_result_to_the_metric_of_the_limit(page: Page) -> KeyResult:
    page.goto(f"/objectives/-/board/?cycle={next_cycle().name}")
    page.get_by_role("link", name="Ready for a tour of a hundred times today").click()
    page.get_by_role("link", name="Add key result").click()
    page.get_by_label("Title").fill("A third of eu-central is free on the day of the tour")
    page.get_by_label("Metric").fill("eu-central-cluster: cores")
    page.get_by_label("Kind").select_option("decrease")
    page.get_by_role("spinbutton", name="From").fill("1750")
    page.get_by_role("spinbutton", name="To optional").fill("1600")
    page.get_by_role("button", name="Make key result").click()
    expect(main(page)).to_contain_text("1,750 cores to 1,600 cores")
    made = KeyResult.objects.get(title__startswith="A third of eu-central")
    assert made.metric.limits.get().name == LIMIT
    return made


def plan_a_cycle_that_the_guard_objects_to(page: Page) -> None:
    page.goto(f"/allocations/-/plan/?cycle={next_cycle().pk}")
    page.get_by_role("link", name="the days of Checkout").click()
    page.get_by_label("Features, planned, days").fill("300")
    page.get_by_label("Platform, planned, days").fill("20")
    page.get_by_label("Debt, planned, days").fill("10")
    page.get_by_label("Lights on, planned, days").fill("30")
    page.get_by_role("button", name="Save").click()
    objection = page.get_by_role("region", name="Checkout plans 8 % on platform, debt and 100× work")
    expect(objection).to_contain_text("12 points under the agreed 20 %")


def record_what_is_put_off(page: Page) -> TradeOff:
    page.get_by_role("region", name="Checkout plans 8 %").get_by_role("link", name="Record the trade-off").click()
    page.get_by_label("Put off").fill("Checkout without its old half")
    page.get_by_label("Initiative").fill("RM-17")
    page.get_by_role("button", name="Record the trade-off").click()
    expect(page.get_by_role("status").filter(has_text="what it puts off is owed")).to_be_visible()
    made = TradeOff.objects.get(deferred="Checkout without its old half")
    assert (made.principal_days, made.interest.count()) == (42, 0)
    page.goto(f"/allocations/-/plan/?cycle={next_cycle().pk}")
    expect(page.get_by_role("region", name="Checkout plans 8 %")).to_contain_text(f"What it puts off is owed: {made}")
    return made


def publish_an_edition(page: Page) -> None:
    page.goto("/strategy/")
    page.get_by_role("link", name="Publish").click()
    page.get_by_label("Title").fill("Before the spring tour")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Before the spring tour")
    assert StrategyEdition.objects.count() == 2


def the_limit_has_time_again(page: Page) -> None:
    limit = Limit.objects.get(name=LIMIT)
    assert limit.state.urgency in {Urgency.CALM, Urgency.PLAN}
    page.goto(f"/limits/{limit.pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(LIMIT)
    expect(main(page)).not_to_contain_text("Start now")


def the_effect_is_measured(page: Page, initiative: Initiative) -> None:
    page.goto(f"/initiatives/{initiative.name.lower()}/")
    expect(main(page)).to_contain_text("Delivered")
    found = Finding.objects.get(claim__initiative=initiative)
    assert found.low > 0
    said = page.get_by_role("region", name="Return")
    expect(said).to_contain_text("Claimed 100 EUR a month, found ")
    expect(said).to_contain_text("in four of five cases")


def the_key_result_is_reached(page: Page, key_result: KeyResult) -> None:
    page.goto(f"/key-results/{key_result.pk}/")
    state = KeyResult.objects.get(pk=key_result.pk).state
    assert state.progress == pytest.approx((state.value - 1750) / (1600 - 1750))
    assert state.progress > 1
    expect(main(page)).to_contain_text("Reached")


def the_loan_has_interest(page: Page, trade_off: TradeOff) -> None:
    page.goto(f"/trade-offs/{trade_off.pk}/")
    counted = trade_off.interest.select_related("incident").first()
    interest = page.get_by_role("region", name="Interest")
    expect(interest).to_contain_text(counted.incident.name)
    assert TradeOff.objects.get(pk=trade_off.pk).owed.interest_days > 0
