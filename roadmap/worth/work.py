"""What waits for people: trade-offs that their teams owe and that are overdue, or due within weeks."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from portal.home import Waiting, register_waiting
from portal.places import Late, register_late
from portal.tenure import organisation_today
from roadmap.models import LoanState, TradeOff
from roadmap.worth.asking import SOON_DAYS, days_late
from roadmap.worth.collections import TRADE_OFFS
from services.health.moments import counted, days_in_words
from services.health.saying import number

MOST = 5


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
        when = f"{counted(late, 'day')} overdue" if late else f"due {days_in_words(each.due_cycle.ends_on)}"
        note = f"{each.team} owes {number(each.principal_days)} days, put off for “{each.shipped}”"
        yield Waiting(str(each), note, TRADE_OFFS.url_of(each), "See it", "scale", "warn" if late else "idle", when)


@register_late("trade-offs")
def late(reader: Any) -> Late:
    """How many are overdue of the reader's teams; of all of them for product managers. For the navigation."""
    rows = TradeOff.objects.visible(reader).overdue()
    if not getattr(reader, "is_product_manager", False):
        rows = rows.filter(team__in=list(reader.team_ids))
    return Late(rows.count(), "bad")
