"""Acts on initiatives, and what is made of them, in their states."""

from tests.browser.acting import Shown, sends

ACTS = "/initiatives/rm-1/-/"
PAGES = [
    Shown("an initiative: status", f"{ACTS}status/"),
    Shown("an initiative: status refused", f"{ACTS}status/", act=sends("form.gw-form")),
    Shown("an initiative: link", f"{ACTS}links/"),
    Shown("an initiative: update", f"{ACTS}updates/"),
    Shown("an initiative: dedicated people", f"{ACTS}dedicated/"),
    Shown("an initiative: new criterion", f"{ACTS}criteria/new/"),
    Shown("an initiative: specification", f"{ACTS}specification/"),
    Shown("initiatives: summary", "/initiatives/-/summary/"),
]
