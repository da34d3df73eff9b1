"""What the page of dependencies shows: what the plan does not keep, critical paths, ties, slack, and a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from roadmap.collections import INITIATIVES
from roadmap.models import DependencyKind
from roadmap.views.networks import Known, known_to
from roadmap.views.picture import Picture, picture_of
from roadmap.views.reading import Asked
from roadmap.views.schedule import Schedule, Slot, Tie

# Rows of one table, paths at the top, and boxes of the picture.
MOST_ROWS, MOST_PATHS, MOST_BOXES = 100, 5, 60


@dataclass(frozen=True)
class End:
    """One end of a tie, or a step of a path."""

    name: str
    title: str
    url: str


@dataclass(frozen=True)
class Row:
    """One tie. ``problem`` says why the plan does not keep it."""

    before: End
    after: End
    kind: str
    lag: int
    problem: str


@dataclass(frozen=True)
class Place:
    end: End
    slot: Slot
    is_critical: bool


@dataclass(frozen=True)
class Waiting:
    rows: list[Row]
    row_count: int
    broken: list[Row]
    paths: list[dict[str, Any]]
    path_count: int
    places: list[Place]
    place_count: int
    circles: list[str]
    picture: Picture | None


def page_of(asked: Asked) -> Waiting:
    """The ties that have an end among the initiatives asked for, and what the critical path method says of them."""
    known = known_to(asked.reader)
    wanted = _wanted(asked, known)
    ties = [each for each in known.ties if each.before in wanted or each.after in wanted]
    plan = known.schedule()
    problems = {each.pk: known.problem(each) for each in ties}
    ties.sort(key=lambda each: (not problems[each.pk], _number(known.tied[each.after]["name"])))
    rows = [_row(known, each, problems[each.pk]) for each in ties[:MOST_ROWS]]
    paths = [path for path in plan.paths if wanted.intersection(path)]
    placed = [pk for pk in plan.slots if pk in wanted]
    placed.sort(key=lambda pk: (plan.slots[pk].slack, plan.slots[pk].earliest_start, pk))
    return Waiting(
        rows=rows, row_count=len(ties), broken=[row for row in rows if row.problem],
        paths=[_path(known, plan, path) for path in paths[:MOST_PATHS]], path_count=len(paths),
        places=[_place(known, plan, pk) for pk in placed[:MOST_ROWS]], place_count=len(placed),
        circles=[" → ".join(known.tied[pk]["name"] for pk in circle) for circle in plan.circles],
        picture=picture_of(known, plan, _drawn(ties, plan, paths)),
    )  # fmt: skip


def _wanted(asked: Asked, known: Known) -> set[int]:
    """The tied ones among those asked for; all of them where nothing is asked."""
    if not asked.query.filters and not asked.query.text:
        return set(known.tied)
    return set(asked.query.matching().filter(pk__in=list(known.tied)).order_by().values_list("pk", flat=True))


def _number(name: str) -> tuple[str, int]:
    prefix, _, number = name.partition("-")
    return prefix, int(number) if number.isdecimal() else 0


def _end(known: Known, pk: int) -> End:
    found = known.tied[pk]
    return End(
        found["name"],
        found["title"],
        INITIATIVES.record_url(INITIATIVES.key("initiative", "default", found["name"].lower())),
    )


def _row(known: Known, tie: Tie, problem: str) -> Row:
    kind = str(DependencyKind(tie.kind).label)
    return Row(_end(known, tie.before), _end(known, tie.after), kind, tie.lag, problem)


def _place(known: Known, plan: Schedule, pk: int) -> Place:
    return Place(_end(known, pk), plan.slots[pk], plan.slots[pk].slack == 0)


def _path(known: Known, plan: Schedule, path: list[int]) -> dict[str, Any]:
    return {"steps": [_end(known, pk) for pk in path], "ends_on": plan.slots[path[-1]].earliest_end}


def _drawn(ties: Iterable[Tie], plan: Schedule, paths: list[list[int]]) -> list[Tie]:
    """The ties of the picture: those of critical paths first, until there are boxes enough."""
    on_path = {pk for path in paths for pk in path}
    chosen: list[Tie] = []
    boxes: set[int] = set()
    for tie in sorted(ties, key=lambda each: (not {each.before, each.after} <= on_path, each.pk)):
        if len(boxes | {tie.before, tie.after}) <= MOST_BOXES:
            boxes |= {tie.before, tie.after}
            chosen.append(tie)
    return chosen
