"""Number n of several records of each model of health, for the walk over every collection: odd ones have a value in
every column, even ones few."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from portal.references.models import Reference
from services.health.models import (
    Check,
    CheckKind,
    CheckState,
    CheckStatus,
    Deployment,
    EntityHealth,
    HealthState,
    Limit,
    LimitState,
    MaintenanceWindow,
    Metric,
    MetricKind,
    MetricState,
    PrometheusServer,
    Severity,
    Slo,
    SloAlert,
    SloState,
    Urgency,
    Weekday,
)
from services.models import Entity
from tests import factories

START = dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)


def _entity(n: int) -> Entity:
    name = f"watched-{n % 4}"
    found = Entity.objects.filter(name=name).first()
    return found or factories.make_entity(name, owner=factories.make_team(f"watch-{n % 4}") if n % 2 else None)


def _check(n: int) -> Check:
    check = Check.objects.create(
        entity=_entity(n), name=f"Question {n:03}", kind=list(CheckKind)[n % 3], interval_s=60 + n,
        environment="production" if n % 3 else "staging", is_active=bool(n % 5),
    )  # fmt: skip
    moment = START + dt.timedelta(hours=n)
    full: dict[str, Any] = {
        "status": list(CheckStatus)[n % 6], "reason": f"answered 50{n % 4}", "since": moment, "last_at": moment,
        "latency_ms": 10.5 + n, "lag_ms": n / 2, "certificate_expires_at": moment,
    }  # fmt: skip
    CheckState.objects.create(of=check, due_at=moment, **(full if n % 2 else {}))
    return check


def _window(n: int) -> MaintenanceWindow:
    moment = START + dt.timedelta(days=n)
    once = {"starts_at": moment, "ends_at": moment + dt.timedelta(hours=n + 1)}
    weekly = {
        "weekday": Weekday.values[n % 7],
        "start_time": dt.time(n % 24),
        "minutes": 30 + n,
        "zone": "Europe/Lisbon",
    }
    return MaintenanceWindow.objects.create(entity=_entity(n), reason=f"Move {n:03}", **(once if n % 2 else weekly))


def _slo(n: int) -> Slo:
    check = Check.objects.create(entity=_entity(n), name=f"Of SLO {n:03}")
    titled = {"title": f"Promise {n}", "description": "Buyers get an answer"} if n % 2 else {}
    slo = Slo.objects.create(
        entity=check.entity, name=f"slo-{n:03}", source_check=check, target=f"99.{n % 10}", window_days=7 + n, **titled
    )
    if n % 2:
        moment = START + dt.timedelta(hours=n)
        SloState.objects.create(
            slo=slo, attainment=0.99 + n / 10_000, remaining=1 - n / 10, burn=n / 3, measured=0.9, empty_at=moment,
            severity=list(Severity)[n % 3 == 0], alert_text=f"{n}% went in 1 h", evaluated_at=moment,
        )  # fmt: skip
    return slo


def _alert(n: int) -> SloAlert:
    started = START + dt.timedelta(hours=n)
    return SloAlert.objects.create(
        slo=_slo(1000 + n), severity=list(Severity)[n % 2], text=f"{n}% of the budget went", long_minutes=60 * (n + 1),
        factor=14.4, burn=15.0 + n, started_at=started, ended_at=started + dt.timedelta(minutes=n) if n % 2 else None,
    )  # fmt: skip


def _subject(n: int) -> Reference | None:
    return _entity(n).reference if n % 2 else None


def _metric(n: int) -> Metric:
    full: dict[str, Any] = {
        "title": f"Figure {n}", "unit": "ms", "environment": "production", "baseline": 100.0 + n,
        "higher_is_better": False,
    }  # fmt: skip
    metric = Metric.objects.create(
        name=f"metric-{n:03}", subject=_subject(n), kind=list(MetricKind)[n % 3], **(full if n % 2 else {})
    )
    if n % 2:
        moment = START + dt.timedelta(hours=n)
        MetricState.objects.create(
            metric=metric, value=n * 1.5, at=moment, regressed_since=moment if n % 3 else None, problem=f"was {n} late"
        )
    return metric


def _server(n: int) -> PrometheusServer:
    variable = {"token_variable": f"PROMETHEUS_TOKEN_{n}"} if n % 2 else {}
    return PrometheusServer.objects.create(name=f"prometheus-{n:03}", url=f"https://p{n}.example.com", **variable)


def _limit(n: int) -> Limit:
    limit = Limit.objects.create(
        metric=_metric(2000 + n), name=f"Limit {n:03}", ceiling=1000.0 + n, lead_days=10 + n, lead_p90_days=20 + n,
        margin_days=n,
    )  # fmt: skip
    if n % 2:
        day = START.date() + dt.timedelta(days=n)
        LimitState.objects.create(
            limit=limit, urgency=list(Urgency)[n % 5], value=n * 10.0, used=n / 100, q10_date=day,
            q50_date=day + dt.timedelta(days=9), chance_90d=n / 200, start_by=day - dt.timedelta(days=20),
        )  # fmt: skip
    return limit


def _deployment(n: int) -> Deployment:
    finished = START + dt.timedelta(hours=n)
    full: dict[str, Any] = {
        "committed_at": finished - dt.timedelta(hours=5), "recovered_at": finished + dt.timedelta(minutes=n + 1),
        "note": f"Rolled out in {n} steps", "reported_by": f"pipeline-{n % 3}", "is_unplanned": True,
        "started_at": finished - dt.timedelta(minutes=n), "url": f"https://ci.example.com/runs/{n}",
    }  # fmt: skip
    return Deployment.objects.create(
        subject=_entity(n).reference, version=f"2.{n:03}.0", key=f"ci-{n}", finished_at=finished,
        result="failed" if n % 3 == 0 else "succeeded", environment="production" if n % 2 else "staging",
        **(full if n % 2 else {}),
    )  # fmt: skip


def give_health(entity: Entity, n: int) -> None:
    """A health for an odd-numbered entity, so that the columns that health adds to services have something to tell."""
    if n % 2:
        HealthState.objects.get_or_create(
            entity=entity,
            defaults={
                "status": list(EntityHealth)[n % 5], "reason": f"Question {n} is down",
                "since": timezone.now() - dt.timedelta(hours=n),
            },
        )  # fmt: skip


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    Check: lambda collection, n: _check(n),
    MaintenanceWindow: lambda collection, n: _window(n),
    Slo: lambda collection, n: _slo(n),
    SloAlert: lambda collection, n: _alert(n),
    Metric: lambda collection, n: _metric(n),
    PrometheusServer: lambda collection, n: _server(n),
    Limit: lambda collection, n: _limit(n),
    Deployment: lambda collection, n: _deployment(n),
}
