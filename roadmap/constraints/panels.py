"""What the pages of non-negotiables and freezes show, and what those of teams and services show of them."""

from dataclasses import replace

from django.http import HttpRequest

from portal.chart_views import with_file
from portal.charts import Chart, Level, chart
from portal.panels import Context, panel
from portal.people.models import Team
from portal.prose import prose
from portal.spans import Span, span_of
from roadmap.constraints.collections import BOUNDS, FREEZES
from roadmap.constraints.freezes import in_force_for, shown
from roadmap.models import OVER, Bound, Freeze, Initiative, Link
from services.health.pages import metrics
from services.health.pages.times import time_shown
from services.health.saying import with_unit
from services.models import Entity


@panel(on=Team, slot="main", order=3, title="Feature freeze", template="roadmap/_freezes.html")
def of_team(request: HttpRequest, team: Team) -> Context | None:
    found = in_force_for([team.reference_id])
    return {"freezes": shown(request.user, found)} if found else None


@panel(on=Entity, slot="main", order=3, title="Feature freeze", template="roadmap/_freezes.html", lazy=True)
def of_entity(request: HttpRequest, entity: Entity) -> Context | None:
    found = in_force_for([entity.reference_id])
    return {"freezes": shown(request.user, found)} if found else None


@panel(on=Initiative, slot="main", order=3, title="Feature freeze", template="roadmap/_freezes.html")
def of_initiative(request: HttpRequest, initiative: Initiative) -> Context | None:
    """Those of its team and of the services that it is linked to, as long as it can still be halted."""
    if initiative.status in OVER:
        return None
    services = Link.objects.filter(initiative=initiative, service__isnull=False).values_list("service", flat=True)
    found = in_force_for([*services, *([initiative.team_id] if initiative.team_id else [])])
    return {"freezes": shown(request.user, found)} if found else None


@panel(on=Bound, slot="main", order=10, title="Over time", template="health/_metric.html")
def over_time(request: HttpRequest, bound: Bound) -> Context:
    span = span_of(request.GET, "30d")
    return {
        **time_shown(request, bound, span, "roadmapbound-over-time"),
        "chart": with_file(_course(request, bound, span), bound, span),
        "hidden": 0,
        "fact": span.words,
    }


@chart(on=Bound, name="values", default="30d")
def course(request: HttpRequest, bound: Bound, span: Span) -> Chart:
    return _course(request, bound, span)


def _course(request: HttpRequest, bound: Bound, span: Span) -> Chart:
    """The chart of its metric, with what is agreed."""
    drawn = metrics.drawn(request, bound.metric, span)
    label = f"{bound.get_side_display().lower()} {with_unit(bound.metric, bound.value)}"
    return replace(drawn, levels=[Level(bound.value, label, "bad")])


@panel(on=Bound, slot="main", order=20, title="Freezes because of it", template="roadmap/_freezes_of.html")
def freezes_of_bound(request: HttpRequest, bound: Bound) -> Context | None:
    found = list(bound.freezes.prefetch_related("scope__what").order_by("-starts_on", "-pk")[:20])
    return {"rows": shown(request.user, found)} if found else None


@panel(on=Freeze, slot="main", order=10, title="Why, and until when", template="roadmap/_freeze.html")
def why(request: HttpRequest, freeze: Freeze) -> Context:
    return {
        "why": prose(freeze.why, below=2).body,
        "bound_url": BOUNDS.url_of(freeze.bound) if freeze.bound else "",
        "list_url": FREEZES.url,
    }
