"""Reminding teams of evidence that is to be looked at again: before the day, on it, and once a week after it.

``notify`` tells one event once, so that a run may be repeated, and one that was missed is made up for.
"""

import datetime as dt

from portal.delivery.actions import notify
from portal.tenure import organisation_today
from roadmap.compliance.collections import EVIDENCE
from roadmap.compliance.gaps import due_for_review
from roadmap.models import Evidence
from services.health.moments import counted

DAYS_BEFORE = 14
WEEK = 7


def remind() -> int:
    """Tell the teams that answer for it; returns of how many pieces of evidence."""
    today = organisation_today()
    rows = due_for_review(today + dt.timedelta(days=DAYS_BEFORE)).filter(owner__isnull=False)
    # What rests on a private initiative is for those who are let in: their own work shows it, no mail does.
    rows = rows.exclude(initiative__is_private=True)
    found = list(rows.select_related("control__framework", "service", "owner").order_by("review_by", "pk"))
    for each in found:
        _remind(each, today)
    return len(found)


def _remind(evidence: Evidence, today: dt.date) -> None:
    owner, due = evidence.owner, evidence.review_by
    if owner is None or due is None:  # the query knows better
        return
    event, word = _event(due, today)
    notify(
        to=owner,
        kind="evidence-review",
        title=f"{evidence}: {word}",
        text=f"{evidence.control.title} ({evidence.control.framework}). Look at it, and say that it still holds.",
        url=EVIDENCE.url_of(evidence),
        about=f"evidence:{evidence.pk}#{event}-{due}",
        why=f"You are in {owner}, which answers for it.",
    )


def _event(due: dt.date, today: dt.date) -> tuple[str, str]:
    left = (due - today).days
    if left > 0:
        return "soon", f"review due in {counted(left, 'day')}"
    if left > -WEEK:
        return "due", "review due today" if left == 0 else f"review {counted(-left, 'day')} late"
    return f"late{-left // WEEK}", f"review {counted(-left, 'day')} late"
