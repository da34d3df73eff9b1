"""The shapes of the list of initiatives, one page each."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from roadmap.views import drawing
from roadmap.views.boards import HORIZONS, PLANS, STATUSES, by_objective, columns_of
from roadmap.views.plans import planned
from roadmap.views.rail import rail_of
from roadmap.views.reading import Asked, Rows, Shape, show
from roadmap.views.timeline import GROUPINGS, timeline_of


def _timeline(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    shown = timeline_of(asked)
    groups = [
        {"title": each.title, "count": len(each.bars), "rows": drawing.rows(each, shown.scale)}
        for each in shown.groups
    ]  # fmt: skip
    served = [group.pk for group in shown.groups if group.pk]
    return {
        "timeline": shown, "head": drawing.head(shown), "lines": drawing.lines(shown), "groups": groups,
        "rail": rail_of(served), "span": shown.scale.in_words, "may_move": any(each.may for each in shown.bars),
    }  # fmt: skip


def _board(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    return {"columns": columns_of(asked, request.GET, "status", STATUSES), "field": "status", "choices": STATUSES}


def _horizons(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    return {"columns": columns_of(asked, request.GET, "horizon", HORIZONS), "field": "horizon", "choices": HORIZONS}


def _objectives(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    served = by_objective(asked)
    return {"served": served, "rail": rail_of(each.objective.pk for each in served if each.objective)}


def _plan(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    return {"planned": planned(asked)}


def _of(plan: str) -> Callable[[Rows, str], Rows]:
    """The rows of the kinds of work that a plan is of."""
    return lambda rows, by: rows.filter(category__in=PLANS[plan])


# Cards with their dates, and initiatives with all their figures, are longer than bars.
MOST_CARDS, MOST_PLANNED = 200, 100
TIMELINE = Shape("initiatives-timeline", "Timeline", "roadmap/timeline.html", _timeline, GROUPINGS,
                 related=("objective", "cycle"))  # fmt: skip
BOARD = Shape("initiatives-board", "Board", "roadmap/board.html", _board, {})
HORIZON = Shape("initiatives-horizons", "Now, next, later", "roadmap/board.html", _horizons, {})
OBJECTIVES = Shape(
    "initiatives-objectives",
    "By objective",
    "roadmap/by_objective.html",
    _objectives,
    {},
    most=MOST_CARDS,
    related=("objective",),
)
INFRASTRUCTURE = Shape(
    "initiatives-infrastructure", "Infrastructure", "roadmap/plan.html", _plan, {}, _of("infrastructure"),
    most=MOST_PLANNED,
)  # fmt: skip
DEVELOPERS = Shape(
    "initiatives-developers", "Developer experience", "roadmap/plan.html", _plan, {}, _of("developer-experience"),
    most=MOST_PLANNED,
)  # fmt: skip


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    return show(request, TIMELINE)


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    return show(request, BOARD)


@require_safe
def horizons(request: HttpRequest) -> HttpResponse:
    return show(request, HORIZON)


@require_safe
def objectives(request: HttpRequest) -> HttpResponse:
    return show(request, OBJECTIVES)


@require_safe
def infrastructure(request: HttpRequest) -> HttpResponse:
    return show(request, INFRASTRUCTURE)


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    return show(request, DEVELOPERS)
