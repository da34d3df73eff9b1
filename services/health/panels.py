"""Panels of health: on the page of what is watched, and on those of checks, SLOs, limits and metrics."""

import datetime as dt
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from portal.collections import collection_of
from portal.facts import fact_rows
from portal.panels import Context, panel
from services.health import baselines, budget, samples
from services.health.collections import CHECKS, SLOS
from services.health.models import (
    Check,
    CheckKind,
    CheckResult,
    Forecast,
    HealthState,
    Limit,
    MaintenanceWindow,
    Metric,
    Outcome,
    Slo,
    SloAlert,
)
from services.models import Entity

LATEST = 20
ALERTS = 10
DAYS = 30
_LOOKS = {Outcome.UP: "ok", Outcome.DEGRADED: "warn", Outcome.DOWN: "bad", Outcome.LATE: "idle"}


@panel(
    on=Entity, slot="main", order=10, title="Health", template="health/_entity.html", lazy=True,
    kinds=("component", "api", "resource"),
)  # fmt: skip
def entity_health(request: HttpRequest, entity: Entity) -> Context:
    """Its status with the reason, its checks and its SLOs. It loads by itself, so that the page does not wait."""
    checks = list(Check.objects.filter(entity=entity).select_related("state").order_by("name"))
    slos = list(Slo.objects.filter(entity=entity).select_related("state").order_by("name"))
    may = request.user.has_perm("services.change_entity", entity)
    return {
        "health": HealthState.objects.filter(entity=entity).first(),
        "checks": [(CHECKS.url_of(each), each, getattr(each, "state", None)) for each in checks],
        "slos": [(SLOS.url_of(each), each, getattr(each, "state", None)) for each in slos],
        "add_url": f"{CHECKS.url}-/new/" if may else "",
        "fact": f"{len(checks)} check{'s' if len(checks) != 1 else ''}" if checks else "",
    }


@panel(on=Check, slot="main", order=10, title="Latest answers", template="health/_answers.html")
def answers(request: HttpRequest, check: Check) -> Context:
    """What was asked last and what came; whoever may edit the check may ask now, and sees where a heartbeat pings."""
    may = request.user.has_perm("health.change_check", check)
    is_heartbeat = check.kind == CheckKind.HEARTBEAT
    found = CheckResult.objects.filter(of_id=check.pk).order_by("-due_at")[:LATEST]
    ping = request.build_absolute_uri(reverse("heartbeat", args=[check.token])) if may and is_heartbeat else ""
    return {
        "answers": [(_LOOKS[Outcome(each.outcome)], Outcome(each.outcome).label, each) for each in found],
        "run_url": reverse("check-run", args=[check.pk]) if may and check.is_active and not is_heartbeat else "",
        "ping_url": ping,
        "fact": f"of two days, the last {LATEST} here",
    }


@panel(on=Slo, slot="main", order=10, title="Error budget", template="health/_budget.html")
def error_budget(request: HttpRequest, slo: Slo) -> Context:
    """Every figure with the formula it comes from, and the rules by which it alerts."""
    target, state = float(slo.target) / 100, getattr(slo, "state", None)
    return {
        "state": state,
        "figures": _figures(slo, state, target) if state else [],
        "rules": [
            (rule, f"{rule.factor:.4g}", _span(rule.long_minutes), _span(rule.short_minutes))
            for rule in _rules(slo, target)
        ],
        "unreachable": [_span(rule.long_minutes) for rule in budget.unreachable(target, slo.window_days)],
        "alerts": SloAlert.objects.filter(slo=slo).order_by("-started_at")[:ALERTS],
        "fact": f"rolling window of {slo.window_days} days",
    }


def _rules(slo: Slo, target: float) -> tuple[budget.Rule, ...]:
    return budget.rules(target, slo.window_days)


def _figures(slo: Slo, state: Any, target: float) -> list[tuple[str, str, str]]:
    """Name, value and formula of what is known of the budget."""
    minutes = budget.allowed_minutes(target, slo.window_days)
    left = f" of {minutes:,.1f} minutes of outage" if slo.metric_id is None else ""
    return [
        ("Attained", _percent(state.attainment, 3), budget.FORMULAS["attainment"]),
        ("Budget left", f"{_percent(state.remaining, 1)}{left}", budget.FORMULAS["remaining"]),
        (
            "Burn rate of the last hour",
            "not measured" if state.burn is None else f"{state.burn:,.2f}",
            budget.FORMULAS["burn"],
        ),
        ("Measured", _percent(state.measured, 1), budget.FORMULAS["measured"]),
        ("Events", f"{state.good:,} good of {state.total:,}", "answers or samples within the window"),
    ]


def _percent(share: float | None, digits: int) -> str:
    return "not measured" if share is None else f"{100 * share:,.{digits}f}\u00a0%"


def _span(minutes: int) -> str:
    if minutes >= 1440:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


@panel(on=Limit, slot="main", order=10, title="Forecast", template="health/_forecast.html")
def forecast(request: HttpRequest, limit: Limit) -> Context:
    """The newest forecast: dates, chances, and what was foretold before."""
    made = list(Forecast.objects.filter(of=limit).order_by("-made_on")[:ALERTS])
    newest = made[0] if made else None
    chances = sorted((int(days), share) for days, share in newest.chances.items()) if newest else []
    return {
        "newest": newest,
        "chances": [(days, f"{share:.0%}") for days, share in chances],
        "earlier": made[1:],
        "fact": f"made on {newest.made_on:%d %b %Y} from {newest.points} days" if newest else "",
    }


@panel(on=Metric, slot="main", order=10, title="By day", template="health/_days.html")
def by_day(request: HttpRequest, metric: Metric) -> Context:
    today = samples.organisation_day()
    found = samples.daily([metric.pk], today - dt.timedelta(days=DAYS - 1), today)[metric.pk]
    state = getattr(metric, "state", None)
    return {
        "days": found[::-1],
        "unit": metric.unit,
        "compared": baselines.change_in_words(metric, state.value) if state and state.value is not None else "",
        "fact": f"the last {DAYS} days",
    }


def _facts(model: type[Model]) -> None:
    """The columns of a record of ``model`` in the rail."""

    @panel(on=model, slot="rail", order=10, title="Facts", template="portal/_facts.html")
    def facts(request: HttpRequest, record: Model) -> Context | None:
        collection = collection_of(record)
        return {"rows": fact_rows(request, collection, record)} if collection else None


for _model in (Check, Slo, Limit, Metric, MaintenanceWindow):
    _facts(_model)
