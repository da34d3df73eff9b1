"""What waits for people: trade-offs that their teams owe and that are overdue, or due within weeks, and plans in which
features eat what was agreed for the platform."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from portal.home import MOST, Waiting, register_waiting
from portal.places import Late, register_late
from portal.tenure import organisation_today
from roadmap.models import Allocation, LoanState, TradeOff
from roadmap.worth.asking import SOON_DAYS, days_late
from roadmap.worth.collections import ALLOCATIONS, TRADE_OFFS
from roadmap.worth.guard import Guard, state_column, verdict
from services.health.moments import counted, days_in_words
from services.health.saying import number


@register_waiting
def due(reader: Any) -> Iterable[Waiting]:
    """The longest overdue first. Product managers are shown what is overdue of every team."""
    soon = organisation_today() + dt.timedelta(days=SOON_DAYS)
    mine = Q(team__in=list(reader.team_ids), due_cycle__ends_on__lte=soon)
    if getattr(reader, "is_product_manager", False):
        mine |= Q(due_cycle__ends_on__lt=organisation_today())
    rows = TradeOff.objects.visible(reader).filter(mine, state=LoanState.OPEN)
    for each in rows.select_related("team", "due_cycle").order_by("due_cycle__ends_on", "pk")[:MOST]:
        late = days_late(each)
        when = f"{counted(late, 'day')} late" if late else f"due {days_in_words(each.due_cycle.ends_on)}"
        note = f"{each.team} owes {number(each.principal_days)} days, put off for “{each.shipped}”"
        yield Waiting(str(each), note, TRADE_OFFS.url_of(each), "See it", "scale", "warn" if late else "idle", when)


@register_waiting
def eaten_by_features(reader: Any) -> Iterable[Waiting]:
    """Plans of a cycle that goes on, below their guard, until what they put off is written down as a trade-off. Those
    of the reader's teams; for product managers all of them."""
    today = organisation_today()
    rows = Allocation.objects.filter(cycle__closed_at=None, cycle__starts_on__lte=today)
    if not getattr(reader, "is_product_manager", False):
        rows = rows.filter(team__in=list(reader.team_ids))
    put_off = TradeOff.objects.visible(reader).exclude(state=LoanState.WRITTEN_OFF)
    recorded = put_off.filter(team=OuterRef("team"), decided_on__gte=OuterRef("cycle__starts_on"))
    below = rows.annotate(guard=state_column("planned")).filter(~Exists(recorded), guard=Guard.BELOW)
    for each in below.select_related("team", "cycle").order_by("cycle__starts_on", "pk")[:MOST]:
        said = verdict(each)
        title = f"{each.team} plans {said.percent}\u00a0% for the platform in {each.cycle}"
        agreed = f"Agreed are {each.target_low} to {each.target_high}\u00a0%"
        note = f"{agreed}: move {number(said.missing_days)} days, or record what is put off"
        yield Waiting(title, note, ALLOCATIONS.url_of(each), "Plan", "chart-pie", "warn")


@register_late("trade-offs")
def late(reader: Any) -> Late:
    """How many are overdue of the reader's teams; of all of them for product managers. For the navigation."""
    rows = TradeOff.objects.visible(reader).overdue()
    if not getattr(reader, "is_product_manager", False):
        rows = rows.filter(team__in=list(reader.team_ids))
    return Late(rows.count(), "bad")
