"""SLOs of the demo company, and the alerts that their budgets gave in the past."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
from django.db import connection

from portal.search import index
from services.catalog import bulk
from services.demo.health import cast
from services.demo.health.checks import slug_of
from services.demo.health.past import Past, past_of
from services.health import budget, slo_evaluation
from services.health.budget import Rule
from services.health.models import Check, CheckKind, Metric, Outcome, Slo, SloAlert, SloKind
from services.health.slo_alerts import alert_text
from services.health.slots import EPOCH

WINDOW_DAYS = 28
# How often the past is judged for alerts.
STEP_S = 300
Series = npt.NDArray[np.float64]


def make_slos(checks: Sequence[Check], metrics: dict[str, Metric]) -> list[Slo]:
    """Write what is promised: availability of what matters, speed where people wait, ratios of what is counted."""
    by_key = {(check.entity.name, check.name): check for check in checks}
    slos = [slo for check in checks for slo in _availability(check)]
    slos += [_latency(by_key[service, "Health"], share) for service, share in cast.FAST_ENOUGH.items()]
    slos += [
        Slo(
            entity=by_key[service, check].entity, name=name, title=title, kind=SloKind.RATIO, metric=metrics[name],
            target=Decimal(target), window_days=WINDOW_DAYS,
        )
        for name, (service, check, title, target) in cast.RATIO_SLOS.items()
    ]  # fmt: skip
    bulk.insert(Slo, slos)
    index.refresh(Slo, [slo.pk for slo in slos])
    return slos


def _availability(check: Check) -> Iterator[Slo]:
    entity = check.entity
    target = _target(check)
    if target is None:
        return
    name, title = "availability", f"{entity} is available"
    if check.kind == CheckKind.HEARTBEAT:
        name, title = slug_of(check.name), f"{check.name} runs on time"
    yield Slo(
        entity=entity, name=f"{entity.name}-{name}", title=title, source_check=check,
        target=Decimal(target), window_days=WINDOW_DAYS,
    )  # fmt: skip


def _target(check: Check) -> str | None:
    """Percent that is promised of a check, if anything is."""
    name, tier = check.entity.name, check.entity.tier
    if (name, check.name) in cast.PROMISED_JOBS:
        return cast.PROMISED_JOBS[name, check.name]
    if check.kind != CheckKind.HTTP or check.name == "Deep health":
        return None
    if name in cast.NAGGED:
        return "99"
    if name in (*cast.LEAKING, *cast.HARD_DAYS):
        return "99.5"
    if name in cast.BROKEN:
        return "95"
    return {0: "99.9", 1: "99.5"}.get(-1 if tier is None else tier)


def _latency(check: Check, share: float) -> Slo:
    """That 95 % are answered within ``share`` of the time from which the check calls an answer slow."""
    threshold = int((check.max_latency_ms or 0) * share // 10 * 10)
    return Slo(
        entity=check.entity, name=f"{check.entity.name}-latency", title=f"{check.entity} answers in {threshold} ms",
        kind=SloKind.LATENCY, source_check=check, threshold_ms=threshold, target=Decimal(95), window_days=WINDOW_DAYS,
    )  # fmt: skip


# Alerts of the past


def make_alerts(slos: Sequence[Slo], begin: dt.datetime, now: dt.datetime) -> list[SloAlert]:
    """Write the alerts that the rules would have given since ``begin``; those that still hold are left open."""
    alerts = [alert for slo in slos if slo.source_check for alert in _alerts_of(slo, slo.source_check, begin, now)]
    SloAlert.objects.bulk_create(alerts)
    return alerts


_DATE_STATES = """
    UPDATE health_slostate state SET since = begun.at
      FROM (SELECT slo_id, severity, min(started_at) AS at
              FROM health_sloalert WHERE ended_at IS NULL GROUP BY 1, 2) begun
     WHERE begun.slo_id = state.slo_id AND begun.severity = state.severity
