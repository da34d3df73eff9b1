"""Trade-offs and allocations."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from incidents.declaring import declare
from incidents.models import Incident, IncidentState
from portal.references.models import Reference
from roadmap.models import (
    Allocation,
    Basis,
    Claim,
    ClaimKind,
    Cycle,
    Factor,
    Finding,
    Initiative,
    LoanState,
    PriorityInput,
    Renegotiation,
    TradeOff,
    TradeOffState,
)
from roadmap.worth import allocating, loans, returns, scores
from services.health.models import Metric, MetricKind
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative


def make_trade_off(deferred: str, team: Reference, due: Cycle, *, by: Any = None, **values: Any) -> TradeOff:
    days = values.pop("principal_days", 10)
    shipped = values.pop("shipped", "The box office launch")
    decided_on = values.pop("decided_on", min(due.starts_on, dt.date(2026, 10, 5)))
    given = {
        "deferred": deferred, "shipped": shipped, "team": team, "due_cycle": due, "principal_days": days,
        "decided_on": decided_on,
    }  # fmt: skip
    return loans.record(by=by, values={**given, **values})


def make_allocation(team: Reference, cycle: Cycle, capacity: float = 100, *, by: Any = None, **days: Any) -> Allocation:
    return allocating.plan(by=by, values={"team": team, "cycle": cycle, "capacity_days": capacity, **days})


def make_incident_of(minutes: float | None, *, by: Any = None, **values: Any) -> Incident:
    """An incident whose services were hit for so many minutes."""
    is_private = values.pop("is_private", False)
    values = {"title": "Sign-ins fail in one region", **values}
    made = declare(by=by, values=values, is_private=is_private)
    IncidentState.objects.update_or_create(incident=made, defaults={"impact_minutes": minutes})
    return made


def _cycle(n: int) -> Cycle:
    return make_cycle(f"Span {n:03}", dt.date(2019, 1, 1) + dt.timedelta(days=n * 12), 10)


def _trade_off(n: int) -> TradeOff:
    cycle = _cycle(n)
    team = factories.make_team(f"owing-{n:03}").reference
    # Before its cycle, and on a day that has been, however far off that is.
    decided_on = min(cycle.starts_on, dt.date(2026, 9, 1) - dt.timedelta(days=n))
    if n % 2 == 0:
        return make_trade_off(f"Work {n:03}", team, cycle, decided_on=decided_on)
    made = make_trade_off(
        f"Work {n:03}", team, cycle, shipped=f"Feature {n:03}", why=f"Because of {n}", principal_days=n + 0.5,
        decided_by=factories.make_person(f"decider-{n:03}").reference, decided_on=decided_on,
        initiative=make_initiative(f"Pays {n:03}"),
    )  # fmt: skip
    later = make_cycle(f"Later {n:03}", cycle.ends_on + dt.timedelta(days=1), 1 + 1)
    Renegotiation.objects.create(trade_off=made, from_cycle=cycle, to_cycle=later, reason=f"Once more {n}")
    ended = {"state": LoanState.WRITTEN_OFF, "reason": f"Never {n}", "ended_on": cycle.ends_on} if n % 4 == 1 else {}
    TradeOff.objects.filter(pk=made.pk).update(due_first=cycle, **ended)
    TradeOffState.objects.filter(pk=made.pk).update(incidents=n, interest_minutes=n * 60.5, interest_days=n / 8)
    made.refresh_from_db()
    return made


def _allocation(n: int) -> Allocation:
    team = factories.make_team(f"sharing-{n:03}").reference
    if n % 2 == 0:
        return make_allocation(team, _cycle(n), 10 + n)
    # Never more than the capacity below, whatever the number.
    days = {f"{bucket}_{ending}": n % 97 + place for ending in ("planned", "actual")
            for place, bucket in enumerate(("feature", "platform", "debt", "lights", "hundredfold"))}  # fmt: skip
    return make_allocation(
        team, _cycle(n), 500 + n, **days, target_low=n % 20, target_high=20 + n % 30, note=f"As agreed {n}"
    )


def _input(n: int) -> PriorityInput:
    values = {"initiative": make_initiative(f"Scored {n:03}"), "factor": [*Factor][n % 8], "value": 0.5 + n / 1000}
    measured = {"basis": Basis.MEASURED, "source": f"what was seen {n}"} if n % 2 else {}
    return scores.say(by=None, values={**values, **measured})


def make_claim(initiative: Initiative, per_month: float, metric: Metric | None = None, **values: Any) -> Claim:
    given = {"kind": ClaimKind.INCIDENT_MINUTES, "per_month": per_month, "metric": metric, **values}
    return returns.claim(by=None, values={"initiative": initiative, **given})


def make_amount(name: str) -> Metric:
    return Metric.objects.create(name=name, title=name.title(), kind=MetricKind.FLOW, unit="min")


def _claim(n: int) -> Claim:
    initiative = make_initiative(f"Claiming {n:03}")
    if n % 2 == 0:
        return make_claim(initiative, n)
    made = make_claim(initiative, n + 0.5, make_amount(f"minutes-{n:03}"), kind=[*ClaimKind][n % 4], note=f"By {n}")
    Finding.objects.create(
        claim=made, per_month=n, low=n - 1, high=n + 1.5, expected=n * 3, measured=n * 2, days_before=n,
        days_after=n + 1, problem=f"Too little {n}", found_at=dt.datetime(2026, 11, 1, n % 24, tzinfo=dt.UTC),
    )  # fmt: skip
    return made


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    TradeOff: lambda collection, n: _trade_off(n),
    Allocation: lambda collection, n: _allocation(n),
    PriorityInput: lambda collection, n: _input(n),
    Claim: lambda collection, n: _claim(n),
}
