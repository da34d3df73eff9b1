"""Pages of priorities, trade-offs and allocations that follow from no collection."""

from tests.browser.acting import Shown
from tests.browser.world import BARE

PAGES = [
    Shown("initiatives: priorities", "/initiatives/-/priorities/"),
    Shown("an initiative: what its priority is made of", "/initiatives/rm-1/-/priority/"),
    Shown("an initiative: what it is to bring", "/initiatives/rm-1/-/claims/"),
    Shown("plan allocations", "/allocations/-/plan/"),
    Shown("record a trade-off", lambda world: world.address("allocations", BARE, "-/trade-off/")),
    Shown("an act on a trade-off", lambda world: world.address("trade-offs", BARE, "-/renegotiate/")),
]
