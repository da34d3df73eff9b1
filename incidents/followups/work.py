"""What waits for people: follow-ups that their teams have committed to and that are late, or due this week."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from incidents.followups.collections import FOLLOW_UPS
from incidents.followups.reading import days_late
from incidents.models import FollowUp, FollowUpState
from portal.home import MOST, Waiting, register_waiting
from portal.places import Late, Place, register_late, register_place
from portal.tenure import organisation_today
from services.health.moments import counted, days_in_words

register_place(Place("Insights", "insights", "chart-dots", "Incidents"))
SOON = dt.timedelta(days=7)


@register_waiting
def due(reader: Any) -> Iterable[Waiting]:
    """The longest late first. What is verified or declined waits for nobody."""
    if not reader.team_ids:
        return
    rows = FollowUp.objects.visible(reader).filter(
        state=FollowUpState.COMMITTED, owner__in=reader.team_ids, due_on__lte=organisation_today() + SOON
    )
    for each in rows.select_related("incident", "owner").order_by("due_on", "pk")[:MOST]:
        late = days_late(each)
        when = f"{counted(late, 'day')} late" if late else f"due {days_in_words(each.due_on)}"
        note = f"{each.owner} committed to it after {each.incident.name}"
        yield Waiting(str(each), note, FOLLOW_UPS.url_of(each), "See it", "checklist", "warn" if late else "idle", when)


@register_late("follow-ups")
def late(reader: Any) -> Late:
    """How many follow-ups of the reader's teams are late, for the navigation."""
    if not reader.team_ids:
        return Late(0)
    mine = FollowUp.objects.visible(reader).filter(owner__in=reader.team_ids)
    return Late(mine.late(organisation_today()).count(), "bad")
