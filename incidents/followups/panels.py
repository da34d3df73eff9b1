"""Panels of follow-ups: on the page of their incident, and on their own."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from incidents.collections import INCIDENTS
from incidents.followups.actions import would_have_helped
from incidents.followups.collections import FOLLOW_UPS
from incidents.followups.forms import IdeaForm
from incidents.followups.reading import days_late, factors_offered, recurrence
from incidents.models import NO_INCIDENT, FollowUp, FollowUpState, Incident, IncidentKind
from portal.panels import Context, panel
from services.health.moments import counted

MOST_ALIKE = 10
_BY_STATE = {state: place for place, state in enumerate(("committed", "idea", "done", "verified", "declined"))}
# The column of incidents that has the factors of a facet.
FACTOR_COLUMNS = {
    "trigger": "trigger", "contributing_factor": "factor", "detection_gap": "detection_gap", "hindrance": "hindrance",
}  # fmt: skip


@panel(
    on=Incident, slot="main", order=30, title="Follow-ups", template="incidents/followups_of_incident.html", lazy=True
)
def of_incident(request: HttpRequest, incident: Incident) -> Context:
    rows = list(incident.follow_ups.select_related("owner", "factor", "incident").order_by("number"))
    rows.sort(key=lambda each: _BY_STATE[each.state])
    may_add = request.user.has_perm("incidents.note_incident", incident)
    late = sum(1 for each in rows if days_late(each))
    return {
        "rows": [{"follow_up": each, "url": FOLLOW_UPS.url_of(each), "late": _late(each)} for each in rows],
        "form": IdeaForm(factors_offered(incident)) if may_add else None,
        "fact": _fact(len(rows), late),
    }


def _fact(number: int, late: int) -> str:
    return f"{number:,}, {late:,} late" if late else f"{number:,}" if number else ""


def _late(follow_up: FollowUp) -> str:
    days = days_late(follow_up)
    return f"{counted(days, 'day')} late" if days else ""


@panel(on=FollowUp, slot="main", order=10, title="What and why", template="incidents/followups_what.html")
def what(request: HttpRequest, follow_up: FollowUp) -> Context:
    return {}


@panel(on=FollowUp, slot="main", order=20, title="Would this have helped?", template="incidents/followups_alike.html")
def alike(request: HttpRequest, follow_up: FollowUp) -> Context:
    """Other incidents with what it works against, and whether that came up again since it was done."""
    found = recurrence(follow_up, request.user)
    if found is None:
        return {"found": None}
    rows = would_have_helped(follow_up, request.user).select_related("status", "severity", "reference")
    total = rows.count()
    return {
        "found": found, "total": total, "factor": follow_up.factor, "rows": _shown(rows, follow_up),
        "fact": counted(total, "other incident") if total else "",
        "link": {"label": "All of them", "url": _all_url(follow_up)} if total > MOST_ALIKE else None,
    }  # fmt: skip


def _shown(rows: QuerySet[Incident], follow_up: FollowUp) -> list[dict[str, Any]]:
    done_at = follow_up.done_at
    return [
        {"incident": each, "url": INCIDENTS.url_of(each), "since": done_at is not None and each.declared_at >= done_at,
         "kind": "" if each.kind == IncidentKind.REAL else each.get_kind_display()}
        for each in rows.order_by("-declared_at", "pk")[:MOST_ALIKE]
    ]  # fmt: skip


def _all_url(follow_up: FollowUp) -> str:
    factor: Any = follow_up.factor
    asked = {FACTOR_COLUMNS[factor.facet]: factor.slug, "kind.not": "drill", "category.not": sorted(NO_INCIDENT)}
    return f"{INCIDENTS.url}?{urlencode(asked, doseq=True)}"


@panel(on=FollowUp, slot="rail", order=10, title="Facts", template="incidents/followups_facts.html")
def facts(request: HttpRequest, follow_up: FollowUp) -> Context:
    services = follow_up.incident.impacts.select_related("subject").order_by("subject__label").distinct()
    subjects = {each.subject_id: each.subject for each in services}
    is_open = follow_up.state in {FollowUpState.IDEA, FollowUpState.COMMITTED}
    return {"services": list(subjects.values()), "is_open": is_open}
