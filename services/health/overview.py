"""Health at a glance: what burns now, what runs out next, what is silent, and how many there are of each state.

The number of queries depends on nothing (a test counts them), so that it is as quick with 5,000 services.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, F, QuerySet, When, Window
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.collections import reference_url, unknown_to
from portal.frame import FRESH_KEY
from portal.htmx import wants_partial
from portal.live import unless_known
from portal.query import parse
from portal.status import LATE_AFTER_S
from services.collections import ENTITIES, SERVICES
from services.health import silence, subjects
from services.health.capacity import BY_LAST_START
from services.health.collections import CHECKS, LIMITS, METRICS, SLOS
from services.health.figures import check_lag
from services.health.heads import UNWATCHED
from services.health.models import Check, EntityHealth, HealthState, Limit, Severity, SloState, Urgency
from services.health.moments import days_in_words, span_in_words
from services.health.scope import Scope, scope_of
from services.models import Entity

# Rows of each part; behind them stands how many more there are, and where.
MOST_BURNING, MOST_LIMITS, MOST_SILENT = 15, 8, 5
BEHIND_FROM_S = 60
BURNS = (EntityHealth.FAILING, EntityHealth.DEGRADED)
_ALL = "All of them"
RUNS_OUT = (Urgency.TOO_LATE, Urgency.START_NOW, Urgency.PLAN)
_BY_URGENCY = Case(*(When(state__urgency=each, then=place) for place, each in enumerate(RUNS_OUT)))


@require_safe
def overview(request: HttpRequest) -> HttpResponseBase:
    """The page, or the part of it that follows what happens."""
    scope = scope_of(request)
    page = overview_context(scope)
    if wants_partial(request):
        return unless_known(request, render(request, "health/overview.html#live", {"page": page}))
    crumbs = [{"label": "Health", "url": ""}, {"label": "Overview", "url": request.path}]
    context = {"page": page, "crumbs": crumbs, "address": request.get_full_path()}
    response: HttpResponse = render(request, "health/overview.html", context)
    response["Vary"] = "HX-Request"
    return response


def overview_context(scope: Scope) -> dict[str, Any]:
    """Everything the page says of a scope; ten queries."""
    counts = _counts(scope)
    burning = _burning(scope, sum(each.number for each in counts if each.value in BURNS))
    return {
        "scope": scope,
        "counts": counts,
        "burning": burning,
        "limits": _limits(scope),
        "silent": _silent(scope),
        "behind": behind_in_words(),
        "summary": _summary(counts, burning),
        "is_empty": not burning.total and not any(each.number for each in counts if each.value != "none"),
        "new_url": f"{CHECKS.url}-/new/" if CHECKS.may(scope.reader, "add") else "",
    }


@dataclass(frozen=True)
class Part:
    """Rows of the page, how many there are of them in all, and the lists that have them: address and what it says."""

    rows: list[Any] = field(default_factory=list)
    total: int = 0
    links: Sequence[tuple[str, str]] = ()

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def _first(rows: QuerySet[Any], most: int) -> tuple[list[Any], int]:
    """The first rows and how many there are, in one query."""
    shown = list(rows.annotate(total=Window(Count("pk")))[:most])
    return shown, shown[0].total if shown else 0


# How many of each state


@dataclass(frozen=True)
class StateCount:
    """How many entities are in a state, and the list of them."""

    value: str
    label: str
    number: int
    url: str


def _counts(scope: Scope) -> list[StateCount]:
    """The states from the worst, then what nobody asks; each with the list that shows the same ones."""
    found = dict(
        scope.narrowed(HealthState.objects.all()).values_list("status").annotate(number=Count("pk")).order_by()
    )
    order = (*BURNS, EntityHealth.UNKNOWN, EntityHealth.MAINTENANCE, EntityHealth.HEALTHY)
    counts = [
        StateCount(each, str(each.label), found.get(each, 0), scope.list_url(ENTITIES.url, health=each))
        for each in order
    ]
    unwatched = {"health.set": "false"}
    services = parse(SERVICES, scope.reader, scope.params(**unwatched)).matching().order_by()
    number = 0 if scope.is_nobody else services.count()
    return [*counts, StateCount("none", UNWATCHED, number, scope.list_url(SERVICES.url, **unwatched))]


def _summary(counts: list[StateCount], burning: Part) -> str:
    """The page in a sentence, which is also what is said aloud when it changes."""
    number = {each.value: each.number for each in counts}
    failing, degraded = number[EntityHealth.FAILING], number[EntityHealth.DEGRADED]
    if not sum(each.number for each in counts if each.value != "none"):
        return "Nothing is watched yet."
    if not burning.total:
        return "Nothing burns."
    said = [f"{failing:,} failing"] if failing else []
    said += [f"{degraded:,} degraded"] if degraded else []
    return f"{' and '.join(said) or 'Error budgets burn'}."


# Burning now


@dataclass(frozen=True)
class Burning:
    """Something that is unwell: why, since when, whose, and the SLOs whose budgets it burns."""

    entity: Entity
    url: str
    status: str
    label: str
    reason: str
    since: dt.datetime | None
    owner: str
    alerts: list[tuple[str, SloState]]
    severity: str

    @property
    def rank(self) -> tuple[Any, ...]:
        """The worst first: failing, then what pages, then by tier; of equals what began last."""
        severities = [Severity.PAGE, Severity.TICKET, ""]
        tier = self.entity.tier if self.entity.tier is not None else 9
        since = -self.since.timestamp() if self.since else 0.0
        return (self.status != EntityHealth.FAILING, severities.index(self.severity), tier, since, self.entity.name)


def _burning(scope: Scope, unwell_number: int) -> Part:
    """Services that fail or are degraded, of which there are so many, and those whose error budget burns."""
    unwell = scope.narrowed(HealthState.objects.filter(status__in=BURNS))
    # As many as are shown, of each state: the tier decides among equals.
    order = (F("entity__tier").asc(nulls_last=True), F("since").desc(nulls_last=True), "entity__name")
    states = list(
        unwell.select_related("entity__reference", "entity__owner")
        .only("status", "reason", "since", *subjects.named_entity("entity"))
        .order_by("-status", *order)[: 2 * MOST_BURNING]
    )
    alerts = _alerts(scope)
    entities = {each.entity_id: each.entity for each in states}
    for entity_id, those in alerts.items():
        entities.setdefault(entity_id, those[0].slo.entity)
    hidden = unknown_to(scope.reader, [entity.owner_id for entity in entities.values()])
    rows = [_burns(entity, alerts.get(entity.pk, []), hidden) for entity in entities.values()]
    only_alerting = _alerting(scope).exclude(slo__entity__health__status__in=BURNS)
    by_budget = only_alerting.values("slo__entity").distinct().count()
    unwell_url = f"{ENTITIES.url}?{scope.pairs(health=EntityHealth.FAILING)}&health={EntityHealth.DEGRADED}"
    alerts_url = f"{SLOS.url}?{scope.pairs(**{'severity.set': 'true'})}"
    links = [(unwell_number, unwell_url, _ALL), (by_budget, alerts_url, "All SLOs that burn")]
    return Part(
        sorted(rows, key=lambda row: row.rank)[:MOST_BURNING],
        unwell_number + by_budget,
        [(url, words) for number, url, words in links if number],
    )


def _alerting(scope: Scope) -> QuerySet[SloState]:
    """The SLOs of the scope whose budgets burn too fast."""
    return scope.narrowed(SloState.objects.filter(slo__is_active=True).exclude(severity=""), "slo__entity__")


def _alerts(scope: Scope) -> dict[int, list[SloState]]:
    """The SLOs that alert, by entity, those that page first."""
    found: dict[int, list[SloState]] = defaultdict(list)
    rows = (
        _alerting(scope)
        .select_related("slo__entity__reference", "slo__entity__owner", "slo__entity__health")
        .only(
            "severity", "alert_text", "since", "slo__name", "slo__title", "slo__entity__health__status",
            "slo__entity__health__reason", "slo__entity__health__since", *subjects.named_entity("slo__entity"),
        )
    )  # fmt: skip
    for each in rows.order_by("severity", "slo__name")[: 4 * MOST_BURNING]:
        found[each.slo.entity_id].append(each)
    return found


def _burns(entity: Entity, alerts: list[SloState], hidden: dict[int, str]) -> Burning:
    """What has a budget that burns and no check is told by its budget alone."""
    state = getattr(entity, "health", None)
    health = state if state and state.status in BURNS else None
    status = EntityHealth(health.status if health else EntityHealth.DEGRADED)
    told = {each.alert_text for each in alerts}
    began = [each.since for each in alerts if each.since]
    return Burning(
        entity=entity,
        url=reference_url(entity.reference.canonical),
        status=status,
        label=str(status.label),
        reason=health.reason if health and health.reason not in told else "",
        since=health.since if health else min(began, default=None),
        owner=subjects.link(entity.owner, hidden, "nobody owns it"),
        alerts=[(SLOS.url_of(each.slo), each) for each in alerts],
        severity=alerts[0].severity if alerts else "",
    )


# Runs out next


def _limits(scope: Scope) -> Part:
    """Limits for which it is too late, time to start, or time to plan, in this order; each by the last day to
    begin."""
    near = scope.about(Limit.objects.filter(is_active=True, state__urgency__in=RUNS_OUT), "metric__subject")
    rows = near.select_related("state", *subjects.WITH_OWNER).only(
        "name", "metric", "state__urgency", "state__q10_date", "state__q50_date", "state__start_by",
        "metric__subject", *subjects.named_subject("metric__subject"),
    )  # fmt: skip
    shown, total = _first(rows.order_by(_BY_URGENCY, *BY_LAST_START), MOST_LIMITS)
    hidden = unknown_to(scope.reader, [owner.pk for each in shown if (owner := subjects.owner_of(each.metric.subject))])
    return Part([_runs_out(each, hidden) for each in shown], total)


def _runs_out(limit: Limit, hidden: dict[int, str]) -> dict[str, Any]:
    owner = subjects.owner_of(limit.metric.subject)
    return {
        "limit": limit,
        "state": limit.state,
        "url": LIMITS.url_of(limit),
        "left": days_in_words(limit.state.q10_date),
        "owner": subjects.link(owner, hidden, "nobody owns it"),
    }


# Silent


def _silent(scope: Scope) -> list[tuple[str, Part]]:
    """Kinds of silence, each with its first rows, how many there are, and their list; those of which there are any."""
    beats = silence.silent_checks(scope, heartbeats=True)
    asked = silence.silent_checks(scope, heartbeats=False)
    late = {"status": "late", "is_active": "true"}
    beats_url = f"{CHECKS.url}?{scope.pairs(kind='heartbeat', **late)}"
    asked_url = f"{CHECKS.url}?{scope.pairs(kind='http', **late)}&kind=tcp&status=unknown"
    kinds = [
        ("Jobs that did not report", _checks_part(beats, beats_url)),
        ("Checks without an answer", _checks_part(asked, asked_url)),
        ("Metrics without samples", _metrics_part(scope)),
    ]
    return [(title, part) for title, part in kinds if part.total]


def _checks_part(found: QuerySet[Check], url: str) -> Part:
    shown, total = _first(found, MOST_SILENT)
    return Part([_silent_check(each) for each in shown], total, [(url, _ALL)])


def _silent_check(check: Check) -> dict[str, Any]:
    return {
        "name": f"{check.entity}: {check}",
        "url": CHECKS.url_of(check),
        "why": check.state.reason,
        "since": check.state.since,
        "value": check.state.status,
        "label": check.state.get_status_display(),
    }


def _metrics_part(scope: Scope) -> Part:
    found = silence.silent_metrics(scope)
    rows = [
        {
            "name": f"{each.metric.subject or 'The organisation'}: {each.metric}",
            "url": METRICS.url_of(each.metric),
            "why": _usually(each.pause),
            "since": each.at,
            "value": "late",
            "label": "Silent",
        }
        for each in found[:MOST_SILENT]
    ]
    # No filter says what is silent: each by its own pause. The list has them among the oldest of all.
    return Part(rows, len(found), [(f"{METRICS.url}?sort=at", "Metrics, the oldest first")])


def _usually(pause: dt.timedelta | None) -> str:
    if pause is None:
        return "no sample ever came"
    return f"usually a sample every {span_in_words(pause).removeprefix('1 ')}"


# The portal itself


def behind_in_words() -> str:
    """What the portal itself is behind with, or nothing."""
    seen = cache.get(FRESH_KEY)
    if seen is None:
        return "No background worker has answered yet, so nothing is asked and what stands here is as old as it says."
    age = (timezone.now() - seen).total_seconds()
    if age > LATE_AFTER_S:
        since = span_in_words(dt.timedelta(seconds=age))
        return f"No background worker has answered for {since}. What stands here is as old as that."
    figures = {each.name: each.value for each in check_lag() if not each.labels}
    overdue = figures["check_overdue_seconds"]
    if overdue < BEHIND_FROM_S:
        return ""
    waits = span_in_words(dt.timedelta(seconds=overdue))
    due = int(figures["checks_due"])
    are_due = f"{due:,} question{'s are' if due != 1 else ' is'} due"
    return f"{are_due}, the oldest for {waits}. What stands here may be as old."
