"""Follow-ups by team, in a table that is read in a minute: what is open, what is late and for how long, what came of
it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.followups.collections import FOLLOW_UPS
from incidents.models import FollowUp, FollowUpState
from portal.cells import owner_html
from portal.collections import reference_url, unknown_to
from portal.crumbs import crumbs_of
from portal.references.models import Reference
from portal.tenure import organisation_today
from services.heads import HIDDEN

# What came of it is counted of those that came to their end in so many days.
RECENT_DAYS = 90
NOBODY = "Nobody yet"


@dataclass(frozen=True)
class Cell:
    """A number of follow-ups, and the list of exactly these."""

    number: int
    url: str


@dataclass(frozen=True)
class Row:
    """What one team has promised and done. ``late_days`` is how late the latest is."""

    owner: Any
    ideas: Cell
    committed: Cell
    late: Cell
    late_days: int
    done: Cell
    verified: Cell
    declined: Cell


@require_safe
def ageing(request: HttpRequest) -> HttpResponse:
    rows = _rows(request.user)
    context = {
        "rows": rows, "recent_days": RECENT_DAYS, "late": sum(each.late.number for each in rows),
        "late_url": f"{FOLLOW_UPS.url}?state=committed&days_late.min=1&sort=-days_late",
        "crumbs": crumbs_of(FOLLOW_UPS, ("By team", request.path)),
    }  # fmt: skip
    return render(request, "incidents/followups_ageing.html", context)


def _rows(reader: Any) -> list[Row]:
    """Those with the latest work first; work of nobody last."""
    today = organisation_today()
    since = timezone.now() - dt.timedelta(days=RECENT_DAYS)
    late = Q(state=FollowUpState.COMMITTED, due_on__lt=today)
    found = list(
        FollowUp.objects.visible(reader)
        .order_by()
        .values("owner")
        .annotate(
            ideas=Count("pk", filter=Q(state=FollowUpState.IDEA)),
            committed=Count("pk", filter=Q(state=FollowUpState.COMMITTED)),
            late=Count("pk", filter=late),
            oldest=Min("due_on", filter=late),
            done=Count("pk", filter=Q(state=FollowUpState.DONE)),
            verified=Count("pk", filter=Q(state=FollowUpState.VERIFIED, ended_at__gte=since)),
            declined=Count("pk", filter=Q(state=FollowUpState.DECLINED, ended_at__gte=since)),
        )
        .order_by(F("oldest").asc(nulls_last=True), "-committed", "owner")
    )
    owners = Reference.objects.in_bulk([each["owner"] for each in found if each["owner"]])
    hidden = unknown_to(reader, owners)
    return [_row(each, owners.get(each["owner"]), hidden, today) for each in found]


def _row(found: Mapping[str, Any], owner: Reference | None, hidden: dict[int, str], today: dt.date) -> Row:
    whose = ("owner", owner.canonical) if owner else ("owner.set", "false")

    def cell(name: str, *more: tuple[str, str]) -> Cell:
        return Cell(found[name], f"{FOLLOW_UPS.url}?{urlencode([whose, *more], safe=':/')}")

    recent = ("ended_at.within", f"{RECENT_DAYS}d")
    return Row(
        owner=_owner(owner, hidden),
        ideas=cell("ideas", ("state", "idea")),
        committed=cell("committed", ("state", "committed")),
        late=cell("late", ("state", "committed"), ("days_late.min", "1")),
        late_days=(today - found["oldest"]).days if found["oldest"] else 0,
        done=cell("done", ("state", "done")),
        verified=cell("verified", ("state", "verified"), recent),
        declined=cell("declined", ("state", "declined"), recent),
    )


def _owner(owner: Reference | None, hidden: dict[int, str]) -> Any:
    if owner is None:
        return NOBODY
    if owner.pk in hidden:
        return HIDDEN
    return owner_html(owner.label, reference_url(owner.canonical, owner.attached), owner.kind, owner.attached)
