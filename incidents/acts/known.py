"""What is known about services right now, for whoever declares an incident of them or runs one: what was deployed, what
burns, which follow-ups of earlier incidents are open."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from incidents.models import FOLLOW_UP_OPEN, AlertGroup, FollowUp, Impact, Incident
from services.health.models import Deployment, SloState

MOST = 5
# A deployment so long before the start may have caused it, and is marked.
NEAR = dt.timedelta(hours=24)
# Clocks differ, and a roll-back comes after the start.
AFTER = dt.timedelta(hours=2)


@dataclass(frozen=True)
class Known:
    """``deployments`` are pairs with whether they were near; those and everything else newest or most urgent first."""

    deployments: list[tuple[Deployment, bool]] = field(default_factory=list)
    burning: list[SloState] = field(default_factory=list)
    firing: list[AlertGroup] = field(default_factory=list)
    follow_ups: list[FollowUp] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.deployments or self.burning or self.firing or self.follow_ups)


def known_of(
    services: Sequence[int], reader: Any, *, at: dt.datetime | None = None, but: Incident | None = None
) -> Known:
    """What is known of services (ids of references) around a moment, or now; of incidents what the reader may see, and
    not of ``but``. Four queries however much there is, none without services."""
    if not services:
        return Known()
    begun = at or timezone.now()
    return Known(_deployments(services, begun), _burning(services), _firing(services, reader),
                 _follow_ups(services, reader, but))  # fmt: skip


def _deployments(services: Sequence[int], begun: dt.datetime) -> list[tuple[Deployment, bool]]:
    """The last few until shortly after the start, whenever they were."""
    rows = Deployment.objects.filter(subject__in=services, finished_at__lte=begun + AFTER)
    last = rows.select_related("subject", "rollback_of").order_by("-finished_at", "-pk")[:MOST]
    return [(each, each.finished_at >= begun - NEAR) for each in last]


def _burning(services: Sequence[int]) -> list[SloState]:
    """Those that page first: their word comes before that of a ticket."""
    rows = SloState.objects.filter(slo__entity__reference__in=services, slo__is_active=True).exclude(severity="")
    return list(rows.select_related("slo__entity").order_by("severity", "-burn")[:MOST])


def _firing(services: Sequence[int], reader: Any) -> list[AlertGroup]:
    rows = AlertGroup.objects.visible(reader).filter(subject__in=services, is_firing=True)
    return list(rows.select_related("subject").order_by("-last_at", "-pk")[:MOST])


def _follow_ups(services: Sequence[int], reader: Any, but: Incident | None) -> list[FollowUp]:
    """Open ones of incidents that hit any of the services: what was due longest ago stands first."""
    hit = Impact.objects.filter(subject__in=services).values("incident")
    rows = FollowUp.objects.filter(
        state__in=FOLLOW_UP_OPEN, incident__in=Incident.objects.visible(reader).filter(pk__in=hit).values("pk")
    )
    rows = rows.exclude(incident=but) if but else rows
    return list(rows.select_related("incident__reference", "owner").order_by("due_on", "-pk")[:MOST])
