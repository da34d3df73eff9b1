"""Pages of objectives and freezes that follow from no collection, in their states."""

from tests.browser.acting import Shown, sends
from tests.browser.world import BARE

PAGES = [
    Shown("board of objectives", "/objectives/-/board/"),
    Shown("board of objectives: no such cycle", "/objectives/-/board/?cycle=never", status=400),
    Shown("check in", lambda world: world.address("key-results", BARE, "-/check-in/")),
    Shown("check in: refused", lambda world: world.address("key-results", BARE, "-/check-in/"),
          act=sends("form.gw-form", confidence="140", text="Sure")),
    Shown("correct what was closed", lambda world: world.address("key-results", BARE, "-/correct/")),
    Shown("close a cycle", lambda world: world.address("cycles", BARE, "-/close/")),
    Shown("new freeze", "/freezes/-/new/"),
    Shown("new freeze: refused", "/freezes/-/new/", act=sends("form.gw-form")),
    Shown("lift a freeze", lambda world: world.address("freezes", BARE, "-/lift/")),
    Shown("what a freeze halts", lambda world: world.address("freezes", BARE, "-/scope/")),
]  # fmt: skip
