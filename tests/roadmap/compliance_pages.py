"""The pages of compliance and of importing initiatives, in their states."""

from playwright.sync_api import Page

from tests.browser.acting import Shown, sends
from tests.browser.world import BARE

CSV = b"Key,Summary,Status,Start\nA-1,Shard the orders,planned,2026-12-01\nA-2,Rest,odd,soon\n"


def uploads(page: Page) -> None:
    page.locator("[name=file]").set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": CSV})
    with page.expect_navigation():
        page.get_by_role("button", name="Go on").click()


def previews(page: Page) -> None:
    uploads(page)
    with page.expect_navigation():
        page.get_by_role("button", name="See what it would do").click()


def imports(page: Page) -> None:
    previews(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Import what fits").click()


PAGES = [
    Shown("compliance gaps", "/controls/-/gaps/"),
    Shown("compliance gaps: none here", "/controls/-/gaps/?framework=internal&team=no-such", status=400),
    Shown("compliance by service", "/controls/-/by-service/"),
    Shown("record evidence", lambda world: world.address("controls", BARE, "-/evidence/")),
    Shown("record evidence: refused", lambda world: world.address("controls", BARE, "-/evidence/"),
          act=sends("form.gw-form", fulfilment="met")),
    Shown("review evidence", lambda world: world.address("evidence", BARE, "-/review/")),
    Shown("what closes a gap: refused", lambda world: world.address("evidence", BARE, "-/initiative/"),
          act=sends("form.gw-form", initiative="RM-9999")),
    Shown("import initiatives", "/initiatives/-/import/"),
    Shown("import initiatives: refused", "/initiatives/-/import/", act=sends("form.gw-form")),
    Shown("import initiatives: columns", "/initiatives/-/import/", act=uploads),
    Shown("import initiatives: preview", "/initiatives/-/import/", act=previews),
    Shown("import initiatives: done", "/initiatives/-/import/", act=imports),
]  # fmt: skip
