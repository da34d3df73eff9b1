"""A walk over every page in a real browser: usable by everybody, fit for every screen, within every rule of ours."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve
from playwright.sync_api import Browser, BrowserContext, Page

from portal.people import views
from tests.browser.acting import Shown
from tests.browser.axe import colour_violations, violations
from tests.browser.conftest import DESKTOP, PHONE, Complaints, new_context
from tests.browser.pages import NO_PAGES, PAGES
from tests.browser.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.xdist_group("browser-pages")]
NARROW = {"width": 320, "height": 640}


@pytest.fixture(params=PAGES, ids=lambda shown: shown.name)
def shown(request: pytest.FixtureRequest) -> Shown:
    return request.param


@pytest.fixture(scope="module")
def contexts(world: World, address: str, browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """A browser for each reader, shared by all tests, so that files are loaded once."""
    opened = {reader: new_context(browser, address, session) for reader, session in world.sessions.items()}
    yield opened
    for context in opened.values():
        context.close()


@pytest.fixture
def page(
    shown: Shown,
    world: World,
    contexts: dict[str, BrowserContext],
    complaints: Complaints,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """The page as its reader sees it, after what they do first."""
    complaints.awaited |= {shown.status, 409, 422}
    for name, value in shown.settings.items():
        setattr(settings, name, value)
    if shown.broken_by:
        monkeypatch.setattr(views, "home_context", _raise(shown.broken_by))
    opened = contexts[shown.reader].new_page()
    complaints.watch(opened)
    if shown.broken_by:  # or the page would soon come back by itself
        opened.route("**/readyz", lambda route: route.abort())
    response = opened.goto(shown.address_in(world))
    assert response is not None
    assert response.status == shown.status
    wait_until_complete(opened)
    if shown.act:
        shown.act(opened)
    yield opened
    opened.close()
    assert not complaints.found, "\n".join(complaints.found)


def _raise(problem: Exception) -> Any:
    def refuse(*args: Any) -> None:
        raise problem

    return refuse


def wait_until_complete(page: Page) -> None:
    """Wait for the panels that load by themselves."""
    page.wait_for_function("() => !document.querySelector('.gw-skeleton, [aria-busy=true]')")


def test_every_page_can_be_read_and_used_by_everybody_on_every_screen(shown, page):
    # Another theme changes colours, and nothing else.
    found = {
        "1440 light": violations(page),
        "1440 dark": in_theme(page, "dark"),
        "390 dark": [*sideways(page, PHONE), *violations(page), *([] if shown.act else covered(page))],
        "390 light": in_theme(page, "light"),
        "320": sideways(page, NARROW),
        "1440": [*sideways(page, DESKTOP), *odd(page)],
    }
    assert not any(found.values()), "\n".join(f"{where}:  {line}" for where, lines in found.items() for line in lines)


def in_theme(page: Page, theme: Any) -> list[str]:
    page.emulate_media(color_scheme=theme)
    return colour_violations(page)


def sideways(page: Page, size: Any) -> list[str]:
    """Whether the page has to be moved sideways to be read, and what sticks out."""
    page.set_viewport_size(size)
    if page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
        return []
    out = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((each) => `${each.tagName.toLowerCase()}.${each.className}`).slice(0, 8)"""
    )
    return [f"scrolls sideways: {', '.join(out)}"]


def covered(page: Page) -> list[str]:
    """What one could click if nothing lay over it."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main a, main button, main summary')]
            .filter((each) => each.checkVisibility({visibilityProperty: true})).slice(0, 60)
            .map((each) => {
                each.scrollIntoView({block: 'center'});
                const box = each.getClientRects()[0];
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                const free = !top || each.contains(top) || top.contains(each);
                return free ? '' : `${top.outerHTML.slice(0, 80)} lies over ${each.outerHTML.slice(0, 80)}`;
            }).filter(Boolean)"""
    )


def odd(page: Page) -> Iterator[str]:
    """What every page has, and this one lacks."""
    if not page.title().endswith("· Groundwork"):
        yield f"its title is “{page.title()}”"
    if (count := page.locator("h1").count()) != 1:
        yield f"it has {count} main headings"
    if "could not be shown" in page.locator("body").inner_text():
        yield "a part of it could not be shown"


@pytest.mark.parametrize("width", [1366, 1280, 1024])
def test_the_capacity_board_shows_every_column_whole_on_a_small_notebook(world, contexts, width):
    page = contexts["editor"].new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/health/capacity/")
    wait_until_complete(page)
    tables = page.locator(".gw-tablewrap").evaluate_all(
        "(all) => all.map((each) => [each.clientWidth, each.scrollWidth])"
    )
    times = page.locator(".gw-board time").evaluate_all("(all) => all.map((each) => each.getClientRects().length)")
    page.close()
    assert tables
    assert [box for box in tables if box[1] > box[0]] == []
    assert set(times) == {1}


def test_every_address_is_a_page_of_the_walk_or_none_at_all(world):
    visited = {resolve(shown.address_in(world).partition("?")[0].partition("#")[0]).url_name for shown in walked()}
    assert {name for name in names() if not name.startswith("api-")} == visited | (NO_PAGES - {"api-schema"})


def walked() -> Iterator[Shown]:
    return (shown for shown in PAGES if shown.status != 404)


def names() -> Iterator[str]:
    def walk(patterns: Any) -> Iterator[str]:
        for each in patterns:
            if isinstance(each, URLPattern):
                yield str(each.name)
            else:
                yield from walk(each.url_patterns)

    yield from walk(get_resolver().url_patterns)


def test_every_link_of_every_page_leads_somewhere(world):
    client = Client()
    seen: set[tuple[str, str]] = set()
    for shown in (each for each in walked() if not each.broken_by):
        client.cookies["sessionid"] = world.sessions[shown.reader]
        address = shown.address_in(world)
        page = client.get(address, follow=True).content.decode()
        for link in re.findall(r'<a [^>]*href="([^"#]+)', page):
            target = urljoin(address, unescape(link))
            if target.startswith("/") and (shown.reader, target) not in seen:
                status = client.get(target).status_code
                assert status < 400, f"{shown.name} ({address}) leads to {target}, which answers {status}"
                seen.add((shown.reader, target))
