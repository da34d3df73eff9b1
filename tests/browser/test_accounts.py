"""Signing in, how the portal looks for its reader, tokens, and what happens when a server is gone."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from playwright.sync_api import Page, expect

from portal import status
from portal.people import setup, views
from portal.people.models import Role, User
from tests.browser.axe import violations
from tests.browser.conftest import Complaints, Visit
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]


@pytest.fixture
def page(visit: Visit, db: None) -> Page:
    return visit(make_user("mei"), color_scheme="light")


def ground(page: Page) -> str:
    return page.evaluate("() => getComputedStyle(document.querySelector('.gw-body')).backgroundColor")


def test_the_theme_changes_at_once_and_stays(page):
    page.goto("/help/")
    light = ground(page)
    page.locator(".gw-user summary").click()
    with page.expect_response("**/profile/theme/"):
        page.get_by_role("button", name="Dark").click()
    assert ground(page) != light
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#live")).to_have_text("Theme saved")
    page.goto("/services/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert ground(page) != light


def test_as_the_system_follows_the_system(page):
    page.goto("/help/")
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    assert ground(page) != light


def test_a_new_token_is_shown_once(page):
    page.goto("/profile/")
    page.get_by_label("Name").fill("laptop")
    with page.expect_navigation():
        page.get_by_role("button", name="Make the token").click()
    key = page.get_by_role("textbox", name="New token").input_value()
    assert key.startswith("gw_")
    answer = page.request.get("/api/v1/services/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 200
    with page.expect_navigation():
        page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("table", name="My API tokens")).to_contain_text("laptop")
    assert key not in page.content()
    with page.expect_navigation():
        page.get_by_role("button", name="Revoke laptop").click()
    answer = page.request.get("/api/v1/services/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 401


def test_a_token_is_copied_by_its_button(visit):
    page = visit(make_user("mei"), permissions=["clipboard-read", "clipboard-write"])
    page.goto("/profile/")
    page.get_by_label("Name").fill("laptop")
    with page.expect_navigation():
        page.get_by_role("button", name="Make the token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = page.get_by_role("textbox", name="New token").input_value()
    assert page.evaluate("() => navigator.clipboard.readText()") == key


def test_a_wrong_password_is_said_where_one_looks(visit, db, complaints):
    make_user("mei")
    page = visit(None)
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("mei@larkspur.example")
    page.get_by_label("Password").fill("wrong")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value("mei@larkspur.example")


def test_the_demo_is_entered_by_one_click(visit, db, settings):
    settings.DEMO = True
    make_user("sofia.marchetti", role=Role.ADMINISTRATOR)
    page = visit(None)
    page.goto("/")
    with page.expect_navigation():
        page.get_by_role("button", name="Administrator").click()
    expect(page.get_by_role("heading", level=1, name="My work")).to_be_visible()


def test_an_empty_portal_lets_the_first_administrator_in_once(visit, db, complaints):
    complaints.awaited.add(404)
    link = f"/accounts/first/{setup.new_key()}/"
    page = visit(None)
    page.goto(link)
    assert violations(page) == []
    page.get_by_label("Your e-mail").fill("sofia@larkspur.example")
    page.get_by_label("A password").fill("Late-Trains-91")
    with page.expect_navigation():
        page.get_by_role("button", name="Make the login").click()
    expect(page.get_by_role("heading", level=1, name="My work")).to_be_visible()
    assert User.objects.get().role == Role.ADMINISTRATOR
    again = page.goto(link)
    assert again is not None
    assert again.status == 404


def test_the_page_comes_back_by_itself_once_the_database_does(page: Page, complaints: Complaints, monkeypatch: Any):
    complaints.awaited.add(503)
    page.clock.install()
    with monkeypatch.context() as gone:
        gone.setattr(views, "home_context", _database_is_gone)
        gone.setattr(status, "connection", SimpleNamespace(ensure_connection=_database_is_gone))
        response = page.goto("/")
        assert response is not None
        assert response.status == 503
        expect(page.get_by_role("heading", level=1)).to_have_text("Back in a moment")
        with page.expect_response("**/readyz") as asked:
            page.clock.fast_forward(5000)
        assert asked.value.status == 503
        expect(page.get_by_role("heading", level=1)).to_have_text("Back in a moment")
    with page.expect_navigation():
        page.clock.fast_forward(5000)
    expect(page.get_by_role("heading", level=1)).to_have_text("My work")


def _database_is_gone(*args: Any) -> None:
    raise OperationalError("the database is gone, for the test")


def test_a_part_of_a_page_that_does_not_answer_leaves_the_rest_and_says_so(page, complaints, monkeypatch):
    complaints.awaited.add(503)
    page.goto("/services/")
    with page.expect_response("**/services/?**"):
        monkeypatch.setattr("portal.views.parse", _database_is_gone)
        page.get_by_role("searchbox", name="Find in Services").press_sequentially("gate")
    expect(page.locator(".gw-toast")).to_contain_text("did not answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Services")
    cache.clear()
