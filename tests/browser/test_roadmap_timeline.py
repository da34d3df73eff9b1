"""The timeline and the board in a real browser: bars by mouse and by keyboard, cards by dragging and by their menu, and
two managers who move the same bar."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.tenure import organisation_today
from roadmap.models import Initiative
from roadmap.views import actions
from tests.browser.conftest import Visit
from tests.roadmap.core_makers import make_initiative

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]

TIMELINE = "/initiatives/-/timeline/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def initiative(people) -> Initiative:
    start = organisation_today()
    return make_initiative(
        "Shard the orders database", team=people.team.reference, starts_on=start, ends_earliest=start + 20 * DAY,
        ends_likely=start + 30 * DAY, ends_latest=start + 45 * DAY,
    )  # fmt: skip


def bar_of(page: Page) -> Locator:
    return page.get_by_role("slider", name=re.compile("^RM-1 "))


def dates(initiative: Initiative) -> list[int]:
    """How many days each of the four lies after today."""
    initiative.refresh_from_db()
    return [(getattr(initiative, name) - organisation_today()).days for name in actions.DATES]


def top_of(part: Locator) -> float:
    return float(part.evaluate("part => part.getBoundingClientRect().top"))


def drag(page: Page, initiative: Initiative, days: int, part: str) -> None:
    """Drag by so many days, as the page's own scale has it."""
    svg = page.locator("svg[data-moves]").first
    box, target = svg.bounding_box(), page.locator(f"svg[data-moves] [{part}]").first.bounding_box()
    assert box is not None
    assert target is not None
    span = int(page.locator("[data-timeline]").get_attribute("data-days") or 0)
    x = target["x"] + (target["width"] / 2 if part == "data-edge" else min(20, target["width"] / 3))
    y = target["y"] + target["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * days / span / 2, y, steps=3)
    page.mouse.move(x + box["width"] * days / span, y, steps=3)
    page.mouse.up()


def test_a_bar_is_dragged_with_all_its_dates_and_its_edge_alone(visit: Visit, people, initiative):
    page = visit(people.editor)
    page.goto(TIMELINE)
    drag(page, initiative, 10, "data-whole")
    expect(page.locator("#live")).to_contain_text("RM-1 is from")
    assert dates(initiative) == [10, 30, 40, 55]
    expect(bar_of(page)).to_be_focused()
    drag(page, initiative, 21, "data-edge")
    expect(page.locator("svg[data-moves]")).to_have_attribute("data-version", str(initiative.version + 1))
    assert dates(initiative) == [10, 30, 61, 61]


def test_arrow_keys_move_a_bar_by_days_and_weeks_and_escape_takes_it_back(visit: Visit, people, initiative):
    page = visit(people.editor)
    page.goto(TIMELINE)
    bar = bar_of(page)
    bar.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#live")).to_contain_text("RM-1 is from")
    assert dates(initiative) == [8, 28, 38, 53]
    expect(bar).to_be_focused()
    page.keyboard.press("Alt+ArrowLeft")
    expect(page.locator("svg[data-moves]")).to_have_attribute("data-version", str(initiative.version + 1))
    assert dates(initiative) == [8, 28, 37, 53]
    before = bar.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.locator("#live")).to_have_text("Taken back.")
    expect(bar).to_have_attribute("aria-valuetext", before or "")
    assert dates(initiative) == [8, 28, 37, 53]


def test_a_move_that_did_not_reach_the_portal_is_kept_and_sent_again(visit: Visit, people, initiative):
    page = visit(people.editor)
    page.goto(TIMELINE)
    page.context.set_offline(True)
    bar_of(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-problem]")).to_contain_text("The portal cannot be reached. What you moved is kept here.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("svg[data-moves]")).to_have_attribute("data-version", str(initiative.version + 1))
    assert dates(initiative) == [1, 21, 31, 46]
    expect(page.locator("[data-problem]")).to_be_hidden()


def test_what_is_moved_while_it_is_being_saved_is_saved_after_it(visit: Visit, people, initiative):
    page = visit(people.editor)
    page.goto(TIMELINE)
    page.evaluate(
        """() => {
            const send = window.fetch;
            window.fetch = (...all) => new Promise((go) => setTimeout(go, 1500)).then(() => send(...all));
        }"""
    )
    bar_of(page).focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-saving]").wait_for()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("svg[data-moves]")).to_have_attribute("data-version", str(initiative.version + 2))
    assert dates(initiative) == [8, 28, 38, 53]
    expect(bar_of(page)).to_be_focused()
    expect(page.locator("[data-problem]")).to_be_hidden()


def test_two_managers_who_drag_the_same_bar_see_both(visit: Visit, people, initiative, complaints):
    complaints.awaited |= {409}
    first, second = visit(people.editor), visit(people.product_manager)
    first.goto(TIMELINE)
    second.set_viewport_size({"width": 1200, "height": 420})
    second.goto(TIMELINE)
    drag(first, initiative, 10, "data-whole")
    expect(first.locator("#live")).to_contain_text("RM-1 is from")
    second.evaluate("document.body.style.paddingBottom = '100vh'")
    bar_of(second).evaluate("bar => window.scrollBy(0, bar.getBoundingClientRect().top - 70)")
    drag(second, initiative, 20, "data-whole")
    note = second.locator("[data-problem]")
    expect(note).to_contain_text("changed RM-1 while you moved it")
    assert dates(initiative) == [10, 30, 40, 55]
    assert top_of(note) >= second.locator("header.gw-top").evaluate("head => head.getBoundingClientRect().bottom")
    note.get_by_role("button", name="See both").click()
    expect(second.locator("h1")).to_contain_text("changed RM-1")
    second.get_by_role("button", name="Keep these").click()
    expect(second.locator("#messages")).to_contain_text("RM-1 is from")
    assert dates(initiative) == [20, 40, 50, 65]


def test_without_script_the_dates_are_a_form_and_a_card_has_a_menu(visit: Visit, people, initiative):
    page = visit(people.editor, java_script_enabled=False)
    page.goto(TIMELINE)
    page.get_by_role("link", name="Dates of RM-1").click()
    page.get_by_label("Likely end").fill(str(organisation_today() + 33 * DAY))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Initiatives")
    assert dates(initiative)[2] == 33
    page.goto("/initiatives/-/board/")
    page.get_by_label("Move RM-1 to").click()
    page.get_by_role("button", name="In progress").click()
    expect(page.locator("[data-column=in_progress]")).to_contain_text("Shard the orders database")


def test_a_card_is_dragged_to_another_column_and_a_reason_is_asked_where_one_is_needed(
    visit: Visit, people, initiative
):
    page = visit(people.editor)
    page.goto("/initiatives/-/board/?sort=title")
    page.locator("[data-card]").drag_to(page.locator("[data-column=planned]"))
    expect(page.locator("[data-column=planned]")).to_contain_text("Shard the orders database")
    expect(page).to_have_url(re.compile("sort=title"))
    page.locator("[data-card]").drag_to(page.locator("[data-column=paused]"))
    page.get_by_label("Why").fill("The supplier is not ready")
    page.get_by_role("button", name="Move to “Paused”").click()
    expect(page.locator("[data-column=paused]")).to_contain_text("Shard the orders database")
    initiative.refresh_from_db()
    assert (initiative.status, initiative.status_reason) == ("paused", "The supplier is not ready")
