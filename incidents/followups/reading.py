"""What pages show of follow-ups besides their columns."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from incidents.followups.actions import would_have_helped
from incidents.models import FACTOR_FACETS, FollowUp, FollowUpState, Incident, Node, Tag
from portal.tenure import organisation_today


def factors_offered(incident: Incident) -> QuerySet[Node]:
    """What the follow-ups of an incident can work against: what it is tagged with first of all, and nothing else where
    it is tagged."""
    tagged = Node.objects.filter(
        Exists(Tag.objects.filter(incident=incident, node=OuterRef("pk"))), facet__in=FACTOR_FACETS, is_unknown=False
    )
    rows = tagged if tagged.exists() else Node.objects.filter(facet__in=FACTOR_FACETS, is_active=True, is_unknown=False)
    return rows.order_by("facet", "place", "name")


def days_late(follow_up: FollowUp) -> int:
    """How many days the work is late; 0 while there is time, and for what nobody has committed to."""
    if follow_up.state != FollowUpState.COMMITTED or follow_up.due_on is None:
        return 0
    return max(0, (organisation_today() - follow_up.due_on).days)


@dataclass(frozen=True)
class Recurrence:
    """How often a factor came up in the days before the work was done, and since. ``days`` are as many on both sides,
    so that the two may be compared; ``done_at`` None: it is not done."""

    before: int
    since: int
    days: int
    done_at: dt.datetime | None


def recurrence(follow_up: FollowUp, reader: Any) -> Recurrence | None:
    """Whether the factor still recurs; None where none is named. Counts what the reader may see."""
    if follow_up.factor_id is None:
        return None
    rows, done_at = would_have_helped(follow_up, reader), follow_up.done_at
    if done_at is None:
        return Recurrence(rows.count(), 0, 0, None)
    now = timezone.now()
    days = max(1, (now - done_at).days)
    start = done_at - dt.timedelta(days=days)
    found = rows.aggregate(
        before=Count("pk", filter=Q(declared_at__gte=start, declared_at__lt=done_at)),
        since=Count("pk", filter=Q(declared_at__gte=done_at)),
    )
    return Recurrence(found["before"], found["since"], days, done_at)
