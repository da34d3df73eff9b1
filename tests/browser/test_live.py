"""An open page follows what happens, without being loaded anew: a target goes down and comes back."""

import contextlib
import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from services.health.models import Check, CheckDay, CheckState, RollUpMark
from services.health.scheduler import run_now
from tests.browser.conftest import Visit
from tests.factories import make_entity
from tests.services.health.results import answer, every, make_check
from tests.services.health.targets import Targets, serving

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]

# The page asks every 15 seconds; the clock of the browser is moved on instead of waiting.
ROUND_MS = 15_500
ANSWER_MS = 5_000


@pytest.fixture
def targets(settings) -> Iterator[Targets]:
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    with serving() as running:
        yield running


@pytest.fixture
def check(targets: Targets, people) -> Check:
    """A check of a real server, which changes with the first answer that says otherwise."""
    made = make_check(entity=make_entity("cart", owner=people.team))
    Check.objects.filter(pk=made.pk).update(address=targets.url(), failures_needed=1, of_last=1)
    made.refresh_from_db()
    probe(made)
    return made


@pytest.fixture
def page(visit: Visit, people) -> Page:
    opened = visit(people.editor)
    opened.clock.install()
    return opened


def probe(check: Check) -> None:
    run_now(check, ANSWER_MS)
    assert CheckState.objects.get(of=check).last_at is not None


def mark(page: Page) -> None:
    """Leave something on the document that loading it anew would take away."""
    page.evaluate("() => { document.documentElement.dataset.opened = 'once'; }")


def is_the_same_document(page: Page) -> bool:
    return page.evaluate("() => document.documentElement.dataset.opened === 'once'")


def polls(page: Page) -> list[Response]:
    found: list[Response] = []
    page.on("response", lambda each: found.append(each) if "/panels/" in each.url or "/health/" in each.url else None)
    return found


def later(page: Page) -> None:
    """Fifteen seconds on, and everything that is asked for then has come."""
    page.clock.run_for(ROUND_MS)
    with contextlib.suppress(Exception):
        page.wait_for_load_state("networkidle")


def hide(page: Page, hidden: bool) -> None:
    state = "hidden" if hidden else "visible"
    page.evaluate(
        f"""() => {{
            Object.defineProperty(document, "hidden", {{ configurable: true, get: () => {str(hidden).lower()} }});
            Object.defineProperty(document, "visibilityState", {{ configurable: true, get: () => "{state}" }});
            document.dispatchEvent(new Event("visibilitychange"));
        }}"""
    )


def test_an_open_service_page_says_that_its_target_went_down_and_came_back(page, check, targets):
    page.goto("/services/cart/")
    head, row = page.locator("#record-pill"), page.locator("[data-live-row]")
    expect(row).to_contain_text("Up")
    mark(page)
    targets.broken = True
    probe(check)
    later(page)
    expect(head).to_have_text("Failing")
    expect(row).to_contain_text("Down")
    expect(page.locator("#record-why")).to_contain_text("answered 503")
    expect(page.locator("#live")).to_contain_text("cart is failing: Front page is down: answered 503")
    targets.broken = False
    probe(check)
    later(page)
    expect(head).to_have_text("Healthy")
    expect(row).to_contain_text("Up")
    assert is_the_same_document(page)


def test_an_open_check_page_shows_each_answer_as_it_comes(page, check, targets):
    page.goto(f"/checks/{check.pk}/")
    answers = page.locator("#healthcheck-latest-answers tbody tr")
    expect(answers).to_have_count(1)
    mark(page)
    targets.broken = True
    probe(check)
    later(page)
    expect(answers).to_have_count(2)
    expect(page.locator("#healthcheck-now")).to_contain_text("Down")
    expect(page.locator("#healthcheck-facts")).to_contain_text("Down")
    assert is_the_same_document(page)


def test_the_open_overview_names_what_begins_to_burn(page, check, targets):
    page.goto("/health/")
    burning = page.get_by_role("region", name="Burning now")
    expect(burning).to_contain_text("Nothing that is watched fails")
    mark(page)
    targets.broken = True
    probe(check)
    later(page)
    expect(burning.get_by_role("link", name="cart")).to_be_visible()
    expect(page.locator("#live")).to_have_text("1 failing.")
    assert is_the_same_document(page)


