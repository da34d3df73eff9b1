"""The objectives of one cycle as they serve each other: the company's first, below each those that serve it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.crumbs import crumbs_of
from roadmap.collections import CYCLES
from roadmap.constraints.above import banner
from roadmap.models import Cycle, Objective
from roadmap.okr.collections import KEY_RESULTS, OBJECTIVES
from roadmap.okr.showing import (
    Shown,
    ShownObjective,
    key_results_of,
    objectives_shown,
    shown,
    shown_objectives,
)

# As many are read on one page; beyond them the list has filters.
MOST = 100


@dataclass
class Place:
    """One objective on the board, ``depth`` steps below one that serves nothing of this cycle. ``serves`` names what
    it serves elsewhere."""

    objective: ShownObjective
    key_results: list[Shown]
    depth: int
    serves: str


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    cycle, cycles = _cycle(request)
    found = list(objectives_shown().filter(cycle=cycle).order_by("title", "pk")[: MOST + 1]) if cycle else []
    user: Any = request.user
    context = {
        "cycle": cycle, "cycles": cycles, "places": _places(user, found[:MOST]), "may_add": OBJECTIVES.may(user, "add"),
        "is_cut": len(found) > MOST, "most": MOST, "new_url": reverse("record-new", args=[OBJECTIVES.slug]),
        "list_url": f"{OBJECTIVES.url}?cycle={cycle.name}" if cycle else OBJECTIVES.url, "cycles_url": CYCLES.url,
        "key_results_url": f"{KEY_RESULTS.url}?cycle={cycle.name}" if cycle else KEY_RESULTS.url,
        "may_cycle": CYCLES.may(user, "add"), "new_cycle_url": reverse("record-new", args=[CYCLES.slug]),
        "over": round(100 * cycle.share_passed()) if cycle else 0,
        "crumbs": crumbs_of(OBJECTIVES, ("Board", request.path)), **banner(request),
    }  # fmt: skip
    return render(request, "roadmap/objectives_board.html", context)


def _cycle(request: HttpRequest) -> tuple[Cycle | None, list[Cycle]]:
    """The cycle that is asked for, else the one that today lies in, else the last one; and all there are."""
    if unknown := sorted(set(request.GET) - {"cycle"}):
        raise BadRequest(f"The board takes cycle alone, not “{unknown[0][:60]}”.")
    cycles = list(Cycle.objects.order_by("-starts_on"))
    if asked := request.GET.get("cycle", "").strip():
        return cycle_called(asked, cycles), cycles
    current = Cycle.objects.current().first()
    return current or (cycles[0] if cycles else None), cycles


def cycle_called(name: str, cycles: Sequence[Cycle]) -> Cycle:
    """The one of this name, in capital or small letters. Raises BadRequest naming those there are."""
    found = next((each for each in cycles if each.name.lower() == name.lower()), None)
    if found is None:
        names = ", ".join(each.name for each in cycles[:8]) or "none yet"
        raise BadRequest(f"There is no cycle “{name[:60]}”. There are: {names}.")
    return found


def _places(reader: Any, objectives: Sequence[Objective]) -> list[Place]:
    """All of them in the order that they are read: each followed by those that serve it."""
    key_results: dict[int, list[Shown]] = defaultdict(list)
    for each in shown(reader, list(key_results_of(objectives))):
        key_results[each.key_result.objective_id].append(each)
    here = {each.pk for each in objectives}
    below: dict[int | None, list[ShownObjective]] = defaultdict(list)
    for told in shown_objectives(reader, objectives):
        parent = told.objective.parent_id
        below[parent if parent in here else None].append(told)
    roots = sorted(below[None], key=lambda each: each.objective.owner_id is not None)
    return [place for root in roots for place in _walk(root, 0, key_results, below)]


def _walk(
    told: ShownObjective, depth: int, key_results: dict[int, list[Shown]], below: dict[int | None, list[ShownObjective]]
) -> Iterator[Place]:
    objective = told.objective
    parent = objective.parent if depth == 0 else None
    yield Place(told, key_results[objective.pk], min(depth, 4), str(parent) if parent else "")
    for each in below[objective.pk]:
        yield from _walk(each, depth + 1, key_results, below)
