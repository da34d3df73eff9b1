"""The critical path method: from what waits for what, how early and how late each initiative may lie.

Days are points: an initiative of two days starts on the 1st and ends on the 3rd, and what waits for its end may start
that day. Nothing starts before the day that it is planned for. docs/roadmap-views.md has an example to do by hand."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from roadmap.models import DependencyKind
from roadmap.views.waiting import followers

# Of the two that a kind ties: whether the end of the one that is waited for counts, and the end of the one that waits.
_ENDS = {
    DependencyKind.FINISH_START: (True, False), DependencyKind.START_START: (False, False),
    DependencyKind.FINISH_FINISH: (True, True), DependencyKind.START_FINISH: (False, True),
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """An initiative as it is planned: its first day, and the day of its likely end."""

    pk: int
    name: str
    start: dt.date
    end: dt.date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True)
class Tie:
    """That ``after`` waits for ``before``."""

    before: int
    after: int
    kind: str = DependencyKind.FINISH_START
    lag: int = 0
    pk: int = 0


@dataclass(frozen=True)
class Slot:
    """How early one may start and end, how late it may without moving the end of its network, and the days between."""

    earliest_start: dt.date
    earliest_end: dt.date
    latest_start: dt.date
    latest_end: dt.date
    slack: int


@dataclass(frozen=True)
class Schedule:
    """``slots`` by initiative; ``paths`` are the critical paths, one for each network, the one that ends last first;
    ``circles`` are those that wait for each other: they and what waits for them have no slot."""

    slots: dict[int, Slot] = field(default_factory=dict)
    paths: list[list[int]] = field(default_factory=list)
    circles: list[list[int]] = field(default_factory=list)


def schedule(tasks: Mapping[int, Task], ties: Iterable[Tie]) -> Schedule:
    """The slots of everything that is tied to something. A tie to what has no dates, and is no task, is left out."""
    known = [each for each in ties if each.before in tasks and each.after in tasks]
    order, circles = _in_order(known)
    placed = set(order)
    known = [each for each in known if each.before in placed and each.after in placed]
    starts, pushed_by = _earliest(tasks, order, known)
    networks = _networks(order, known)
    latest = _latest(tasks, order, known, starts, networks)
    slots = {pk: _slot(tasks[pk], starts[pk], latest[pk]) for pk in order}
    paths = [_path(tasks, network, starts, pushed_by) for network in networks]
    paths.sort(key=lambda path: (-(starts[path[-1]] + tasks[path[-1]].days), path))
    return Schedule(slots, paths, circles)


def _in_order(ties: list[Tie]) -> tuple[list[int], list[list[int]]]:
    """Everything tied, each after all that it waits for; and the circles, behind which there is no order."""
    follows = followers((each.before, each.after) for each in ties)
    waits_for: dict[int, int] = {pk: 0 for tie in ties for pk in (tie.before, tie.after)}
    for tie in ties:
        waits_for[tie.after] += 1
    ready, order = sorted(pk for pk, number in waits_for.items() if not number), []
    while ready:
        here = ready.pop()
        order.append(here)
        for there in follows.get(here, ()):
            waits_for[there] -= 1
            if not waits_for[there]:
                ready.append(there)
    return order, _circles({pk for pk, number in waits_for.items() if number}, ties)


def _circles(stuck: set[int], ties: list[Tie]) -> list[list[int]]:
    """One circle of each knot among those that are stuck."""
    back = {tie.after: tie.before for tie in sorted(ties, key=lambda each: each.before) if tie.before in stuck}
    found: list[list[int]] = []
    seen: set[int] = set()
    for start in sorted(stuck):
        way: list[int] = []
        here = start
        while here not in seen and here in back:
            seen.add(here)
            way.append(here)
            here = back[here]
        if here in way:
            circle = way[way.index(here) :][::-1]
            found.append([*circle, circle[0]])
    return found


def _bound(tie: Tie, tasks: Mapping[int, Task], start: int) -> int:
    """The earliest start that the tie allows to the one that waits, where the other one starts on day ``start``."""
    from_end, to_end = _ENDS[DependencyKind(tie.kind)]
    begin = start + (tasks[tie.before].days if from_end else 0) + tie.lag
    return begin - (tasks[tie.after].days if to_end else 0)


def _earliest(tasks: Mapping[int, Task], order: list[int], ties: list[Tie]) -> tuple[dict[int, int], dict[int, int]]:
    """The earliest start of each, and who pushes it there; days are numbers."""
    to: dict[int, list[Tie]] = {pk: [] for pk in order}
    for tie in ties:
        to[tie.after].append(tie)
    starts: dict[int, int] = {}
    pushed_by: dict[int, int] = {}
    for pk in order:
        starts[pk] = tasks[pk].start.toordinal()
        for tie in to[pk]:
            if (bound := _bound(tie, tasks, starts[tie.before])) >= starts[pk]:
                starts[pk], pushed_by[pk] = bound, tie.before
    return starts, pushed_by


def _networks(order: list[int], ties: list[Tie]) -> list[set[int]]:
    edges = [(each.before, each.after) for each in ties]
    found: list[set[int]] = []
    seen: set[int] = set()
    beside: dict[int, list[tuple[int, int]]] = {}
    for edge in edges:
        for pk in edge:
            beside.setdefault(pk, []).append(edge)
    for pk in order:
        if pk not in seen:
            network = _reached(beside, pk)
            seen |= network
            found.append(network)
    return found


def _reached(beside: Mapping[int, list[tuple[int, int]]], start: int) -> set[int]:
    found, open_ = {start}, [start]
    while open_:
        for edge in beside.get(open_.pop(), ()):
            for there in edge:
                if there not in found:
                    found.add(there)
                    open_.append(there)
    return found


def _latest(
    tasks: Mapping[int, Task], order: list[int], ties: list[Tie], starts: Mapping[int, int], networks: list[set[int]]
) -> dict[int, int]:
    """The latest start of each that leaves the end of its network where it is."""
    end_of = {
        pk: end for network in networks for end in [max(starts[pk] + tasks[pk].days for pk in network)]
        for pk in network
    }  # fmt: skip
    out: dict[int, list[Tie]] = {pk: [] for pk in order}
    for tie in ties:
        out[tie.before].append(tie)
    latest: dict[int, int] = {}
    for pk in reversed(order):
        bounds = [latest[tie.after] - _bound(tie, tasks, 0) for tie in out[pk]]
        latest[pk] = min([end_of[pk] - tasks[pk].days, *bounds])
    return latest


def _slot(task: Task, start: int, latest: int) -> Slot:
    return Slot(_day(start), _day(start + task.days), _day(latest), _day(latest + task.days), latest - start)


def _day(number: int) -> dt.date:
    return dt.date.fromordinal(min(max(number, 1), dt.date.max.toordinal()))


def _path(
    tasks: Mapping[int, Task], network: set[int], starts: Mapping[int, int], pushed_by: Mapping[int, int]
) -> list[int]:
    """The chain that decides when the network ends: back from what ends last, over who pushes whom."""
    here = max(network, key=lambda pk: (starts[pk] + tasks[pk].days, -pk))
    path = [here]
    while here in pushed_by:
        here = pushed_by[here]
        path.append(here)
    return path[::-1]


_VERBS = {True: ("ends", "end"), False: ("starts", "start")}


def shortfall(tie: Tie, before: Task, after: Task) -> int:
    """By how many days the plan breaks the tie; nothing or less: it keeps it."""
    from_end, to_end = _ENDS[DependencyKind(tie.kind)]
    first, second = before.end if from_end else before.start, after.end if to_end else after.start
    return tie.lag - (second - first).days


def broken(tie: Tie, before: Task, after: Task) -> str:
    """``RM-4 starts 5 days before RM-1 ends``; empty where the plan keeps the tie."""
    short = shortfall(tie, before, after)
    if short <= 0:
        return ""
    from_end, to_end = _ENDS[DependencyKind(tie.kind)]
    does, other = _VERBS[to_end][0], _VERBS[from_end][0]
    if not tie.lag:
        return f"{after.name} {does} {_days(short)} before {before.name} {other}"
    side = "after" if tie.lag > 0 else "before"
    told = f"{after.name} {does} {_days(short)} too early"
    return f"{told}: it waits until {_days(abs(tie.lag))} {side} {before.name} {other}"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
