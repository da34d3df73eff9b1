"""What postmortems put into my work: what one is asked to read, and what of one's teams is due."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from incidents.collections import INCIDENTS
from incidents.models import PostmortemState
from incidents.postmortems.addresses import address_of, key_of
from incidents.postmortems.collections import POSTMORTEMS
from incidents.postmortems.reminders import without_edition
from incidents.postmortems.reviewing import open_for
from portal.home import MOST, Waiting, register_waiting
from portal.moments import moment_text
from portal.tenure import organisation_today
from services.health.moments import days_in_words

# What is due later does not wait for anybody yet.
AHEAD = dt.timedelta(days=14)


@register_waiting
def to_read(reader: Any) -> Iterable[Waiting]:
    """Postmortems that the reader, or a team of theirs, is asked to read."""
    asked = open_for(reader).filter(
        postmortem__in=POSTMORTEMS.visible(reader), postmortem__state=PostmortemState.IN_REVIEW
    )
    for each in asked.select_related("postmortem__incident", "who").order_by("asked_at")[:MOST]:
        title = f"Read the postmortem of {each.postmortem.incident}"
        note = f"Asked of {each.who}" if each.who.kind == "group" else "Asked of you"
        yield Waiting(title, note, address_of(each.postmortem), "Read", "eye", "info", moment_text(each.asked_at))


@register_waiting
def due(reader: Any) -> Iterable[Waiting]:
    """Postmortems of incidents that the reader's teams own, the one that has been late for longest first."""
    if not reader.team_ids:
        return
    today = organisation_today()
    mine = without_edition().filter(owner__in=reader.team_ids, pk__in=INCIDENTS.visible(reader).values("pk"))
    for each in mine.filter(due_on__lte=today + AHEAD).select_related("postmortem").order_by("due_on", "pk")[:MOST]:
        begun = getattr(each, "postmortem", None)
        view, label = ("postmortem-write", "Write") if begun else ("postmortem-begin", "Begin")
        note = f"{begun.get_state_display()}" if begun else "Nobody has begun it"
        status = "bad" if each.due_on < today else "warn" if each.due_on <= today + dt.timedelta(days=2) else "idle"
        yield Waiting(
            f"Postmortem of {each}", note, reverse(view, args=[key_of(each)]), label, "file-text", status,
            f"due {days_in_words(each.due_on)}",
        )  # fmt: skip
