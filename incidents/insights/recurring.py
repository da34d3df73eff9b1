"""Factors that recur: what came up in so many incidents becomes a proposal, with its evidence and its price.

Everybody reads proposals, so private incidents are no part of them. A proposal is refreshed while it is open and
withdrawn when the factor no longer recurs; what was decided is asked anew only when there are twice as many.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.utils import timezone

from incidents.collections import INCIDENTS
from incidents.insights.columns import COLUMNS
from incidents.models import (
    FOLLOW_UP_OPEN,
    NO_INCIDENT,
    Facet,
    FollowUp,
    Impact,
    Incident,
    IncidentKind,
    IncidentState,
    Node,
    Tag,
)
from portal.proposals.actions import propose, withdraw
from portal.proposals.models import Proposal
from portal.references.models import Reference
from services.health.moments import counted, duration

KIND = "recurring-factor"
# Of the incidents of so many days. Half a year is long enough for rare things, and short enough to be about now.
WINDOW_DAYS = 180
# So many of one team; or of several, where none of them has as many.
OF_A_TEAM, OF_THE_ORGANISATION = 3, 5
MOST_NAMED = 10
FACETS = (Facet.TRIGGER, Facet.CONTRIBUTING_FACTOR)
_COUNTED = Q(is_private=False, kind=IncidentKind.REAL) & ~Q(status__category__in=NO_INCIDENT)


@dataclass
class Recurring:
    """A factor with the incidents of one owner, the newest first; ``owner`` None stands for the organisation."""

    node: Node
    owner: Reference | None
    incidents: list[Incident] = field(default_factory=list)

    @property
    def source_key(self) -> str:
        return f"{KIND}:{self.node.slug}:{self.owner.canonical if self.owner else 'organisation'}"

    @property
    def whose(self) -> str:
        return str(self.owner) if self.owner else "the organisation"


def refresh() -> int:
    """Propose what recurs, and take back what no longer does; returns how many recur."""
    found = list(recurring())
    for each in found:
        _propose(each)
    gone = Proposal.objects.filter(kind=KIND).exclude(source_key__in=[each.source_key for each in found])
    withdraw(gone, reason=f"It came up in too few incidents of the last {WINDOW_DAYS} days.")
    return len(found)


def recurring(now: dt.datetime | None = None) -> Iterator[Recurring]:
    """Every factor that recurs in a team; and those that recur only over several teams."""
    since = (now or timezone.now()) - dt.timedelta(days=WINDOW_DAYS)
    chosen = Incident.objects.filter(_COUNTED, declared_at__gte=since)
    tags = Tag.objects.filter(incident__in=chosen, node__facet__in=FACETS, node__is_unknown=False)
    by_owner: dict[tuple[int, int | None], Recurring] = {}
    by_node: dict[int, Recurring] = {}
    for tag in tags.select_related("node", "incident__owner").order_by("-incident__declared_at", "-incident__pk"):
        owner = tag.incident.owner
        of_team = by_owner.setdefault((tag.node_id, owner.pk if owner else None), Recurring(tag.node, owner))
        of_team.incidents.append(tag.incident)
        by_node.setdefault(tag.node_id, Recurring(tag.node, None)).incidents.append(tag.incident)
    in_teams = [each for each in by_owner.values() if each.owner and len(each.incidents) >= OF_A_TEAM]
    yield from in_teams
    told = {each.node.pk for each in in_teams}
    yield from (each for pk, each in by_node.items() if pk not in told and len(each.incidents) >= OF_THE_ORGANISATION)


def _propose(found: Recurring) -> None:
    number = len(found.incidents)
    times = counted(number, "incident")
    services = _services(found.incidents)
    names = [each.name for each in found.incidents]
    propose(
        source_key=found.source_key,
        kind=KIND,
        title=f"{found.node.name}: {times} of {found.whose} in {WINDOW_DAYS} days",
        text=_text(found, times),
        evidence={
            # Three are 1, six 2: twice as bad is a new question.
            "severity": number // OF_A_TEAM, "factor": found.node.name, "incidents": number,
            "the newest": names[:MOST_NAMED], "services": [f"{name} ({times})" for name, times in services],
            "first": _day(found.incidents[-1]), "latest": _day(found.incidents[0]),
        },
        price=_price(found),
        url=_url(found),
    )  # fmt: skip


def _text(found: Recurring, times: str) -> str:
    means = f"{found.node.definition} " if found.node.definition else ""
    what = "started" if found.node.facet == Facet.TRIGGER else "contributed to"
    newest = ", ".join(str(each) for each in found.incidents[:3])
    return (
        f"{found.node.name} {what} {times} of {found.whose} in the last {WINDOW_DAYS} days. {means}\n\nThe newest are "
        f"{newest}. What would make it rare is worth more than mending each of them."
    )


def _services(incidents: Sequence[Incident]) -> list[tuple[str, int]]:
    """Which services were hit how often, the most often first."""
    rows = Impact.objects.filter(incident__in=incidents).order_by().values("subject__name")
    found = rows.annotate(number=Count("incident", distinct=True)).values_list("subject__name", "number")
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MOST_NAMED]


def _price(found: Recurring) -> dict[str, Any]:
    """What these incidents cost so far; what nothing says is left out."""
    states = IncidentState.objects.filter(incident__in=found.incidents)
    sums: dict[str, float] = defaultdict(float)
    for each in states:
        for name in ("impact_minutes", "customers", "budget_minutes"):
            if (value := getattr(each, name)) is not None:
                sums[name] += value
    rows = FollowUp.objects.filter(factor=found.node, incident__in=found.incidents)
    price: dict[str, Any] = {}
    if "impact_minutes" in sums:
        price["impact so far"] = duration(60 * sums["impact_minutes"])
    if "budget_minutes" in sums:
        price["error budget so far"] = duration(60 * sums["budget_minutes"])
    if "customers" in sums:
        price["customers hit"] = round(sums["customers"])
    return {
        **price,
        "follow-ups open against it": rows.filter(state__in=FOLLOW_UP_OPEN).count(),
        "follow-ups done against it": rows.filter(state__in=["done", "verified"]).count(),
    }


def _url(found: Recurring) -> str:
    column = COLUMNS[Facet(found.node.facet)]
    owner = [("owner", found.owner.canonical)] if found.owner else []
    but = [("category.not", each) for each in sorted(NO_INCIDENT)]
    pairs = [(column, found.node.slug), *owner, ("kind", "real"), *but, ("declared_at.within", f"{WINDOW_DAYS}d")]
    return f"{INCIDENTS.url}?{urlencode(pairs, safe=':/')}"


def _day(incident: Incident) -> str:
    return timezone.localdate(incident.declared_at, timezone.get_default_timezone()).isoformat()
