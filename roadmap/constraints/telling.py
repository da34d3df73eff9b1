"""Telling people that features halt, and that they go on: the teams that a freeze touches, and product managers."""

from typing import Any

from portal.delivery.actions import notify
from portal.people.models import Role, User
from roadmap.models import Freeze
from services.health.saying import day_in_words


def tell_decided(freeze: Freeze, *, by: Any) -> None:
    """Each team once, however often it is said anew what the freeze halts."""
    from roadmap.constraints.freezes import scope_in_words

    since = f"from {day_in_words(freeze.starts_on)}"
    text = f"It halts {scope_in_words(freeze, {})} {since}, until this is true: {freeze.until}."
    _tell(freeze, f"Features halt: {freeze}", text, "decided", by)


def tell_lifted(freeze: Freeze, *, by: Any) -> None:
    _tell(freeze, f"Features go on: {freeze}", freeze.lifted_reason, "lifted", by)


def _tell(freeze: Freeze, title: str, text: str, event: str, by: Any) -> None:
    from roadmap.constraints.collections import FREEZES
    from roadmap.constraints.freezes import teams_touched

    told: dict[str, Any] = {
        "kind": "freeze", "title": title, "text": text, "url": FREEZES.url_of(freeze),
        "about": f"freeze:{freeze.pk}#{event}", "besides": by,
    }  # fmt: skip
    for team in teams_touched(freeze):
        notify(to=team, why=f"You are in {team}, which it touches.", **told)
    planners = User.objects.filter(role=Role.PRODUCT_MANAGER, is_active=True)
    notify(to=planners, why="You are a product manager, and hear of all.", **told)
