"""Cycles and initiatives."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from portal.search import index
from roadmap.making import make
from roadmap.models import Category, Course, Cycle, Horizon, Initiative, InitiativeState, Objective, Status, Translation
from tests import factories

START = dt.date(2026, 10, 1)


def make_cycle(name: str = "2026 Q4", starts_on: dt.date = START, days: int = 92) -> Cycle:
    return Cycle.objects.create(name=name, starts_on=starts_on, ends_on=starts_on + dt.timedelta(days=days - 1))


def make_initiative(title: str, *, by: Any = None, is_private: bool = False, **values: Any) -> Initiative:
    """An initiative; the values that no form takes, such as its status, are written beside it."""
    beside = {
        name: values.pop(name) for name in ("status", "status_reason", "started_on", "delivered_on") if name in values
    }
    made = make(by=by, values={"title": title, **values}, is_private=is_private)
    if beside:
        Initiative.objects.filter(pk=made.pk).update(**beside)
        index.refresh(Initiative, [made.pk])
        made.refresh_from_db()
    return made


def _cycle(n: int) -> Cycle:
    made = make_cycle(f"Cycle {n:03}", dt.date(2020, 1, 1) + dt.timedelta(days=n * 10), 10)
    if n % 2:
        Cycle.objects.filter(pk=made.pk).update(closed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n))
        made.refresh_from_db()
    return made


def _initiative(n: int) -> Initiative:
    if n % 2 == 0:
        return make_initiative(f"Initiative {n:03}")
    cycle = _cycle(n)
    day = START + dt.timedelta(days=n)
    made = make_initiative(
        f"Initiative {n:03}", by=None, problem=f"It hurts {n}", scope_in=f"Part {n}", scope_out=f"Rest {n}",
        category=list(Category)[n % 8], horizon=list(Horizon)[n % 3],
        team=factories.make_team(f"doers-{n:03}").reference,
        owner=factories.make_person(f"owner-{n:03}").reference,
        sponsor=factories.make_person(f"sponsor-{n:03}").reference,
        cycle=cycle, objective=Objective.objects.create(cycle=cycle, title=f"Objective of {n:03}"),
        starts_on=day, ends_earliest=day + dt.timedelta(days=10), ends_likely=day + dt.timedelta(days=20),
        ends_latest=day + dt.timedelta(days=40), done_percent=n % 100, effort_days=n * 1.5, cost=n * 100,
        goal=f"Goal {n}", translation=list(Translation)[n % 5], for_executives=f"In short {n}",
        is_hundredfold=n % 4 == 1,
        status=list(Status)[n % 6], status_reason=f"Because of {n}", started_on=day,
        delivered_on=day + dt.timedelta(days=n),
    )  # fmt: skip
    at = dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n)
    state = {"course": list(Course)[n % 3], "updated_at": at, "rice": n / 4, "wsjf": n / 8, "slack_days": n}
    InitiativeState.objects.filter(initiative=made).update(**state)
    return made


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    Cycle: lambda collection, n: _cycle(n),
    Initiative: lambda collection, n: _initiative(n),
}
