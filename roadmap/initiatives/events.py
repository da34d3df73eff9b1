"""What happens to initiatives, for whoever tells people or computes figures."""

from dataclasses import dataclass
from typing import Any

from portal.events import Event
from roadmap.models import Initiative


@dataclass(frozen=True)
class InitiativeMoved(Event):
    """It has another status than ``before``."""

    initiative: Initiative
    before: str
    by: Any
