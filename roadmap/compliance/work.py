"""What waits for people: evidence of their teams whose review is due."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from portal.home import MOST, Waiting, register_waiting
from portal.places import Late, register_late
from portal.tenure import organisation_today
from roadmap.compliance.collections import EVIDENCE
from roadmap.compliance.gaps import due_for_review
from roadmap.models import Evidence
from services.health.moments import days_in_words

SOON = dt.timedelta(days=14)


def _mine(reader: Any, until: dt.date) -> Any:
    return due_for_review(until).filter(owner__in=reader.team_ids, pk__in=Evidence.objects.visible(reader).values("pk"))


@register_waiting
def to_review(reader: Any) -> Iterable[Waiting]:
    """The longest due first."""
    if not reader.team_ids:
        return
    today = organisation_today()
    rows = _mine(reader, today + SOON).select_related("control__framework", "service", "owner")
    for each in rows.order_by("review_by", "pk")[:MOST]:
        note = f"{each.owner} answers for it: look at what shows it ({each.control.framework})"
        status = "warn" if each.review_by < today else "idle"
        when = f"review due {days_in_words(each.review_by)}"
        yield Waiting(str(each), note, EVIDENCE.url_of(each), "Review it", "file-certificate", status, when)


@register_late("evidence")
def late(reader: Any) -> Late:
    """How much evidence of the reader's teams was to be looked at before today, for the navigation."""
    if not reader.team_ids:
        return Late(0)
    return Late(_mine(reader, organisation_today() - dt.timedelta(days=1)).count(), "warn")
