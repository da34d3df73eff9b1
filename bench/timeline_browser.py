"""The timeline of 500 bars in a real Chromium, as a product manager opens it: until every bar is a slider that has been
drawn, and until one moves after its arrow key is pressed.

Floor: the list of 50 initiatives in the same browser, until it is drawn.
"""

import statistics
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from bench import roadmap_data, site
from bench.figures import Figure, at_most
from bench.places import SMALL
from bench.server import free_port, portal_command, running
from portal.people.models import Role
from tests.browser.chromium import LAUNCH_ARGUMENTS, find_chromium

TIMELINE, LIST = "/initiatives/-/timeline/", "/initiatives/"
SECONDS, ANSWER_MS, ROUNDS = 1.0, 100, 7
# The browser's own clock, which begins with the navigation. Two frames later what was asked to be drawn is drawn.
_READY = """() => new Promise((done) => {
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
    const isWaiting = () => document.querySelector("svg[data-moves]:not([data-ready])");
    const look = () => document.readyState === "complete" && !isWaiting() ? drawn() : setTimeout(look, 5);
    look();
})"""
_KEY = """() => new Promise((done) => {
    const bar = document.querySelector("[role=slider]");
    bar.focus();
    const before = bar.getAttribute("aria-valuenow"), started = performance.now();
    bar.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    if (bar.getAttribute("aria-valuenow") === before) throw new Error("The bar did not move.");
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const taken = performance.now() - started;
        bar.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
        done(taken);
    }));
})"""


def measure() -> Iterator[Figure]:
    with site.entities(SMALL):
        roadmap_data.fill()
        name, _, session = site.sign_in(Role.PRODUCT_MANAGER)["cookie"].partition("=")
    port = free_port()
    with running(portal_command(port), port, SMALL), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGUMENTS)
        origin = f"http://127.0.0.1:{port}"
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": name, "value": session, "url": origin}])
        page = context.new_page()
        for address in (TIMELINE, LIST):  # what a browser loads once, and the server's first look at each
            _seconds(page, origin + address)
        times, floors, answers = [], [], []
        for _ in range(ROUNDS):
            floors.append(_seconds(page, origin + LIST))
            times.append(_seconds(page, origin + TIMELINE))
            answers.append(page.evaluate(_KEY))
        bars = page.locator("[data-timeline] tbody tr[id]").count()
        browser.close()
    median, floor = statistics.median(times), statistics.median(floors)
    yield at_most(f"Timeline of {bars} bars in a browser: until it can be used", median, SECONDS, "s", floor)
    yield at_most("Timeline in a browser: a bar moves by its arrow key", statistics.median(answers), ANSWER_MS, "ms")


def _seconds(page: Page, address: str) -> float:
    """From the start of the navigation until everything is drawn and can be used."""
    page.goto(address, wait_until="commit")
    return float(page.evaluate(_READY)) / 1000
