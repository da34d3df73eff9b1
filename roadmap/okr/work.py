"""What waits for people: key results of their teams that nobody has checked in on for a while."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from portal.home import MOST, Waiting, register_waiting
from roadmap.models import Cycle, KeyResult
from roadmap.okr.collections import KEY_RESULTS
from services.health.moments import counted

SILENT = dt.timedelta(days=14)


@register_waiting
def without_check_in(reader: Any) -> Iterable[Waiting]:
    """Of the running cycle, the longest silent first. One that is new has as long from the day it was made."""
    if not reader.team_ids:
        return
    rows = KeyResult.objects.filter(
        objective__owner__in=reader.team_ids, objective__cycle__in=Cycle.objects.current().filter(closed_at=None)
    )
    now = timezone.now()
    silent = rows.annotate(said=Coalesce(Max("check_ins__at"), F("created_at"))).filter(said__lt=now - SILENT)
    for each in silent.select_related("objective__owner").order_by("said", "pk")[:MOST]:
        days = (now - each.said).days
        note = f"{each.objective.owner} owns it: say how it goes, and how sure you are"
        yield Waiting(
            str(each),
            note,
            KEY_RESULTS.url_of(each),
            "Check in",
            "target-arrow",
            "idle",
            f"no check-in for {counted(days, 'day')}",
        )