def test_rows_do_not_move_under_the_pointer_but_the_news_is_offered(page, check, targets):
    page.goto("/health/")
    page.get_by_role("heading", name="Burning now").hover()
    targets.broken = True
    probe(check)
    later(page)
    expect(page.locator(".gw-news")).to_contain_text("Something changed.")
    expect(page.get_by_role("region", name="Burning now")).to_contain_text("Nothing that is watched fails")
    page.locator(".gw-news").get_by_role("button", name="Show").click()
    expect(page.get_by_role("region", name="Burning now")).to_contain_text("Failing")
    expect(page.locator(".gw-news")).to_have_count(0)


def test_while_nothing_changed_the_page_is_answered_304_and_keeps_its_elements(page, check):
    page.goto("/services/cart/")
    expect(page.locator("[data-live-row]")).to_contain_text("Up")
    page.evaluate("() => { document.querySelector('[data-live-row]').dataset.mine = 'kept'; }")
    # Panels that are slow load by themselves first.
    page.wait_for_load_state("networkidle")
    asked = polls(page)
    with page.expect_response("**/panels/**"):
        later(page)
    assert {each.status for each in asked} == {304}
    expect(page.locator("[data-live-row][data-mine=kept]")).to_have_count(1)


def test_a_hidden_tab_asks_for_nothing_and_catches_up_when_it_is_seen_again(page, check, targets):
    page.goto("/services/cart/")
    expect(page.locator("[data-live-row]")).to_contain_text("Up")
    page.wait_for_load_state("networkidle")
    asked = polls(page)
    hide(page, True)
    for _ in range(4):
        later(page)
    assert asked == []
    targets.broken = True
    probe(check)
    hide(page, False)
    expect(page.locator("#record-pill")).to_have_text("Failing")
    assert len(asked) == 1


def test_what_the_reader_does_there_is_left_alone(page, check, targets):
    """The focus stays on its link, although the row around it came anew."""
    page.goto("/services/cart/")
    link = page.locator("[data-live-row] a")
    link.focus()
    targets.broken = True
    probe(check)
    later(page)
    expect(page.locator("[data-live-row]")).to_contain_text("Down")
    expect(link).to_be_focused()


def test_a_table_that_was_scrolled_stays_where_it_is(page, check, targets):
    today = timezone.now().date()
    failed = {"hours": [0, 0, 60, 0, 0] * 24, "bad": 1440}
    CheckDay.objects.bulk_create(
        CheckDay(of=check, day=today - dt.timedelta(days=back), **failed) for back in range(2, 40)
    )
    RollUpMark.objects.create(pk=1, rolled_until=timezone.now() - dt.timedelta(days=1))
    page.goto("/services/cart/")
    page.get_by_text("Which days, as a table").click()
    table = page.get_by_role("group", name="Days with something amiss")
    table.evaluate("(each) => each.scrollTo(0, 200)")
    targets.broken = True
    probe(check)
    later(page)
    expect(page.locator("[data-live-row]")).to_contain_text("Down")
    expect(table).to_be_visible()
    assert table.evaluate("(each) => each.scrollTop") == 200


def test_whoever_is_signed_out_meanwhile_keeps_the_page_and_is_told_that_it_follows_no_more(page, check):
    page.goto("/services/cart/")
    expect(page.locator("[data-live-row]")).to_contain_text("Up")
    page.context.clear_cookies()
    later(page)
    expect(page.locator(".gw-live-note")).to_contain_text("You are signed out")
    assert page.url.endswith("/services/cart/")
    asked = polls(page)
    later(page)
    assert asked == []


def test_without_an_answer_the_page_keeps_what_it_has_and_says_so_until_there_is_one(page, check, complaints):
    complaints.awaited.add(503)
    page.goto("/services/cart/")
    expect(page.locator("[data-live-row]")).to_contain_text("Up")
    page.route("**/panels/**", lambda route: route.fulfill(status=503, body="gone"))
    later(page)
    expect(page.locator(".gw-live-note")).to_contain_text("The portal does not answer.")
    expect(page.locator("[data-live-row]")).to_contain_text("Up")
    page.unroute("**/panels/**")
    later(page)
    expect(page.locator(".gw-live-note")).to_have_count(0)


def test_without_javascript_the_pages_stand_as_they_are(visit, people, check):
    now = timezone.now()
    answer(check, every(now - dt.timedelta(minutes=5), now))
    page = visit(people.editor, java_script_enabled=False)
    page.goto("/services/cart/")
    page.get_by_role("link", name="Show health").click()
    expect(page.get_by_role("list", name="The last 90 days")).to_be_visible()
    page.goto("/health/")
    expect(page.get_by_role("heading", name="Silent")).to_be_visible()
