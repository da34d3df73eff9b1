"""Panels of an incident: who does what, what it did to services, who sees it, what is known right now, and similar
ones."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from incidents.account import active_roles, held_in
from incidents.acts.budgets import budget_rows
from incidents.acts.known import known_of
from incidents.collections import INCIDENTS
from incidents.models import Access, Impact, ImpactLevel, Incident, Point
from incidents.similar import MOST, similar_to
from portal.panels import Context, panel
from services.health.models import HealthState

MOST_ON_TAB = 30
_WORST = (ImpactLevel.DOWN, ImpactLevel.PARTIAL, ImpactLevel.DEGRADED, ImpactLevel.NONE)


@panel(on=Incident, slot="rail", order=10, title="Roles", template="incidents/_roles.html", live=True)
def roles(request: HttpRequest, incident: Incident) -> Context:
    by_role = {each.role_id: each for each in held_in(incident)}
    return {
        "roles": [(role, by_role.get(role.pk)) for role in active_roles(incident)],
        "own": getattr(getattr(request.user, "person", None), "reference_id", None),
        "may_take": request.user.has_perm("incidents.note_incident", incident),
        "may_give": request.user.has_perm("incidents.change_incident", incident),
    }


@panel(on=Incident, slot="rail", order=20, title="Impact", template="incidents/_impact.html", lazy=True)
def impact(request: HttpRequest, incident: Incident) -> Context:
    """Each service with the worst that it did to it, and what that spent of error budgets."""
    rows = list(incident.impacts.select_related("subject").order_by("pk"))
    budgets = budget_rows(incident, rows)
    by_service: dict[int, list[Impact]] = {}
    for each in rows:
        by_service.setdefault(each.subject_id, []).append(each)
    health = dict(
        HealthState.objects.filter(entity__reference__in=by_service).values_list("entity__reference", "status")
    )
    edit = {"label": "Edit" if rows else "Add", "url": reverse("incident-impact", args=[incident.name])}
    return {
        "services": [
            {"windows": windows, "subject": windows[0].subject, "level": _worst(windows), "budgets": budgets[pk],
             "health": health.get(pk, ""), "goes_on": any(each.ended_at is None for each in windows)}
            for pk, windows in by_service.items()
        ],
        "customers": max((each.customers or 0 for each in rows), default=0),
        "link": edit if request.user.has_perm("incidents.change_incident", incident) else None,
    }  # fmt: skip


def _worst(windows: list[Impact]) -> Impact:
    return min(windows, key=lambda each: _WORST.index(ImpactLevel(each.level)))


@panel(on=Incident, slot="rail", order=80, title="Who sees it", template="incidents/_access.html")
def access(request: HttpRequest, incident: Incident) -> Context | None:
    """The access list of a private one, for all who are on it."""
    if not incident.is_private:
        return None
    rows = Access.objects.filter(incident=incident).select_related("who").order_by("who__kind", "who__label")
    link = {"label": "Edit", "url": reverse("incident-access", args=[incident.name])}
    may = request.user.has_perm("incidents.change_incident", incident)
    return {"rows": rows, "link": link if may else None}


@panel(on=Incident, slot="rail", order=5, title="Known of its services", template="incidents/_known.html", lazy=True)
def known(request: HttpRequest, incident: Incident) -> Context | None:
    """What was deployed before it started, what burns, and which follow-ups of earlier incidents are open."""
    services = list(incident.impacts.order_by().values_list("subject", flat=True).distinct())
    times = {each.point: each.at for each in incident.times.all()}
    begun = times.get(Point.STARTED) or times.get(Point.DETECTED) or incident.declared_at
    found = known_of(services, request.user, at=begun, but=incident)
    return {"services": services, "known": found, "in_rail": True} if found else None


@panel(on=Incident, slot="main", order=60, title="Similar incidents", template="incidents/_similar.html", lazy=True)
def alike(request: HttpRequest, incident: Incident) -> Context | None:
    return _similar(request, incident, MOST)


@panel(on=Incident, slot="tab:similar", order=10, title="All similar incidents", template="incidents/_similar.html")
def all_alike(request: HttpRequest, incident: Incident) -> Context:
    return _similar(request, incident, MOST_ON_TAB)


def _similar(request: HttpRequest, incident: Incident, limit: int) -> dict[str, Any]:
    found = similar_to(incident, request.user, limit)
    more = {"label": "All", "url": f"{INCIDENTS.url_of(incident)}similar/"}
    return {"rows": found, "fact": "by service, kind and words", "link": more if len(found) == MOST == limit else None}
