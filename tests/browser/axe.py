"""Accessibility as axe-core judges it: WCAG 2.0 to 2.2, A and AA, and what it calls best practice."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
EVERYTHING = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
# All that another theme can change; the frame around the content is the same on every page.
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
_axe = Axe()


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, a line for each element."""
    return _lines(_axe.run(page, options=EVERYTHING).response)


def colour_violations(page: Page) -> list[str]:
    """What cannot be told apart in the content of the page."""
    return _lines(_axe.run(page, context={"include": ["main"]}, options=COLOURS).response)


def _lines(response: dict[str, Any]) -> list[str]:
    return [
        f"{rule['id']}: {node['target']} {' '.join(node['failureSummary'].split())[:300]}\n      {node['html'][:200]}"
        for rule in response["violations"]
        for node in rule["nodes"]
    ]
