"""The pages of the strategy in their states, for the walk in a real browser."""

from playwright.sync_api import Page

from roadmap.models import StrategyEdition, StrategySection
from roadmap.strategy import actions
from tests.browser.acting import Shown, sends
from tests.browser.world import World


def _written(address: str):
    """The address, once there is an edition and a later text to compare it with."""

    def find(world: World) -> str:
        if not StrategyEdition.objects.exists():
            _write("Well. {{metric: no/thing}}\n\n{{list: initiatives}}", "Sell more")
            actions.publish(by=None, title="Platform strategy", note="The first one.", acknowledged=True)
            _write("Better.\n\n{{list: initiatives}}\n\n> A quote\n\n```\ncode\n```", "Sell more")
        return address

    return find


def _write(text: str, goal: str) -> None:
    section = StrategySection.objects.get(key="current-state")
    values = {"text": text, "goal": goal}
    actions.edit(by=None, record=section, values=values, version=section.version)


def opens_the_preview(page: Page) -> None:
    page.locator("[data-view=preview]").click()
    page.locator("[data-preview] h2").first.wait_for()


PAGES = [
    Shown("strategy", _written("/strategy/")),
    Shown("strategy: to read", _written("/strategy/"), reader="reader"),
    Shown("strategy: write", _written("/strategy/-/write/")),
    Shown("strategy: preview", _written("/strategy/-/write/"), act=opens_the_preview),
    Shown("strategy: what a section is tied to", "/strategy/-/sections/current-state/ties/"),
    Shown("strategy: a product that is none", "/strategy/-/sections/current-state/ties/",
          act=sends("form[action$='products/']:not([action*=end])", product="no-such-thing")),
    Shown("strategy: six questions", "/strategy/-/begin/"),
    Shown("strategy: publish", "/strategy/-/publish/"),
    Shown("strategy: publish, refused", "/strategy/-/publish/", act=sends("form.gw-form", title="Strategy")),
    Shown("strategy: editions", _written("/strategy/-/editions/")),
    Shown("strategy: an edition", _written("/strategy/-/editions/1/")),
    Shown("strategy: summary of an edition", _written("/strategy/-/editions/1/summary/")),
    Shown("strategy: compare", _written("/strategy/-/compare/")),
    Shown("strategy: executive summary", "/strategy/-/summary/"),
]  # fmt: skip
