"""Priorities, a shape of the initiatives: what goes on or is to come, by one of the two scores, with all inputs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.collections import unknown_to
from roadmap.collections import INITIATIVES
from roadmap.models import Initiative, PriorityInput
from roadmap.views.reading import Asked, Rows, Shape, show
from roadmap.worth import scores


def _ranked(rows: Rows, by: str) -> Rows:
    """The highest score first; what is not known comes last."""
    return rows.going_on().order_by(F(f"state__{by}").desc(nulls_last=True), "pk")


def _content(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    name, factors = scores.SCORES[asked.by]
    said = _said(asked.initiatives)
    hidden = unknown_to(asked.reader, {each.team_id for each in asked.initiatives})
    return {
        "rows": [_row(each, said.get(each.pk, {}), asked.by, hidden) for each in asked.initiatives],
        "by": asked.by, "name": name, "factors": [each.label for each in factors],
    }  # fmt: skip


def _said(rows: Sequence[Initiative]) -> Mapping[int, dict[str, PriorityInput]]:
    found: dict[int, dict[str, PriorityInput]] = {}
    for each in PriorityInput.objects.filter(initiative__in=[row.pk for row in rows]):
        found.setdefault(each.initiative_id, {})[each.factor] = each
    return found


def _row(
    initiative: Initiative, said: Mapping[str, PriorityInput], by: str, hidden: Mapping[int, str]
) -> dict[str, Any]:
    known, (_, factors) = {factor: each.value for factor, each in said.items()}, scores.SCORES[by]
    return {
        "initiative": initiative, "url": INITIATIVES.url_of(initiative), "score": getattr(initiative.state, by),
        "team": initiative.team.label if initiative.team and initiative.team_id not in hidden else "",
        "inputs": [(each.label, said.get(each)) for each in factors],
        "missing": ", ".join(scores.missing(known, factors)),
    }  # fmt: skip


MOST_ROWS = 200
PRIORITIES = Shape(
    "priorities", "Priorities", "roadmap/priorities.html", _content,
    {by: name for by, (name, _) in scores.SCORES.items()}, _ranked, most=MOST_ROWS,
)  # fmt: skip


@require_safe
def priorities(request: HttpRequest) -> HttpResponse:
    return show(request, PRIORITIES)
