"""The demo company: each app that has a share in it registers how to load it, in a module ``demo`` of its own.

Demo data and real data never mix: loading and resetting refuse where a share finds something that is not its own.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules

from portal.embedded.supervisor import Program

# Domains that can never be real (RFC 2606). Logins of the demo company have addresses below it.
DEMO_DOMAIN = ".example"


@dataclass(frozen=True)
class Share:
    """What one app contributes. ``large`` adds records until there are as many as asked for.

    ``is_loaded`` tells whether its data are there; ``real_data`` names what else is there, in words, or is empty.
    ``top_up`` writes what happened since the last start; ``programs`` are to be kept running beside the portal, whose
    port they are given. ``later`` writes what happened in the quarter that began at the moment it is given, after
    everything else was moved back by it.
    """

    load: Callable[[], None]
    is_loaded: Callable[[], bool]
    real_data: Callable[[], str]
    large: Callable[..., None] | None
    top_up: Callable[[], None] | None
    programs: Callable[[int], list[Program]] | None
    later: Callable[[dt.datetime], None] | None
    order: int


_shares: list[Share] = []


def register_demo(
    load: Callable[[], None],
    *,
    is_loaded: Callable[[], bool],
    real_data: Callable[[], str],
    large: Callable[..., None] | None = None,
    top_up: Callable[[], None] | None = None,
    programs: Callable[[int], list[Program]] | None = None,
    later: Callable[[dt.datetime], None] | None = None,
    order: int = 50,
) -> None:
    """Have ``load`` called when the demo company is loaded, lowest ``order`` first."""
    _shares.append(Share(load, is_loaded, real_data, large, top_up, programs, later, order))


def shares() -> list[Share]:
    """Every share in loading order."""
    autodiscover_modules("demo")
    return sorted(_shares, key=lambda share: share.order)
