"""Finding an owner, and working with a list, as people do it."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.factories import make_entity, make_team, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit) -> Page:
    """Three services of two teams, and a reader who is in neither of them."""
    checkout = make_team("checkout", title="Checkout", chat="#checkout", email="checkout@larkspur.example")
    payments = make_team("payments", title="Payments")
    make_entity("checkout-api", owner=checkout, tier=0)
    make_entity("checkout-web", owner=checkout, tier=1)
    make_entity("payment-gateway", owner=payments, tier=0)
    return visit(make_user("noor"))


def rows(page: Page) -> list[str]:
    return page.locator("#list tbody th").all_inner_texts()


def test_who_owns_something_is_answered_by_the_palette_without_a_mouse(page):
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("checkout")
    hits = page.locator("#palette [role=option]")
    expect(hits).to_contain_text(["checkout", "checkout-api Checkout, #checkout", "checkout-web Checkout, #checkout"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(hits.nth(2)).to_have_attribute("aria-selected", "true")
    expect(hits.nth(0)).to_have_attribute("aria-selected", "false")
    expect(page.locator("#palette .gw-peek")).to_contain_text("#checkout")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/services/checkout-web/")
    reach = page.get_by_label("Owner and how to reach them")
    expect(reach).to_contain_text("Checkout")
    expect(reach).to_contain_text("#checkout")


def test_the_palette_keeps_the_last_question_and_escape_gives_the_focus_back(page):
    page.goto("/services/")
    link = page.get_by_role("link", name="checkout-api")
    link.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("gateway")
    # Before anything is asked the palette offers to declare an incident.
    expect(page.locator("#palette [role=option]")).to_contain_text(["gateway"])
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_have_value("gateway")
    expect(page.locator("#palette [role=option]")).to_have_count(1)


def test_who_types_fast_and_presses_enter_is_not_sent_to_an_older_answer(page):
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("checkout-api")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/services/checkout-api/")


def test_what_nobody_has_described_is_said_to_be_unknown(page):
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("zeppelin")
    expect(page.locator("#palette-hits")).to_contain_text("Nothing is called “zeppelin”")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()


def test_a_filter_from_the_menu_narrows_the_list_and_back_restores_the_former_one(page):
    page.goto("/services/")
    everything = ["checkout-api", "checkout-web", "payment-gateway"]
    assert rows(page) == everything
    page.locator("summary", has_text="Filter").click()
    page.locator("summary", has_text="Tier").click()
    form = page.get_by_role("form", name="Filter on Tier")
    form.locator("[name='filter.value']").fill("0")
    form.get_by_role("button", name="Apply").click()
    expect(page.locator("#list tbody th")).to_have_text(["checkout-api", "payment-gateway"])
    expect(page.locator(".gw-chip", has_text="Tier")).to_contain_text("0")
    assert "tier=0" in page.url
    expect(page.locator("#live")).to_contain_text("1 to 2 of 2")
    page.go_back()
    expect(page.locator("#list tbody th")).to_have_text(everything)
    assert page.url.endswith("/services/")


def test_a_filter_is_changed_and_removed_by_its_chip(page):
    page.goto("/services/?tier=0")
    chip = page.locator(".gw-chip", has_text="Tier")
    chip.locator("summary").click()
    chip.locator("[name='filter.value']").fill("1")
    chip.get_by_role("button", name="Apply").click()
    expect(page.locator("#list tbody th")).to_have_text(["checkout-web"])
    page.get_by_role("link", name="Remove the filter on Tier").click()
    expect(page.locator("#list tbody tr")).to_have_count(3)
    assert "tier" not in page.url


def test_the_text_box_filters_while_one_types_and_keeps_the_focus(page):
    page.goto("/services/?tier=0")
    box = page.get_by_role("searchbox", name="Find in Services")
    box.press_sequentially("gate")
    expect(page.locator("#list tbody th")).to_have_text(["payment-gateway"])
    expect(box).to_be_focused()
    assert "tier=0" in page.url
    assert "q=gate" in page.url


def test_a_list_is_sorted_by_its_headings(page):
    page.goto("/services/")
    tier = page.locator("#list thead th", has_text="Tier")
    tier.get_by_role("link").click()
    expect(page.locator("#list tbody th")).to_have_text(["checkout-api", "payment-gateway", "checkout-web"])
    expect(tier).to_have_attribute("aria-sort", "ascending")
    expect(tier.get_by_role("link")).to_be_focused()
    tier.get_by_role("link").click()
    expect(page.locator("#list tbody th")).to_have_text(["checkout-web", "checkout-api", "payment-gateway"])
    expect(tier).to_have_attribute("aria-sort", "descending")


def test_the_next_page_shows_the_rows_that_follow(page):
    page.goto("/services/?size=2")
    expect(page.locator(".gw-pager")).to_contain_text("1 to 2 of 3")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#list tbody th")).to_have_text(["payment-gateway"])
    expect(page.locator(".gw-pager")).to_contain_text("3 to 3 of 3")
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("#list tbody th")).to_have_text(["checkout-api", "checkout-web"])


def test_columns_are_chosen_and_put_in_order(page):
    page.goto("/services/")
    page.locator("summary", has_text="Columns").click()
    chooser = page.get_by_role("form", name="Columns")
    for name in chooser.locator(":checked").evaluate_all("(boxes) => boxes.map((box) => box.value)"):
        if name not in {"name", "owner", "tier"}:
            chooser.locator(f"[value={name}]").uncheck()
    chooser.get_by_role("checkbox", name="Namespace").check()
    chooser.get_by_role("button", name="Move Tier up").click()
    chooser.get_by_role("button", name="Show these").click()
    expect(page.locator("#list thead th")).to_have_text(["Name", "Tier", "Owner", "Namespace"])
    assert "columns=name" in page.url


def test_the_file_holds_the_filtered_rows_in_the_columns_that_are_shown(page, tmp_path):
    page.goto("/services/?owner=checkout&columns=name&columns=tier")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "services.csv"
    started.value.save_as(file)
    assert started.value.suggested_filename.endswith(".csv")
    assert read(file) == [["name", "tier"], ["checkout-api", "0"], ["checkout-web", "1"]]


def read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


def test_whoever_was_signed_out_meanwhile_is_told_so_by_the_palette(page):
    page.goto("/services/")
    page.context.clear_cookies()
    page.keyboard.press("Control+k")
    page.keyboard.type("gateway")
    answer = page.locator("#palette .gw-palette-none")
    expect(answer).to_contain_text("You are signed out.")
    expect(answer.get_by_role("link", name="Sign in")).to_have_attribute(
        "href", re.compile(r"/login/.*next=%2Fservices")
    )
