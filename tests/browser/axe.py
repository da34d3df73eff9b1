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
_SCRIPT = Axe().axe_script


def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, a line for each element."""
    return _lines(_run(page, "html", EVERYTHING))


def colour_violations(page: Page) -> list[str]:
    """What cannot be told apart in the content of the page."""
    return _lines(_run(page, "main", COLOURS))


def _run(page: Page, within: str, options: dict[str, Any]) -> dict[str, Any]:
    """Ask axe, which a page needs to be given once only: it is half a megabyte."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    return page.evaluate("([within, options]) => axe.run(within, options)", [within, options])


def _lines(response: dict[str, Any]) -> list[str]:
    return [
        f"{rule['id']}: {node['target']} {' '.join(node['failureSummary'].split())[:300]}\n      {node['html'][:200]}"
        for rule in response["violations"]
        for node in rule["nodes"]
    ]