"""
_DATE_HEALTH = """
    UPDATE health_healthstate health SET since = state.since
      FROM health_slostate state JOIN health_slo slo ON slo.id = state.slo_id
     WHERE slo.entity_id = health.entity_id AND state.severity <> ''
       AND starts_with(health.reason, state.alert_text)
"""


def date_burning() -> None:
    """Let what burns have burned since its alert began, and not since somebody evaluated it for the first time."""
    with connection.cursor() as cursor:
        cursor.execute(_DATE_STATES, [])
        cursor.execute(_DATE_HEALTH, [])


def _alerts_of(slo: Slo, check: Check, begin: dt.datetime, now: dt.datetime) -> Iterator[SloAlert]:
    if slo.kind != SloKind.AVAILABILITY or check.kind == CheckKind.HEARTBEAT:
        return
    target = float(slo.target) / 100
    past = past_of(check, begin, now)
    good, bad = _running(past, begin, now)
    for rule in budget.rules(target, slo.window_days):
        for first, last in _spans(_fires(rule, good, bad, target)):
            yield _alert(slo, rule, good, bad, begin, first, last)


def _running(past: Past, begin: dt.datetime, now: dt.datetime) -> tuple[Series, Series]:
    """Good and bad answers since the beginning, at every step."""
    steps = int((now - begin).total_seconds() // STEP_S) + 1
    at = (past.slots - (begin - EPOCH) // dt.timedelta(microseconds=1)) // (STEP_S * 1_000_000)
    live = ~past.maintenance
    is_bad = past.outcome == Outcome.DOWN
    good = np.bincount(at[live & ~is_bad], minlength=steps).cumsum()
    return good.astype(float), np.bincount(at[live & is_bad], minlength=steps).cumsum().astype(float)


def _fires(rule: Rule, good: Series, bad: Series, target: float) -> npt.NDArray[np.bool_]:
    """Whether the rule holds at each step (services.health.budget.fires)."""
    long_bad, long_total = _window(bad, rule.long_minutes), _window(good + bad, rule.long_minutes)
    short_bad, short_total = _window(bad, rule.short_minutes), _window(good + bad, rule.short_minutes)
    least = rule.factor * (1 - target)
    burns = (long_bad >= least * long_total) & (short_bad >= least * short_total) & (short_total > 0)
    return np.asarray(burns & (long_bad >= budget.FEWEST_BAD))


def _window(running: Series, minutes: int) -> Series:
    """What was counted in so many minutes up to each step."""
    steps = max(minutes * 60 // STEP_S, 1)
    return running - np.concatenate([np.zeros(min(steps, running.size)), running[:-steps]])


def _spans(fires: npt.NDArray[np.bool_]) -> list[tuple[int, int | None]]:
    """First and last step of each time in which the rule held; None where it still does. A pause of less than an hour
    between two is none."""
    places = np.flatnonzero(fires)
    if not places.size:
        return []
    parts = np.split(places, np.flatnonzero(np.diff(places) > 3600 // STEP_S) + 1)
    return [(int(part[0]), None if part[-1] == fires.size - 1 else int(part[-1]) + 1) for part in parts]


def _alert(
    slo: Slo, rule: Rule, good: Series, bad: Series, begin: dt.datetime, first: int, last: int | None
) -> SloAlert:
    minutes = slo.window_days * 1440
    whole = budget.Events(*(float(_window(each, minutes)[first]) for each in (good, good + bad)))
    long = budget.Events(*(float(_window(each, rule.long_minutes)[first]) for each in (good, good + bad)))
    started_at = begin + dt.timedelta(seconds=(first + 1) * STEP_S)
    target = float(slo.target) / 100
    burn = budget.burn_rate(long, target) or 0.0
    state = slo_evaluation.state_of(slo, lambda _slo, asked: whole if asked == minutes else long, started_at)
    return SloAlert(
        slo=slo, severity=rule.severity, text=alert_text(slo, rule, burn, state.remaining, state.empty_at),
        long_minutes=rule.long_minutes, factor=rule.factor, burn=burn, started_at=started_at,
        ended_at=None if last is None else begin + dt.timedelta(seconds=(last + 1) * STEP_S),
    )  # fmt: skip
