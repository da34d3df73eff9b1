"""Every task without JavaScript, and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from portal.people.models import User
from services import graph
from services.models import Entity
from tests.browser.conftest import PHONE, Complaints, Visit
from tests.factories import depend, make_entity

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit, people) -> Page:
    make_entity("checkout-api", owner=people.team, tier=0)
    make_entity("payment-gateway", owner=people.other, tier=1)
    return visit(people.editor, java_script_enabled=False)


def click(page: Page, role: str, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).first.click()


def test_sign_in_and_out(visit, people, complaints):
    page = visit(None, java_script_enabled=False)
    page.goto("/services/")
    assert "/accounts/login/?next=/services/" in page.url
    page.get_by_label("Email").fill("editor@larkspur.example")
    page.get_by_label("Password").fill("correct horse")
    click(page, "button", "Sign in")
    assert page.url.endswith("/services/")
    page.locator(".gw-user summary").click()
    click(page, "button", "Sign out")
    assert "/accounts/login/" in page.url


def test_the_search_box_is_a_link_to_a_page_that_answers_who_owns_what(page):
    page.goto("/")
    click(page, "link", "Search or jump to (Ctrl K)")
    page.get_by_role("searchbox").fill("gateway")
    click(page, "button", "Search")
    hit = page.locator("main li", has_text="payment-gateway")
    expect(hit).to_contain_text("Payments")
    click(page, "link", "payment-gateway")
    assert page.url.endswith("/services/payment-gateway/")


def test_filter_sort_columns_and_pages(page):
    page.goto("/services/")
    page.locator("summary", has_text="Filter").click()
    page.locator("summary", has_text="Tier").click()
    form = page.get_by_role("form", name="Filter on Tier")
    form.locator("[name='filter.value']").fill("1")
    with page.expect_navigation():
        form.get_by_role("button", name="Apply").click()
    assert page.locator("tbody th").all_inner_texts() == ["payment-gateway"]
    click(page, "link", "Clear all")
    with page.expect_navigation():
        page.locator("thead th", has_text="Tier").get_by_role("link").click()
    with page.expect_navigation():
        page.locator("thead th", has_text="Tier").get_by_role("link").click()
    assert page.locator("tbody th").all_inner_texts() == ["payment-gateway", "checkout-api"]
    page.goto("/services/?size=1")
    click(page, "link", "Next")
    assert page.locator("tbody th").all_inner_texts() == ["payment-gateway"]


def test_the_text_box_of_a_list(page):
    page.goto("/services/?tier=0&tier=1")
    page.get_by_role("searchbox").fill("gate")
    with page.expect_navigation():
        page.get_by_role("searchbox").press("Enter")
    assert page.locator("tbody th").all_inner_texts() == ["payment-gateway"]
    assert "tier=0&tier=1" in page.url


def test_create_edit_and_delete(page):
    page.goto("/services/-/new/")
    page.get_by_label("Name", exact=True).fill("seat-map")
    page.get_by_label("Owner").fill("checkout")
    click(page, "button", "Make service")
    assert page.url.endswith("/services/seat-map/")
    click(page, "link", "Edit")
    page.get_by_label("Description").fill("Draws the hall")
    click(page, "button", "Save")
    expect(page.get_by_text("Draws the hall").first).to_be_visible()
    page.goto("/services/seat-map/delete/")
    click(page, "button", "Delete seat-map")
    assert not Entity.objects.filter(name="seat-map").exists()


def test_deleting_what_many_need_asks_for_the_name_and_says_so_when_it_is_wrong(
    page: Page, people, complaints: Complaints
):
    complaints.awaited.add(422)
    checkout = Entity.objects.get(name="checkout-api")
    for n in range(11):
        depend(make_entity(f"caller-{n}"), checkout)
    graph.refresh_counts()
    page.goto("/services/checkout-api/delete/")
    page.get_by_label("Type checkout-api to delete it").fill("checkout")
    click(page, "button", "Delete checkout-api")
    expect(page.get_by_role("alert")).to_contain_text("Type checkout-api to delete it: 11 things depend on it.")
    page.get_by_label("Type checkout-api to delete it").fill("checkout-api")
    click(page, "button", "Delete checkout-api")
    assert not Entity.objects.filter(name="checkout-api").exists()


def test_a_conflict_is_settled_field_by_field(page, visit, people, complaints):
    complaints.awaited.add(409)
    page.goto("/services/checkout-api/edit/")
    Entity.objects.filter(name="checkout-api").update(title="Theirs")
    page.get_by_label("Display name").fill("Mine")
    click(page, "button", "Save")
    page.get_by_role("radio").first.check()
    click(page, "button", "Keep these")
    assert Entity.objects.get(name="checkout-api").title == "Theirs"


def test_the_theme(page):
    page.goto("/services/")
    page.locator(".gw-user summary").click()
    click(page, "button", "Dark")
    assert page.url.endswith("/services/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert User.objects.get(email="editor@larkspur.example").theme == "dark"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_menu_of_a_phone_opens_leads_on_and_closes(visit, people, script):
    page = visit(people.editor, java_script_enabled=script, viewport=PHONE, has_touch=True)
    page.goto("/")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Open the menu").click()
    expect(menu).to_be_visible()
    page.get_by_role("link", name="Close the menu").click()
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Open the menu").click()
    with page.expect_navigation():
        menu.get_by_role("link", name="Services").click()
    assert page.url.endswith("/services/")
    expect(menu).to_be_hidden()


def test_panels_that_load_by_themselves_have_a_link_instead(page):
    page.goto("/services/checkout-api/")
    for link in page.locator("noscript a").all():
        assert page.request.get(link.get_attribute("href")).ok
    assert page.locator(".gw-skeleton").count() == page.locator("noscript a").count()
