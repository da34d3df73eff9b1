"""Reminding teams of what they have committed to: before the day, on it, and once a week after it.

``notify`` tells one event once, so that a run may be repeated, and one that was missed is made up for.
"""

import datetime as dt

from incidents.followups.collections import FOLLOW_UPS
from incidents.models import FollowUp, FollowUpState
from incidents.telling import Circle, tell
from portal.tenure import organisation_today
from services.health.moments import counted

DAYS_BEFORE = 3
WEEK = 7


def remind() -> int:
    """Tell the owners of what is due soon, is due, or is late; returns of how many."""
    today = organisation_today()
    until = today + dt.timedelta(days=DAYS_BEFORE)
    rows = FollowUp.objects.filter(state=FollowUpState.COMMITTED, due_on__lte=until, owner__isnull=False)
    found = list(rows.select_related("incident", "owner").order_by("due_on", "pk"))
    for each in found:
        _remind(each, today)
    return len(found)


def _remind(follow_up: FollowUp, today: dt.date) -> None:
    owner, due = follow_up.owner, follow_up.due_on
    if owner is None or due is None:  # of what is committed to, the database knows better
        return
    event, word = _event(due, today)
    tell(
        follow_up.incident,
        to=[Circle(owner, f"You are in {owner}, which committed to it.")],
        kind="follow-up",
        title=f"{follow_up}: {word}",
        text=f"It came out of {follow_up.incident}. When it is done, say so; when it is not to be done, say why.",
        url=FOLLOW_UPS.url_of(follow_up),
        about=f"follow-up:{follow_up.pk}#{event}-{due}",
    )


def _event(due: dt.date, today: dt.date) -> tuple[str, str]:
    """What is told, and in which words. Between the day and a week later it is the day that is told, to whom it was
    not told yet."""
    left = (due - today).days
    if left > 0:
        return "soon", f"due in {counted(left, 'day')}"
    if left > -WEEK:
        return "due", "due today" if left == 0 else f"{counted(-left, 'day')} late"
    return f"late{-left // WEEK}", f"{counted(-left, 'day')} late"
