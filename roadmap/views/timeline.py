"""What a timeline shows of the initiatives of one question: groups, bars, and the span of time they lie in."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.collections import unknown_to
from portal.looks import look_of
from portal.tenure import organisation_today
from roadmap.models import Category, Course, Initiative, Status
from roadmap.views.reading import Asked, limits_of
from roadmap.views.scale import Scale, scale_of
from services.health.models import Limit

GROUPINGS = {
    "objective": "Objective", "team": "Team", "category": "Category", "status": "Status", "cycle": "Cycle",
    "nothing": "Nothing",
}  # fmt: skip
NONE = {"objective": "No objective", "team": "No team", "cycle": "No cycle"}


@dataclass(frozen=True)
class Bar:
    """One initiative as it is drawn. ``state`` is how it looks, ``word`` what stands in the bar, ``team`` its name as
    far as the reader may know it; ``limit`` is what it has to come before."""

    initiative: Initiative
    state: str
    word: str
    team: str
    may: bool
    limit: Limit | None

    @property
    def is_drawn(self) -> bool:
        return self.initiative.starts_on is not None and self.initiative.ends_likely is not None

    @property
    def is_critical(self) -> bool:
        return self.initiative.state.slack_days == 0 and not self.is_over

    @property
    def is_over(self) -> bool:
        return self.initiative.status in {Status.DONE, Status.DROPPED}

    @property
    def days(self) -> Iterable[dt.date]:
        it = self.initiative
        found = [it.starts_on, it.ends_earliest, it.ends_likely, it.ends_latest]
        if self.limit is not None:
            found += [self.limit.state.q10_date, self.limit.state.q50_date]
        return (day for day in found if day)


@dataclass(frozen=True)
class Group:
    title: str
    bars: list[Bar]
    pk: int | None = None


@dataclass(frozen=True)
class Timeline:
    groups: list[Group]
    scale: Scale
    today: dt.date

    @property
    def bars(self) -> list[Bar]:
        return [bar for group in self.groups for bar in group.bars]


def timeline_of(asked: Asked) -> Timeline:
    """The timeline of a question. Its span follows what it shows."""
    limits, today = limits_of(asked), organisation_today()
    hidden = unknown_to(asked.reader, {each.team_id for each in asked.initiatives})
    bars = [_bar(asked, each, limits.get(each.pk), hidden) for each in asked.initiatives]
    days = [day for bar in bars for day in bar.days]
    return Timeline(grouped(bars, asked.by), scale_of(days, today), today)


def _bar(asked: Asked, it: Initiative, limit: Limit | None, hidden: dict[int, str]) -> Bar:
    team = it.team.label or it.team.name if it.team and it.team_id not in hidden else ""
    return Bar(it, state_of(it), word_of(it), team, asked.may(it), limit)


def state_of(it: Initiative) -> str:
    """In which colours it is drawn: how it goes while it is worked on, else where it stands."""
    if it.status == Status.IN_PROGRESS and it.state.course:
        return look_of(it.state.course)[0]
    return "ok" if it.status == Status.DONE else look_of(it.status)[0]


def word_of(it: Initiative) -> str:
    """``65 %, on track``; ``Planned``."""
    if it.status != Status.IN_PROGRESS:
        return it.get_status_display()
    course = Course(it.state.course).label.lower() if it.state.course else "in progress"
    return f"{it.done_percent}\u00a0%, {course}"


def grouped(bars: Iterable[Bar], by: str) -> list[Group]:
    """The bars in groups, in the order in which their first bars come; what is in none comes last."""
    found: dict[Any, Group] = {}
    for bar in bars:
        key, title = _group_of(bar, by)
        found.setdefault(key, Group(title, [], key if by == "objective" else None)).bars.append(bar)
    last = [found.pop(None)] if None in found else []
    return [*found.values(), *last]


def _group_of(bar: Bar, by: str) -> tuple[Any, str]:
    it = bar.initiative
    if by == "team":
        return (it.team_id, bar.team) if bar.team else (None, NONE[by])
    if by == "category":
        return it.category, Category(it.category).label
    if by == "status":
        return it.status, it.get_status_display()
    if by in NONE:
        of: Any = getattr(it, by)
        return (of.pk, str(of)) if of else (None, NONE[by])
    return "all", ""
