"""Making, changing and deleting a record, also while somebody else does."""

import pytest
from playwright.sync_api import Page, expect

from services import graph
from services.models import Entity
from tests.browser.conftest import Complaints, Visit
from tests.factories import depend, make_entity
from tests.services.health.results import make_check

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit, people) -> Page:
    make_entity("checkout-api", owner=people.team, title="Checkout", description="Takes orders", tier=1)
    return visit(people.editor)


def checkout() -> Entity:
    return Entity.objects.get(name="checkout-api")


def save(page: Page, name: str = "Save") -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_a_service_is_made_and_its_page_opens(page):
    page.goto("/services/")
    page.get_by_role("link", name="New service").click()
    page.get_by_label("Name", exact=True).fill("seat-map")
    page.get_by_label("Type").fill("service")
    page.get_by_label("Owner").fill("checkout")
    save(page, "Make service")
    assert page.url.endswith("/services/seat-map/")
    expect(page.get_by_role("heading", level=1)).to_have_text("seat-map")
    expect(page.get_by_label("Owner and how to reach them")).to_contain_text("Checkout")
    expect(page.locator(".gw-toast")).to_contain_text("Made seat-map.")


def test_an_owner_is_suggested_while_one_types(page):
    page.goto("/services/-/new/")
    page.get_by_label("Owner").press_sequentially("check")
    expect(page.locator("datalist option")).to_have_attribute("value", "checkout")


def test_the_checks_that_an_slo_is_offered_are_those_of_the_entity_that_was_typed(page, people):
    make_check("Health", entity=checkout())
    make_check("Health", entity=make_entity("identity-login", owner=people.team))
    page.goto("/slos/-/new/")
    page.get_by_label("Entity").fill("identity-login")
    page.get_by_label("Check").press_sequentially("heal")
    offered = page.locator("#id_source_check-suggestions option")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("value", "identity-login: Health")


def test_what_is_wrong_is_said_at_the_top_and_at_the_field_and_nothing_typed_is_lost(page, complaints):
    complaints.awaited.add(422)
    page.goto("/services/-/new/")
    page.get_by_label("Display name").fill("The seat map")
    page.get_by_label("Owner").fill("chekout")
    save(page, "Make service")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Did you mean checkout?")
    owner = page.get_by_label("Owner")
    expect(owner).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Display name")).to_have_value("The seat map")
    page.get_by_role("alert").get_by_role("link", name="Owner").click()
    expect(owner).to_be_focused()


def test_a_value_is_changed_and_history_says_who_and_what(page):
    page.goto("/services/checkout-api/")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Description").fill("Takes orders and payments")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    save(page)
    assert checkout().description == "Takes orders and payments"
    page.get_by_role("link", name="History", exact=True).click()
    latest = page.locator("main .gw-tl li").first
    expect(latest).to_contain_text("Changed by Editor")
    expect(latest.locator("del")).to_have_text("Takes orders")
    expect(latest.locator("ins")).to_have_text("Takes orders and payments")


def test_of_two_who_edit_at_once_the_second_sees_both_texts_and_chooses_field_by_field(
    page: Page, visit: Visit, people, complaints: Complaints
):
    complaints.awaited.add(409)
    other = visit(people.administrator)
    for each in (page, other):
        each.goto("/services/checkout-api/edit/")
    other.get_by_label("Display name").fill("Checkout (theirs)")
    other.get_by_label("Description").fill("Theirs\nin two lines")
    other.get_by_label("Region").fill("eu-west-1")
    save(other)
    page.get_by_label("Display name").fill("Checkout (mine)")
    page.get_by_label("Description").fill("Mine\nin two lines")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("changed")
    assert checkout().title == "Checkout (theirs)"
    table = page.get_by_role("table")
    for text in ("Checkout (theirs)", "Checkout (mine)", "Theirs\nin two lines", "Mine\nin two lines"):
        expect(table).to_contain_text(text.replace("\n", ""))
    table.get_by_role("row", name="Display name").get_by_role("radio").first.check()
    expect(page.get_by_role("region", name="What only one of you changed")).to_contain_text("eu-west-1")
    save(page, "Keep these")
    kept = checkout()
    assert kept.title == "Checkout (theirs)"
    assert kept.description.splitlines() == ["Mine", "in two lines"]
    assert (kept.tier, kept.region, kept.owner.name) == (1, "eu-west-1", "checkout")


