"""Writing the strategy in a browser: saved on a pause, live blocks in the preview, two who write the same section."""

import pytest
from playwright.sync_api import Locator, Page, expect

from roadmap.models import StrategySection
from roadmap.strategy import actions
from tests.browser.conftest import Complaints, Visit
from tests.roadmap.core_makers import make_initiative

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit, people) -> Page:
    make_initiative("Shard the orders database", team=people.team.reference)
    opened = visit(people.product_manager)
    opened.goto("/strategy/-/write/")
    return opened


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name=section().title, exact=True)


def section() -> StrategySection:
    return StrategySection.objects.get(key="current-state")


def test_what_is_typed_is_saved_on_a_pause_and_a_live_block_shows_its_rows_in_the_preview(page):
    box(page).press_sequentially("We stand here.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved ")
    assert section().text == "We stand here."
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("{{list: initiatives}}")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Shard the orders database")
    page.reload()
    expect(box(page)).to_contain_text("We stand here.")


def test_of_two_who_write_the_same_section_the_second_sees_both_texts(page, people, complaints: Complaints):
    complaints.awaited.add(409)
    before = section()
    actions.edit(by=people.administrator, record=before, values={"text": "Theirs."}, version=before.version)
    box(page).press_sequentially("Mine.")
    note = page.get_by_role("alert").filter(has_text="saved this section")
    expect(note).to_contain_text("Theirs.")
    assert section().text == "Theirs."
    note.get_by_role("button", name="Put theirs below mine").click()
    expect(page.locator("[data-saved]")).to_contain_text("Saved ")
    assert section().text == "Mine.\n\nTheirs."
