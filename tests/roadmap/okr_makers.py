"""Objectives, key results, non-negotiables and freezes."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from portal.references.models import Reference
from portal.search import index
from roadmap.constraints import actions as constraints
from roadmap.models import (
    Bound,
    BoundState,
    Cycle,
    Freeze,
    Keeping,
    KeyResult,
    KeyResultState,
    Objective,
    ObjectiveState,
    Side,
    Standing,
    Statistic,
    Way,
)
from roadmap.okr import actions
from services.health import samples
from services.health.models import Metric
from tests import factories
from tests.roadmap.core_makers import make_cycle
from tests.services.health.limits import keep_days

AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def make_metric(name: str = "latency", *, subject: Any = None, **values: Any) -> Metric:
    """A metric of the organisation, or of ``subject``."""
    return Metric.objects.create(name=name, subject=subject, **{"unit": "ms", **values})


def measure(metric: Metric, values: list[float], last_day: dt.date) -> None:
    """One value a day, the newest on ``last_day``, also as what stands now."""
    keep_days(metric, values, last_day)
    noon = dt.datetime.combine(last_day, dt.time(12), dt.UTC)
    samples.write([samples.SampleRow(metric.pk, noon, float(values[-1]))])


def the_cycle() -> Cycle:
    """The cycle of 2026 Q4, made once."""
    return Cycle.objects.filter(name="2026 Q4").first() or make_cycle()


def make_objective(title: str = "Checkout feels instant", **values: Any) -> Objective:
    return actions.create_objective(by=None, values={"title": title, "cycle": values.pop("cycle", None) or the_cycle(),
                                                     **values})  # fmt: skip


def make_key_result(title: str = "Checkout p95 down 40 %", **values: Any) -> KeyResult:
    """From 1,330 to 800 ms unless said otherwise."""
    way = {"way": Way.DECREASE, "baseline": 1330.0, "target": 800.0}
    objective = values.pop("objective", None) or make_objective(f"Objective of {title}")
    metric = values.pop("metric", None) or make_metric(f"metric-{Metric.objects.count()}")
    return actions.create_key_result(
        by=None, values={"title": title, "objective": objective, "metric": metric, **way, **values}
    )


def make_bound(name: str = "p95 below 200 ms", **values: Any) -> Bound:
    metric = values.pop("metric", None) or make_metric(f"metric-{Metric.objects.count()}")
    return constraints.create_bound(by=None, values={"name": name, "metric": metric, "value": 200.0, **values})


def make_freeze(title: str = "Mend checkout first", *, scope: list[Reference] | None = None, **values: Any) -> Freeze:
    given = {"why": "p95 is over 200 ms", "ends_on": dt.date(2026, 12, 24), "exit_condition": "p95 is below 200 ms",
             "starts_on": dt.date(2026, 11, 1), **values}  # fmt: skip
    return constraints.create_freeze(by=None, values={"title": title, "scope": scope or [], **given})


def _cycle_of(n: int) -> Cycle:
    return make_cycle(f"Round {n:03}", dt.date(2010, 1, 1) + dt.timedelta(days=n * 20), 20)


def _objective(n: int) -> Objective:
    if n % 2 == 0:
        return make_objective(f"Objective {n:03}", cycle=_cycle_of(n))
    cycle = _cycle_of(n)
    parent = make_objective(f"Above {n:03}", cycle=cycle)
    made = make_objective(
        f"Objective {n:03}", cycle=cycle, why=f"Serves {n}", parent=parent,
        owner=factories.make_team(f"aims-{n:03}").reference,
    )  # fmt: skip
    metric = make_metric(f"aim-{n:03}")
    key_result = make_key_result(f"Result of {n:03}", objective=made, metric=metric)
    KeyResultState.objects.filter(key_result=key_result).update(standing=list(Standing)[n % 5])
    ObjectiveState.objects.filter(objective=made).update(
        mean=n / 50, weakest=n / 90, measured=n, unmeasured=n + 1, confidence=n / 100
    )
    Cycle.objects.filter(pk=cycle.pk).update(closed_at=AT + dt.timedelta(days=n))
    made.refresh_from_db()
    return made


def _key_result(n: int) -> KeyResult:
    entity = factories.make_entity(f"measured-{n:03}")
    if n % 2 == 0:
        metric = make_metric(f"value-{n:03}", subject=entity.reference, unit="")
        return make_key_result(f"Key result {n:03}", metric=metric, way=Way.STAY_BELOW, baseline=None)
    objective = make_objective(
        f"Objective of {n:03}", cycle=_cycle_of(n), owner=factories.make_team(f"aims-{n:03}").reference
    )
    made = make_key_result(
        f"Key result {n:03}", objective=objective, metric=make_metric(f"value-{n:03}", subject=entity.reference),
        way=Way.DECREASE, baseline=1000.0 + n, baseline_note=f"Week {n}", target=(1000.0 + n) * 0.6, relative=-40.0,
        statistic=list(Statistic)[n % 4], window_days=1 + n % 366,
    )  # fmt: skip
    KeyResultState.objects.filter(key_result=made).update(
        value=900.0 - n, at=AT + dt.timedelta(hours=n), progress=n / 70, standing=list(Standing)[n % 5],
        confidence=n / 100, problem=f"Silent for {n}",
    )  # fmt: skip
    made.refresh_from_db()
    return made


def _bound(n: int) -> Bound:
    metric = make_metric(f"bounded-{n:03}", subject=factories.make_entity(f"bounded-by-{n:03}").reference)
    if n % 2 == 0:
        return make_bound(f"Bound {n:03}", metric=metric, value=float(n))
    made = make_bound(
        f"Bound {n:03}", metric=metric, why=f"Because of {n}", side=list(Side)[n % 4 // 2], value=100.0 + n,
        statistic=list(Statistic)[n % 4], window_days=1 + n % 366, is_active=n % 3 > 0,
        owner=factories.make_team(f"keeps-{n:03}").reference,
    )  # fmt: skip
    at = AT + dt.timedelta(hours=n)
    values = {"keeping": list(Keeping)[n % 3], "value": 50.0 + n, "at": at, "since": at, "problem": f"Silent {n}"}
    BoundState.objects.update_or_create(bound=made, defaults=values)
    made.refresh_from_db()
    return made


def _freeze(n: int) -> Freeze:
    day = dt.date(2026, 1, 1) + dt.timedelta(days=n)
    if n % 2 == 0:
        return make_freeze(f"Freeze {n:03}", starts_on=day, ends_on=day + dt.timedelta(days=n))
    made = make_freeze(
        f"Freeze {n:03}", scope=[factories.make_team(f"halted-{n:03}").reference], starts_on=day,
        ends_on=day + dt.timedelta(days=30), why=f"Because of {n}", exit_condition=f"It is mended {n}",
        bound=make_bound(f"Bound of {n:03}"), decided_by=factories.make_person(f"decides-{n:03}").reference,
    )  # fmt: skip
    constraints.lift(by=None, freeze=made, reason=f"It is mended by now {n}")
    Freeze.objects.filter(pk=made.pk).update(lifted_on=day + dt.timedelta(days=n))
    index.refresh(Freeze, [made.pk])
    made.refresh_from_db()
    return made


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    Objective: lambda collection, n: _objective(n),
    KeyResult: lambda collection, n: _key_result(n),
    Bound: lambda collection, n: _bound(n),
    Freeze: lambda collection, n: _freeze(n),
}
