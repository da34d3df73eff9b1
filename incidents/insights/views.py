"""Insights: what incidents were like, how long they took, what it cost, and what came of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents.insights import reading, showing
from incidents.insights.asking import SPANS, Asked, asked_of
from incidents.models import IncidentKind, Node, Severity
from portal.query import BadQuery
from portal.references.models import Reference


@require_safe
def insights(request: HttpRequest) -> HttpResponse:
    """The page; what it is asked for is the query string of the list of incidents."""
    crumbs = [{"label": "Incidents", "url": ""}, {"label": "Insights", "url": reverse("insights")}]
    try:
        asked = asked_of(request)
    except BadQuery as problem:
        context = {"problems": problem.problems, "crumbs": crumbs}
        return render(request, "incidents/insights.html", context, status=400)
    context = {"form": _form(asked), "crumbs": crumbs, "total": len(asked.pks), "list_url": asked.url()}
    return render(request, "incidents/insights.html", {**context, "page": page(asked)})


def page(asked: Asked) -> dict[str, Any]:
    """Everything the page says; the number of queries depends on nothing."""
    nodes = list(Node.objects.order_by("facet", "place", "pk"))
    times, tagged = reading.times(asked.pks), reading.tagged(asked.pks)
    work = reading.follow_ups(asked.pks)
    return {
        "kinds": showing.kinds(asked),
        "left_out": showing.left_out(asked),
        "chart": showing.dots(asked, times),
        "spans": showing.spans(asked, times),
        "trend": showing.trend(times.lengths["lasted_s"]),
        "coverage": showing.coverage(asked, times),
        "contradict": showing.Figure("contradict", times.contradict, asked.url(problems__set="true")),
        "times": times,
        "answers": showing.answers(asked, tagged, nodes, times.facets),
        "modes": showing.modes(asked, times),
        "matrix": showing.matrix(asked, tagged, nodes),
        "factors": showing.factors(asked, tagged, nodes, work.open_against),
        "outcome": showing.outcome(asked, work),
    }


def _form(asked: Asked) -> dict[str, Any]:
    """What the filters at the top offer, and what is chosen."""
    params = asked.params
    teams = Reference.objects.filter(kind="group", attached=True).order_by("label").values_list("name", "label")
    kinds = [("*", "Every kind"), *IncidentKind.choices]
    severities = Severity.objects.order_by("rank").values_list("name", "name")
    return {
        "spans": _options(SPANS.items(), asked.span),
        "kinds": _options(kinds, params.get("kind", "")),
        "severities": _options(severities, params.get("severity", "")),
        "owners": _options(teams, params.get("owner", "")),
        "service": params.get("service", ""),
        "extra": asked.extra,
    }


def _options(pairs: Any, chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, label, value == chosen) for value, label in pairs]
