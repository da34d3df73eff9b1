"""Evaluating SLOs: their events from checks and metrics, their state, and the alerts of budgets that burn too fast."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from services.health import buckets, budget, samples, service_health
from services.health.budget import Events
from services.health.counts import Counts, counts, first_answers
from services.health.models import MetricDay, Sample, Slo, SloKind, SloState
from services.health.slo_alerts import note_alerts
from services.health.slo_windows import Windows

log = structlog.get_logger(__name__)
BATCH = 500
# What a state has room for; what burns is reckoned from all of them.
MOST_EVENTS = 2**63 - 1


def evaluate(now: dt.datetime | None = None) -> int:
    """Bring the state and the alerts of every active SLO up to date; return how many were judged."""
    now = now or timezone.now()
    ids = list(Slo.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
    return sum(_evaluate(ids[start : start + BATCH], now) for start in range(0, len(ids), BATCH))


def _evaluate(ids: Sequence[int], now: dt.datetime) -> int:
    """Judge these SLOs; where one of them cannot be, the others are, by halves. Return how many were."""
    try:
        return _evaluate_batch(ids, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("An SLO could not be judged.", slo=ids[0])
            return 0
        half = len(ids) // 2
        return _evaluate(ids[:half], now) + _evaluate(ids[half:], now)


@transaction.atomic
def _evaluate_batch(ids: Sequence[int], now: dt.datetime) -> int:
    slos = _hold(ids)
    windows = read_windows(slos, now)
    states = [state_of(slo, windows, now) for slo in slos]
    note_alerts(list(zip(slos, states, strict=True)), windows, now)
    SloState.objects.bulk_create(
        states,
        update_conflicts=True,
        unique_fields=["slo"],
        update_fields=[field.name for field in SloState._meta.concrete_fields if not field.primary_key],
    )
    judged = zip(slos, states, strict=True)
    others = {slo.entity_id for slo, state in judged if _said(state) != _said(getattr(slo, "state", None))}
    service_health.refresh(others)
    return len(slos)


def _hold(ids: Sequence[int]) -> list[Slo]:
    """Those of these SLOs that are still active, which nobody changes until the transaction ends. One that somebody is
    changing right now is left to the next run, so that neither waits for the other."""
    held = Slo.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).filter(pk__in=ids, is_active=True)
    return list(held.select_related("entity__owner", "entity__reference", "state").order_by("pk"))


def _said(state: SloState | None) -> tuple[str, str]:
    """What the health of an entity hears of an SLO."""
    return (state.severity, state.alert_text) if state else ("", "")


def read_windows(slos: Sequence[Slo], now: dt.datetime) -> Windows:
    """Events of each SLO in the windows it is judged by: read once for all SLOs that need a window of that length."""
    asked: dict[int, list[Slo]] = defaultdict(list)
    for slo in slos:
        for minutes in {slo.window_days * 1440, *_rule_windows(slo)}:
            asked[minutes].append(slo)
    found = {minutes: events(some, now - dt.timedelta(minutes=minutes), now) for minutes, some in asked.items()}
    return Windows(now, found, measured_since(slos))


def measured_since(slos: Iterable[Slo]) -> dict[int, dt.datetime]:
    """SLO → when it began to be measured, of those that are judged by a check; one query. A sample of a metric tells of
    the time before it, so that nobody knows when the first one began."""
    check_of = {slo.pk: slo.source_check_id for slo in slos if slo.kind != SloKind.RATIO and slo.source_check_id}
    first = first_answers(set(check_of.values())) if check_of else {}
    return {slo: first[check] for slo, check in check_of.items() if check in first}


def _rule_windows(slo: Slo) -> set[int]:
    rules = budget.rules(float(slo.target) / 100, slo.window_days)
    # The last hour is what a page shows as "now", whatever rules there are.
    return {60} | {minutes for rule in rules for minutes in (rule.long_minutes, rule.short_minutes)}


def state_of(slo: Slo, windows: Callable[[Slo, int], Events], now: dt.datetime) -> SloState:
    """The figures of an SLO as they stand at ``now``; each comes from services.health.budget."""
    target, whole, hour = float(slo.target) / 100, windows(slo, slo.window_days * 1440), windows(slo, 60)
    left, burn = budget.remaining(whole, target), budget.burn_rate(hour, target)
    # By its id: given the SLO itself, Django would put this state in the place of the one that the SLO has so far.
    return SloState(
        slo_id=slo.pk,
        attainment=budget.attainment(whole),
        remaining=left,
        burn=burn,
        measured=budget.measured(whole),
        good=min(round(whole.good), MOST_EVENTS),
        total=min(round(whole.total), MOST_EVENTS),
        empty_at=budget.empty_at(now, left, burn, slo.window_days),
        evaluated_at=now,
    )


def events(slos: Iterable[Slo], start: dt.datetime, end: dt.datetime) -> dict[int, Events]:
    """SLO → its events from ``start`` up to ``end``; a constant number of queries however many SLOs there are."""
    slos = list(slos)
    found = _events_of_metrics([slo for slo in slos if slo.kind == SloKind.RATIO], start, end)
    for latency in (False, True):
        some = [slo for slo in slos if slo.kind != SloKind.RATIO and (slo.kind == SloKind.LATENCY) is latency]
        if some:
            check_of = {slo.pk: slo.source_check_id or 0 for slo in some}
            of_checks = counts(check_of.values(), start, end, latency=latency)
            found |= {slo.pk: events_of(slo, of_checks[check_of[slo.pk]]) for slo in some}
    return found


def events_of(slo: Slo, counted: Counts) -> Events:
    """Answers of a check as events of an SLO: good when up, or, for latency, when up and fast enough."""
    if slo.kind == SloKind.LATENCY and slo.threshold_ms is not None:
        fast = buckets.count_up_to(counted.latency, slo.threshold_ms)
        return Events(min(fast, counted.good), counted.total, counted.late)
    return Events(counted.good, counted.total, counted.late)


def _events_of_metrics(slos: Sequence[Slo], start: dt.datetime, end: dt.datetime) -> dict[int, Events]:
    """Good and total of ratio metrics; from days, the first one whole, where samples are gone."""
    if not slos:
        return {}
    metric_of = {slo.pk: slo.metric_id or 0 for slo in slos}
    oldest = samples.kept_from()
    first, last = (moment.astimezone(samples.organisation_zone()).date() for moment in (start, oldest))
    found: dict[int, Events] = defaultdict(lambda: Events(0, 0))
    sums = {"good_events": Sum("good"), "all_events": Sum("total")}
    kept = Sample.objects.filter(metric_id__in=metric_of.values(), at__gte=max(start, oldest), at__lt=end)
    days = MetricDay.objects.filter(metric_id__in=metric_of.values(), day__gte=first, day__lt=last)
    for rows in (kept, days if start < oldest else days.none()):
        for metric_id, good, total in rows.values(of=F("metric_id")).annotate(**sums).values_list("of", *sums):
            found[metric_id] += Events(good or 0, total or 0)
    return {slo: found[metric] for slo, metric in metric_of.items()}
