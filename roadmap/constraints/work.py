"""What waits for people: non-negotiables of their teams that are broken, and freezes past their last day."""

from collections.abc import Iterable
from typing import Any

from portal.home import MOST, Waiting, register_waiting
from portal.tenure import organisation_today
from roadmap.constraints.collections import BOUNDS, FREEZES
from roadmap.models import Bound, Freeze, Keeping
from services.health.moments import days_in_words
from services.health.saying import with_unit


@register_waiting
def broken(reader: Any) -> Iterable[Waiting]:
    """The longest broken first."""
    if not reader.team_ids:
        return
    rows = Bound.objects.filter(is_active=True, owner__in=reader.team_ids, state__keeping=Keeping.BROKEN)
    for each in rows.select_related("metric", "state", "owner").order_by("state__since", "pk")[:MOST]:
        now = with_unit(each.metric, each.state.value or 0.0)
        note = f"{each.owner} answers for it: now {now}, agreed {with_unit(each.metric, each.value)}"
        yield Waiting(f"Broken: {each}", note, BOUNDS.url_of(each), "See it", "shield-x", "bad")


@register_waiting
def to_decide(reader: Any) -> Iterable[Waiting]:
    """Freezes whose last day is over, for those who decide on them."""
    if not FREEZES.may(reader, "add"):
        return
    rows = Freeze.objects.in_force().filter(ends_on__lt=organisation_today()).order_by("ends_on", "pk")
    for each in rows[:MOST]:
        note = f"Its last day was {days_in_words(each.ends_on)}, and it still halts features"
        yield Waiting(f"Freeze: {each}", note, FREEZES.url_of(each), "Decide", "snowflake", "warn")
