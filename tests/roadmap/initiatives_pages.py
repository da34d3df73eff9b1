"""Acts on initiatives, and what is made of them, in their states."""

from collections.abc import Callable

from django.urls import reverse

from roadmap.models import Criterion, Initiative, Report
from tests.browser.acting import Shown, sends
from tests.browser.world import BARE, World

ACTS = "/initiatives/rm-1/-/"


def _criterion(world: World) -> str:
    return f"{ACTS}criteria/{Criterion.objects.get(title='It holds').pk}/"


def _access(world: World) -> str:
    return reverse("initiative-access", args=[Initiative.objects.get(title="Leave the supplier").name.lower()])


def _report(world: World) -> str:
    return reverse("roadmap-report", args=[Report.objects.get(title="All that is planned").pk])


def _import(page: str) -> Callable[[World], str]:
    return lambda world: reverse(page, args=[world.uploads["initiative-import"]])


PAGES = [
    Shown("an initiative: status", f"{ACTS}status/"),
    Shown("an initiative: status refused", f"{ACTS}status/", act=sends("form.gw-form")),
    Shown("an initiative: link", f"{ACTS}links/"),
    Shown("an initiative: update", f"{ACTS}updates/"),
    Shown("an initiative: dedicated people", f"{ACTS}dedicated/"),
    Shown("an initiative: new criterion", f"{ACTS}criteria/new/"),
    Shown("an initiative: criterion", _criterion),
    Shown("a private initiative: who sees it", _access),
    Shown("an initiative: specification", f"{ACTS}specification/"),
    Shown("initiatives: summary", "/initiatives/-/summary/"),
    Shown("initiatives: link to one", "/initiatives/-/link/?kind=incident&thing=inc-1"),
    Shown("a report that was not made", _report),
    Shown("a proposal: into an initiative", lambda world: world.address("proposals", BARE, "-/take-into/")),
    Shown("initiatives: import", "/initiatives/-/import/"),
    Shown("initiatives: import, columns", _import("initiative-import")),
]
