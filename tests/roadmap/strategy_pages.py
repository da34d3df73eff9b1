"""The pages of the strategy in their states, for the walk in a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.acting import Shown, sends
from tests.browser.world import World
from tests.roadmap.strategy_makers import written_edition


def _edition(address: str) -> Callable[[World], str]:
    """An address below the edition that has something of everything in it."""
    return lambda world: f"/strategy/-/editions/{written_edition().number}/{address}"


def opens_the_preview(page: Page) -> None:
    page.locator("[data-view=preview]").click()
    page.locator("[data-preview] h2").first.wait_for()


PAGES = [
    Shown("strategy", "/strategy/"),
    Shown("strategy: to read", "/strategy/", reader="stranger"),
    Shown("strategy: write", "/strategy/-/write/"),
    Shown("strategy: preview", "/strategy/-/write/", act=opens_the_preview),
    Shown("strategy: what a section is tied to", "/strategy/-/sections/current-state/ties/"),
    Shown("strategy: a product that is none", "/strategy/-/sections/current-state/ties/",
          act=sends("form[action$='products/']:not([action*=end])", product="no-such-thing")),
    Shown("strategy: six questions", "/strategy/-/begin/"),
    Shown("strategy: publish", "/strategy/-/publish/"),
    Shown("strategy: publish, refused", "/strategy/-/publish/", act=sends("form.gw-form", title="Strategy")),
    Shown("strategy: editions", "/strategy/-/editions/"),
    Shown("strategy: an edition", _edition("")),
    Shown("strategy: summary of an edition", _edition("summary/")),
    Shown("strategy: compare", "/strategy/-/compare/"),
    Shown("strategy: executive summary", "/strategy/-/summary/"),
]  # fmt: skip