def test_fields_that_only_the_other_one_changed_are_not_undone(page, visit, people, complaints):
    complaints.awaited.add(409)
    other = visit(people.administrator)
    for each in (page, other):
        each.goto("/services/checkout-api/edit/")
    other.get_by_label("Region").fill("eu-west-1")
    save(other)
    page.get_by_label("Display name").fill("Mine")
    save(page)
    save(page, "Keep these")
    assert (checkout().title, checkout().region) == ("Mine", "eu-west-1")


def test_a_record_is_deleted_after_saying_what_goes_and_what_stays(page):
    page.goto("/services/checkout-api/edit/")
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("region", name="Will be gone")).to_contain_text("Checkout, with its description")
    expect(page.get_by_role("region", name="Stays")).to_contain_text("its history")
    save(page, "Delete Checkout")
    assert page.url.endswith("/services/")
    expect(page.locator(".gw-toast")).to_contain_text("Deleted Checkout.")
    assert not Entity.objects.exists()


def test_above_ten_dependants_the_name_must_be_typed(page, people, complaints):
    for n in range(11):
        depend(make_entity(f"caller-{n}", owner=people.team), checkout())
    graph.refresh_counts()
    page.goto("/services/checkout-api/delete/")
    button = page.get_by_role("button", name="Delete Checkout")
    expect(button).to_be_disabled()
    page.get_by_label("Type Checkout to delete it").fill("Checkou")
    expect(button).to_be_disabled()
    page.get_by_label("Type Checkout to delete it").press_sequentially("x")
    expect(button).to_be_disabled()
    page.get_by_label("Type Checkout to delete it").fill("Checkout")
    save(page, "Delete Checkout")
    assert not Entity.objects.filter(name="checkout-api").exists()


def test_two_clicks_on_save_write_once(page):
    page.goto("/services/-/new/")
    page.get_by_label("Name", exact=True).fill("seat-map")
    page.get_by_label("Owner").fill("checkout")
    sent = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    with page.expect_navigation():
        page.get_by_role("button", name="Make service").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("seat-map")
    assert sent == ["POST"]


def test_a_service_without_an_owner_is_taken_by_ones_team(page):
    make_entity("nobodys-service")
    page.goto("/services/nobodys-service/")
    expect(page.get_by_label("Owner and how to reach them")).to_contain_text("Nobody owns this")
    page.get_by_role("link", name="Take it").click()
    save(page, "Take it")
    expect(page.get_by_label("Owner and how to reach them")).to_contain_text("Checkout")


def test_what_was_typed_while_the_session_ended_is_offered_again_after_signing_in(page, people):
    page.goto("/services/checkout-api/edit/")
    page.get_by_label("Description").fill("Takes orders and keeps them for an hour")
    page.context.clear_cookies(name="sessionid")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Not saved: you are signed out")
    page.get_by_label("Email").fill(people.editor.email)
    page.get_by_label("Password").fill("correct horse")
    save(page, "Sign in")
    assert page.url.endswith("/services/checkout-api/edit/")
    expect(page.get_by_label("Description")).to_have_value("Takes orders")
    page.get_by_role("button", name="Put it back").click()
    save(page)
    assert checkout().description == "Takes orders and keeps them for an hour"
    page.goto("/services/checkout-api/edit/")
    expect(page.get_by_text("You typed something here that was not saved")).to_be_hidden()
