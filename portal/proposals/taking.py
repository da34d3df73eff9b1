"""What accepting a proposal makes: a higher app registers it here, and so the portal need not know of it."""

from collections.abc import Callable
from typing import Any

from django.db import models

from portal.proposals.models import Proposal

# Takes whoever decides, the proposal, and a record that it is to go into, or None for a new one.
Take = Callable[[Any, Proposal, Any], models.Model]
_takers: list[Take] = []


def register_taker(take: Take) -> Take:
    """Register what makes the work out of an accepted proposal, in the transaction of the decision."""
    _takers.append(take)
    return take


def taken_on(by: Any, proposal: Proposal, into: Any = None) -> models.Model | None:
    """What the work has become; None where nobody makes anything of it. Raises what the taker raises: then the
    decision is not written either."""
    return _takers[0](by, proposal, into) if _takers else None
