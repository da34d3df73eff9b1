"""Heads of the pages of health: how it is, what it is about, who answers for it, and its first figure. And the health
of an entity, in the head of its page."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.collections import collection_of, reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, lead, pill
from portal.moments import moment_html
from portal.named_values import without_secrets
from portal.references.models import Reference
from services.heads import HIDDEN
from services.health import subjects
from services.health.collections import CHECKS, DEPLOYMENTS, METRICS
from services.health.dora import is_failed, outcome_of
from services.health.models import (
    Check,
    CheckKind,
    Deployment,
    EntityHealth,
    Limit,
    MaintenanceWindow,
    Metric,
    MetricKind,
    Slo,
    SloKind,
    Urgency,
)
from services.health.moments import counted, duration
from services.health.planned import next_in_words, when_in_words
from services.health.saying import day_in_words, with_unit
from services.health.silence import silent_since
from services.models import Entity

WATCHED = ("component", "api", "resource")
UNWATCHED = "No checks"


@pill(on=Entity)
def health_pill(request: HttpRequest, entity: Entity) -> Pill | None:
    """Its health with the reason; of a healthy one the word is enough."""
    collection = collection_of(entity)
    if entity.kind not in WATCHED or collection is None:
        return None
    url, health = f"{collection.url_of(entity)}health/", getattr(entity, "health", None)
    if health is None:
        return Pill("none", UNWATCHED, url=url)
    is_well = health.status == EntityHealth.HEALTHY
    return Pill(
        health.status,
        health.get_status_display(),
        text="" if is_well else health.reason,
        since=None if is_well else health.since,
        url=url,
    )


SWITCHED_OFF = Pill("none", "Switched off")
UNKNOWN = format_html('<span class="gw-muted">{}</span>', "not known")


def _about(request: HttpRequest, term: str, subject: Reference | None) -> list[Fact]:
    """What a record is about and who owns that, as far as the reader may know."""
    if subject is None:
        return [Fact(term, "The organisation")]
    owner = subjects.owner_of(subject)
    hidden = unknown_to(request.user, [each.pk for each in (subject, owner) if each])
    if owner == subject:
        return [Fact(term, subjects.link(subject, hidden, ""))]
    return [
        Fact(term, _subject_link(subject, hidden)),
        Fact("Owner", subjects.link(owner, hidden, "nobody")),
    ]


def _subject_link(subject: Reference, hidden: dict[int, str]) -> SafeString:
    """The name of an entity as a link, without the picture that people and teams have."""
    if subject.pk in hidden:
        return HIDDEN
    return format_html('<a href="{}">{}</a>', reference_url(subject.canonical, subject.attached), subject.label)


def _state(record: Any) -> Any:
    return getattr(record, "state", None)


@head(on=Check)
def check_head(request: HttpRequest, check: Check) -> Head:
    if check.kind == CheckKind.HEARTBEAT:
        asks = Fact("Awaits", f"a ping every {duration(check.interval_s)}")
    else:
        how = f"{check.get_kind_display()}, every {duration(check.interval_s)}"
        asks = Fact("Asks", without_secrets(check.address), how)
    return Head(title=str(check), reach=[*_about(request, "Service", check.entity.reference), asks])


@pill(on=Check)
def check_pill(request: HttpRequest, check: Check) -> Pill | None:
    state = _state(check)
    if not check.is_active:
        return SWITCHED_OFF
    return Pill(state.status, state.get_status_display(), text=state.reason, since=state.since) if state else None


@head(on=MaintenanceWindow)
def window_head(request: HttpRequest, window: MaintenanceWindow) -> Head:
    when = Fact("When", when_in_words(window), next_in_words(window, timezone.now()))
    return Head(title=str(window), reach=[*_about(request, "Service", window.entity.reference), when])


@head(on=Slo)
def slo_head(request: HttpRequest, slo: Slo) -> Head:
    state = _state(slo)
    subtitle, more = lead(slo.description)
    left = f"{100 * state.remaining:,.1f}\u00a0%" if state and state.remaining is not None else UNKNOWN
    return Head(
        title=str(slo),
        subtitle=subtitle,
        more=more,
        reach=[
            *_about(request, "Service", slo.entity.reference),
            Fact("Promises", f"{slo.target.normalize():f}\u00a0% good", _measured_by(request, slo)),
            Fact("Budget left", left, state.alert_text if state else ""),
        ],
    )


def _measured_by(request: HttpRequest, slo: Slo) -> SafeString:
    """Over which time, by what, and up to when an answer is good."""
    source: Any = slo.metric if slo.kind == SloKind.RATIO else slo.source_check
    subject = source.subject if isinstance(source, Metric) else source.entity.reference
    is_hidden = bool(unknown_to(request.user, [subject.pk if subject else None]))
    link = HIDDEN if is_hidden else _metric_link(source) if isinstance(source, Metric) else _check_link(source)
    limit = f", good up to {slo.threshold_ms:,}\u00a0ms" if slo.kind == SloKind.LATENCY else ""
    return format_html("over {}, measured by {}{}", counted(slo.window_days, "day"), link, limit)


@pill(on=Slo)
def slo_pill(request: HttpRequest, slo: Slo) -> Pill:
    state = _state(slo)
    if not slo.is_active:
        return SWITCHED_OFF
    if state is None or state.remaining is None:
        return Pill("none", "Not measured")
    if state.severity:
        return Pill(state.severity, state.get_severity_display())
    if state.burn is None and (silent := silent_since(slo)):
        return Pill("none", f"Not measured since {_clock_or_day(silent)}")
    is_kept = state.remaining >= 0
    return Pill(EntityHealth.HEALTHY, "Kept") if is_kept else Pill(EntityHealth.DEGRADED, "Overspent")


def _clock_or_day(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else day_in_words(local.date())


@head(on=Limit)
def limit_head(request: HttpRequest, limit: Limit) -> Head:
    subtitle, more = lead(limit.description)
    return Head(
        title=str(limit),
        subtitle=subtitle,
        more=more,
        reach=[
            *_about(request, "Of", limit.metric.subject),
            Fact("Ceiling", with_unit(limit.metric, limit.ceiling), _metric_link(limit.metric)),
            Fact("The work takes", _work_takes(limit), _margin(limit)),
        ],
    )


@pill(on=Limit)
def limit_pill(request: HttpRequest, limit: Limit) -> Pill:
    state = _state(limit)
    if not limit.is_active:
        return SWITCHED_OFF
    if state is None:
        return Pill(Urgency.WAITING, str(Urgency.WAITING.label))
    return Pill(state.urgency, state.get_urgency_display())


def _metric_link(metric: Metric) -> SafeString:
    return format_html('<a href="{}">{}</a>', METRICS.url_of(metric), metric)


def _work_takes(limit: Limit) -> str:
    longest = counted(limit.lead_p90_days, "day")
    return longest if limit.lead_days == limit.lead_p90_days else f"{limit.lead_days:,} to {longest}"


def _check_link(check: Check) -> SafeString:
    return format_html('<a href="{}">{}</a>', CHECKS.url_of(check), check)


def _margin(limit: Limit) -> str:
    return f"and {counted(limit.margin_days, 'day')} of margin" if limit.margin_days else ""


@head(on=Metric)
def metric_head(request: HttpRequest, metric: Metric) -> Head:
    state = _state(metric)
    asked, base = state.value if state else None, metric.baseline
    return Head(
        title=str(metric),
        tags=[f"{name}={value}" for name, value in sorted(metric.labels.items())][:2],
        reach=[
            *_about(request, "Of", metric.subject),
            Fact("Now", _value(metric, asked), _as_of(metric, state.at) if state and state.at else ""),
            Fact("Baseline", _value(metric, base) if base is not None else "none", metric.baseline_note),
        ],
    )


@pill(on=Metric)
def metric_pill(request: HttpRequest, metric: Metric) -> Pill | None:
    state = _state(metric)
    is_worse = state is not None and state.regressed_since is not None
    return Pill(EntityHealth.FAILING, "Worse than its baseline") if is_worse else None


def _as_of(metric: Metric, at: dt.datetime) -> SafeString:
    if metric.kind == MetricKind.FLOW:
        return format_html("in a day; newest value {}", moment_html(at))
    return moment_html(at)


def _value(metric: Metric, value: float | None) -> SafeString | str:
    return UNKNOWN if value is None else with_unit(metric, value)


@head(on=Deployment)
def deployment_head(request: HttpRequest, deployment: Deployment) -> Head:
    tags = [deployment.environment, *(["unplanned"] if deployment.is_unplanned else [])]
    return Head(
        title=str(deployment),
        subtitle=deployment.note,
        tags=tags,
        reach=[
            *_about(request, "Service", deployment.subject),
            Fact("Finished", moment_html(deployment.finished_at), _took(deployment)),
            *_what_became_of_it(deployment),
        ],
    )


def _took(deployment: Deployment) -> str:
    if deployment.started_at is None:
        return ""
    return f"took {duration(int((deployment.finished_at - deployment.started_at).total_seconds()))}"


def _what_became_of_it(deployment: Deployment) -> list[Fact]:
    """What it takes back, and, of one that failed or was taken back, what ended that."""
    before, facts = deployment.rollback_of, []
    if before is not None:
        facts.append(Fact("Takes back", _deployment_link(before)))
    if is_failed(deployment):
        after = deployment.rollbacks.order_by("finished_at", "pk").first()
        note = format_html("taken back by {}", _deployment_link(after)) if after else ""
        ended = moment_html(deployment.recovered_at) if deployment.recovered_at else "not yet"
        facts.append(Fact("Recovered", ended, note))
    return facts or [Fact("Recovered", "nothing to recover")]


def _deployment_link(deployment: Deployment) -> SafeString:
    return format_html('<a href="{}">{}</a>', DEPLOYMENTS.url_of(deployment), deployment.version)


@pill(on=Deployment)
def deployment_pill(request: HttpRequest, deployment: Deployment) -> Pill:
    outcome = outcome_of(deployment)
    return Pill(outcome, str(outcome.label))
