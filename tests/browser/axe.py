"""Accessibility as axe-core judges it: WCAG 2.0 to 2.2, A and AA, and what it calls best practice."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
EVERYTHING = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": TAGS}}
# All that another theme can change.
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
_axe = Axe()


def violations(page: Page, options: dict[str, object] = EVERYTHING) -> list[str]:
    """What is wrong with the page as it stands, a line for each element."""
    found = _axe.run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {' '.join(node['failureSummary'].split())[:300]}\n      {node['html'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]
