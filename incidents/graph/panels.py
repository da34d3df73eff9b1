"""What the pages of services and teams say of incidents: what goes on above all else, then what was, and what is to be
done."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from incidents.collections import INCIDENTS
from incidents.followups.collections import FOLLOW_UPS
from incidents.models import FOLLOW_UP_OPEN, OPEN, FollowUp, Impact, Incident, IncidentKind
from incidents.models.incident import IncidentQuerySet
from portal.panels import Context, panel
from portal.people.models import Team
from portal.tenure import organisation_today
from services.health.heads import WATCHED
from services.health.moments import counted
from services.models import Entity

MOST, MOST_OPEN, WEEKS = 5, 3, 26
WEEK = dt.timedelta(weeks=1)
HIT = tuple(dict.fromkeys((*WATCHED, "system")))


@panel(
    on=Entity, slot="main", order=1, title="Going on now", template="incidents/graph_open.html", live=True, kinds=HIT
)
def open_at_entity(request: HttpRequest, entity: Entity) -> Context | None:
    return _going_on(_of_entity(request.user, entity))


@panel(on=Team, slot="main", order=1, title="Going on now", template="incidents/graph_open.html", live=True)
def open_at_team(request: HttpRequest, team: Team) -> Context | None:
    return _going_on(_of_team(request.user, team))


@panel(on=Entity, slot="main", order=25, title="Incidents", template="incidents/graph_incidents.html", kinds=HIT,
       lazy=True)  # fmt: skip
def of_entity(request: HttpRequest, entity: Entity) -> Context:
    follow_ups = FollowUp.objects.visible(request.user).filter(_hits(entity, "incident__"))
    return _recent(_of_entity(request.user, entity), follow_ups, "service", entity.name)


@panel(on=Team, slot="main", order=30, title="Incidents", template="incidents/graph_incidents.html", lazy=True)
def of_team(request: HttpRequest, team: Team) -> Context:
    follow_ups = FollowUp.objects.visible(request.user).filter(owner=team.reference)
    return _recent(_of_team(request.user, team), follow_ups, "owner", team.reference.canonical)


def _of_entity(reader: Any, entity: Entity) -> IncidentQuerySet:
    return Incident.objects.visible(reader).filter(_hits(entity, ""))


def _hits(entity: Entity, path: str) -> Q:
    hit = Impact.objects.filter(subject=entity.reference_id).values("incident")
    return Q(**{f"{path}pk__in": hit})


def _of_team(reader: Any, team: Team) -> IncidentQuerySet:
    return Incident.objects.visible(reader).filter(owner=team.reference_id)


def _going_on(rows: IncidentQuerySet) -> Context | None:
    found = list(rows.open().select_related("status", "severity", "reference").order_by("-declared_at")[:MOST_OPEN])
    if not found:
        return None
    return {"rows": [{"incident": each, "url": INCIDENTS.url_of(each)} for each in found]}


def _recent(rows: IncidentQuerySet, follow_ups: QuerySet[FollowUp], name: str, value: str) -> Context:
    """The latest, how many each week of half a year, and what is to be done. Drills are not counted as incidents."""
    real = rows.exclude(kind=IncidentKind.DRILL)
    latest = list(rows.select_related("status", "severity", "reference").order_by("-declared_at", "-pk")[:MOST])
    weeks = _weeks(real)
    counts = follow_ups.aggregate(
        open=Count("pk", filter=Q(state__in=FOLLOW_UP_OPEN)),
        late=Count("pk", filter=Q(state="committed", due_on__lt=organisation_today())),
    )
    narrowed = urlencode({name: value}, safe=":/")
    total = sum(weeks)
    return {
        "rows": [{"incident": each, "url": INCIDENTS.url_of(each), "is_open": each.status.category in OPEN}
                 for each in latest],
        "bars": _bars(weeks), "total": total, "weeks": WEEKS,
        "follow_ups": counts, "follow_ups_url": f"{FOLLOW_UPS.url}?{narrowed}&state=idea&state=committed",
        "late_url": f"{FOLLOW_UPS.url}?{narrowed}&state=committed&days_late.min=1",
        "fact": f"{counted(total, 'incident')} in {WEEKS} weeks" if latest else "",
        "link": {"label": "All of them", "url": f"{INCIDENTS.url}?{narrowed}"} if latest else None,
    }  # fmt: skip


def _weeks(rows: IncidentQuerySet) -> list[int]:
    """How many were declared in each of the last weeks, the oldest first."""
    now = timezone.now()
    found = [0] * WEEKS
    for at in rows.filter(declared_at__gt=now - WEEKS * WEEK, declared_at__lte=now).values_list(
        "declared_at", flat=True
    ):
        found[WEEKS - 1 - int((now - at) / WEEK)] += 1
    return found


def _bars(weeks: list[int]) -> list[dict[str, float]]:
    """Each week as a bar of a picture that is 104 wide and 20 high."""
    most = max(weeks) or 1
    heights = [max(2.0, 20 * number / most) if number else 1.0 for number in weeks]
    return [
        {"x": 4.0 * at, "y": round(20 - height, 1), "height": round(height, 1), "number": number}
        for at, (number, height) in enumerate(zip(weeks, heights, strict=True))
    ]
