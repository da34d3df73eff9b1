"""Everything without a mouse; single keys never while one types, and not at all for those who switch them off."""

import pytest
from playwright.sync_api import Page, expect

from portal.people.models import User
from tests.browser.conftest import Visit
from tests.factories import make_entity

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit, people) -> Page:
    make_entity("checkout-api", owner=people.team)
    make_entity("checkout-web", owner=people.team)
    return visit(people.editor)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    """The name of what has the focus, as it is announced."""
    return page.evaluate(
        "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
    )


def test_the_first_stop_leads_past_the_navigation_to_the_content(page):
    page.goto("/services/")
    press(page, "Tab")
    assert focused(page) == "Skip to the content"
    expect(page.locator(".gw-skip")).to_be_in_viewport()
    press(page, "Enter")
    expect(page.locator("#main")).to_be_focused()
    press(page, "Tab")
    assert focused(page) == "New service"


def test_the_focus_goes_through_the_page_in_the_order_of_reading(page):
    page.goto("/services/")
    stops = []
    page.locator("#main").focus()
    for _ in range(8):
        press(page, "Tab")
        stops.append(focused(page))
    assert stops == ["New service", "Find in Services", "Type is any of service, website: change",
                     "Remove the filter on Type: is any of service, website", "Filter", "Clear all", "Columns",
                     "Export"]  # fmt: skip


def test_what_has_the_focus_can_be_seen(page):
    page.goto("/services/")
    press(page, *["Tab"] * 3)
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_two_keys_go_to_a_list_and_one_opens_the_row(page):
    page.goto("/")
    with page.expect_navigation():
        press(page, "g", "s")
    assert page.url.endswith("/services/")
    press(page, "j")
    assert focused(page) == "checkout-api"
    press(page, "j")
    assert focused(page) == "checkout-web"
    press(page, "k")
    assert focused(page) == "checkout-api"
    with page.expect_navigation():
        press(page, "Enter")
    assert page.url.endswith("/services/checkout-api/")
    with page.expect_navigation():
        press(page, "e")
    assert page.url.endswith("/services/checkout-api/edit/")


@pytest.mark.parametrize(
    ("key", "place"),
    [("w", "/"), ("h", "/health/"), ("s", "/services/"), ("a", "/apis/"), ("r", "/resources/"), ("t", "/teams/"),
     ("p", "/people/"), ("e", "/entities/")],
)  # fmt: skip
def test_every_place_of_the_list_of_keys_is_reached(page, key, place):
    page.goto("/help/")
    with page.expect_navigation():
        press(page, "g", key)
    assert page.url.endswith(place)


def test_a_question_mark_shows_the_keys_and_escape_closes_them(page):
    page.goto("/services/")
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Next and previous row")
    press(page, "Escape")
    expect(dialog).to_be_hidden()


def test_a_slash_leads_to_the_text_box_of_a_list_and_elsewhere_to_the_palette(page):
    page.goto("/services/")
    press(page, "/")
    expect(page.get_by_role("searchbox", name="Find in Services")).to_be_focused()
    page.goto("/help/")
    press(page, "/")
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()


def test_single_keys_are_text_inside_a_field(page):
    page.goto("/services/checkout-api/edit/")
    field = page.get_by_label("Display name")
    field.focus()
    page.keyboard.type("gs?ej/")
    expect(field).to_have_value("gs?ej/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url.endswith("/edit/")


def test_single_keys_do_nothing_once_they_are_switched_off_but_ctrl_k_works(page):
    page.goto("/profile/")
    page.get_by_label("Single-key shortcuts").uncheck()
    with page.expect_navigation():
        page.get_by_role("region", name="How it looks and behaves").get_by_role("button", name="Save").click()
    assert not User.objects.get(email="editor@larkspur.example").single_keys
    press(page, "?", "g", "s")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url.endswith("/profile/")
    press(page, "Control+k")
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()


def test_a_menu_opens_by_enter_and_closes_by_escape_with_the_focus_back_on_it(page):
    page.goto("/services/")
    export = page.locator("summary", has_text="Export")
    export.focus()
    press(page, "Enter", "Tab")
    expect(page.get_by_role("link", name="CSV")).to_be_focused()
    press(page, "Escape")
    expect(export).to_be_focused()
    expect(page.get_by_role("link", name="CSV")).to_be_hidden()


def test_a_filter_is_set_by_keys_alone(page, people):
    make_entity("payment-gateway", owner=people.other, tier=3)
    page.goto("/services/")
    page.locator("summary", has_text="Filter").focus()
    press(page, "Enter")
    page.locator("summary", has_text="Tier").focus()
    press(page, "Enter", "Tab", "Tab")
    page.keyboard.type("3")
    press(page, "Enter")
    expect(page.locator("#list tbody th")).to_have_text(["payment-gateway"])
    assert page.evaluate("() => document.activeElement !== document.body")
