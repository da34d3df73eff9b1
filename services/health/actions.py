"""Writes to checks, maintenance windows, badges, SLOs, metrics and limits. Page, API, import and demo call these."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal.actions import create_record, delete_record, lock, update_record
from portal.named_values import MASK, is_secret, restored
from portal.references.models import Reference
from services.health import limits, querying, service_health, slo_alerts
from services.health.baselines import note_regressions
from services.health.heartbeats import waiting_reason
from services.health.models import (
    Badge,
    Check,
    CheckChange,
    CheckKind,
    CheckState,
    CheckStatus,
    Limit,
    LimitState,
    MaintenanceWindow,
    Metric,
    MetricKind,
    MetricState,
    Origin,
    Slo,
)
from services.health.models.check import new_token
from services.health.samples import keep_amounts, organisation_zone
from services.health.saying import day_in_words, moment_in_words
from services.health.targets import origin_of
from services.health.voices import speaks_for
from services.models import Entity


@transaction.atomic
def create_check(*, by: Any, model: type[Check] = Check, values: Mapping[str, Any], kind: str = "") -> Check:
    """Ask something new of an entity that the writer may edit; the first question is due at once.

    Raises ValidationError for values that do not go together (services.health.targets), or another's entity.
    """
    _check_entity(by, values["entity"])
    headers = restored(values.get("headers") or {}, {}, "headers")
    check = create_record(by=by, model=model, values={**values, "headers": headers})
    _follow(check)
    return check


@transaction.atomic
def update_check(*, by: Any, record: Check, values: Mapping[str, Any], version: int | None = None) -> Check:
    """Change a check. One that asks something else, or is switched off, forgets what it knew of the answers; one that
    asks at another pace begins anew with it.

    Raises Conflict when it is no longer at ``version``.
    """
    before = lock(record, version, values)
    if values.get("entity") not in (None, before.entity):
        _check_entity(by, values["entity"])
    values = with_kept_headers(before, values)
    entity_id, question, interval_s = before.entity_id, _question(before), before.interval_s
    check = update_record(by=by, record=record, values=values)
    if not check.is_active:
        _forget(check, "switched off")
    elif _question(check) != question:
        _forget(check, "it asks something else now")
    elif check.interval_s != interval_s:
        CheckState.objects.filter(of=check).update(due_at=_first_due(check), lease=None, leased_until=None)
    _follow(check)
    if check.entity_id != entity_id:
        service_health.refresh([entity_id])
    return check


@transaction.atomic
def delete_check(*, by: Any, record: Check, version: int | None = None) -> None:
    """Delete a check, its changes and its state; its results go when their days do."""
    entity_id = record.entity_id
    delete_record(by=by, record=record, version=version)
    service_health.refresh([entity_id])


@transaction.atomic
def renew_token(*, by: Any, record: Check) -> Check:
    """Give a heartbeat another address; pings to the former one are turned away from now on."""
    check = lock(record, None, {})
    check.token, check.token_made_at = new_token(), timezone.now()
    check.save(update_fields=["token", "token_made_at"])
    return check


def with_kept_headers(check: Check, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the headers that are kept in the place of masks. A key that was meant for one server is not sent
    to another one: where the address leads elsewhere it is typed anew.

    Raises ValidationError for a mask that stands for nothing, or that would be sent elsewhere.
    """
    address = values.get("address", check.address)
    headers = values.get("headers", check.headers)
    if not isinstance(headers, Mapping):
        return dict(values)
    if origin_of(address) != origin_of(check.address) and (hidden := _hidden(headers, check.headers)):
        raise ValidationError(
            {"headers": f"The address leads to another server now. Type the value of {hidden} again, or take it out."}
        )
    return {**values, "headers": restored(headers, check.headers, "headers")} if "headers" in values else dict(values)


def _hidden(headers: Mapping[str, str], kept: Mapping[str, str]) -> str:
    """A header whose secret value is the one that is kept."""
    same = (name for name, value in headers.items() if value in (MASK, kept.get(name)))
    return next((name for name in same if is_secret(name, kept.get(name, ""))), "")


def _question(check: Check) -> tuple[str, ...]:
    """What makes it another question, to which the former answers do not belong."""
    return check.kind, check.address, check.method


def _forget(check: Check, reason: str) -> None:
    """Drop the state, and say in the timeline that nothing is known from here on."""
    state = CheckState.objects.select_for_update().filter(of=check).first()
    if state is None:
        return
    if state.status != CheckStatus.UNKNOWN:
        CheckChange.objects.create(
            of=check, at=timezone.now(), before=state.status, after=CheckStatus.UNKNOWN, reason=reason
        )
    state.delete()


def _follow(check: Check) -> None:
    """An active check has a state, due at once where it is new; another has none."""
    if check.is_active:
        is_heartbeat = check.kind == CheckKind.HEARTBEAT
        reason = waiting_reason(check) if is_heartbeat else "waiting for its first answer"
        CheckState.objects.get_or_create(of=check, defaults={"due_at": _first_due(check), "reason": reason})
    service_health.refresh([check.entity_id])


def _first_due(check: Check) -> dt.datetime:
    """A question at once; a ping after one period."""
    wait = check.interval_s if check.kind == CheckKind.HEARTBEAT else 0
    return timezone.now() + dt.timedelta(seconds=wait)


def _check_entity(by: Any, entity: Entity) -> None:
    if by is not None and not by.has_perm("services.change_entity", entity):
        raise ValidationError({"entity": f"{entity} belongs to another team. Choose something that is yours to edit."})


# Maintenance windows


def create_window(
    *, by: Any, model: type[MaintenanceWindow] = MaintenanceWindow, values: Mapping[str, Any], kind: str = ""
) -> MaintenanceWindow:
    """Say when no answer is expected of an entity that the writer may edit."""
    _check_entity(by, values["entity"])
    return create_record(by=by, model=model, values=values)


def update_window(
    *, by: Any, record: MaintenanceWindow, values: Mapping[str, Any], version: int | None = None
) -> MaintenanceWindow:
    """Change a window. Answers that have come keep the word they were given."""
    if values.get("entity") not in (None, record.entity):
        _check_entity(by, values["entity"])
    return update_record(by=by, record=record, values=values, version=version)


def delete_window(*, by: Any, record: MaintenanceWindow, version: int | None = None) -> None:
    delete_record(by=by, record=record, version=version)


# Badges


def make_badge(*, by: Any, entity: Entity) -> Badge:
    """Give an entity a badge; the address of one that it had before ends."""
    badge, _ = Badge.objects.update_or_create(entity=entity, defaults={"token": new_token(), "made_at": timezone.now()})
    return badge


def withdraw_badge(*, by: Any, entity: Entity) -> None:
    """Take the badge of an entity back: its address ends, and nobody sees the health from outside any more."""
    Badge.objects.filter(entity=entity).delete()


# SLOs, metrics and limits


def create_slo(*, by: Any, model: type[Slo] = Slo, values: Mapping[str, Any], kind: str = "") -> Slo:
    """Promise something of an entity that the writer may edit."""
    _check_entity(by, values["entity"])
    return create_record(by=by, model=model, values=values)


@transaction.atomic
def update_slo(*, by: Any, record: Slo, values: Mapping[str, Any], version: int | None = None) -> Slo:
    """Change an SLO; it moves only to an entity that the writer may edit as well. One that is switched off alerts no
    more, and no longer speaks for its entity."""
    entity_id = record.entity_id
    if values.get("entity") not in (None, record.entity):
        _check_entity(by, values["entity"])
    slo = update_record(by=by, record=record, values=values, version=version)
    if not slo.is_active:
        slo_alerts.end(slo)
    service_health.refresh({entity_id, slo.entity_id})
    return slo


@transaction.atomic
def delete_slo(*, by: Any, record: Slo, version: int | None = None) -> None:
    """Delete an SLO with its state and its alerts; its entity is judged without it."""
    entity_id = record.entity_id
    slo_alerts.end(record)
    delete_record(by=by, record=record, version=version)
    service_health.refresh([entity_id])


@transaction.atomic
def create_metric(*, by: Any, model: type[Metric] = Metric, values: Mapping[str, Any], kind: str = "") -> Metric:
    """Describe a metric of something that the writer speaks for."""
    _check_subject(by, values.get("subject"))
    metric = create_record(by=by, model=model, values=_with_origin(values))
    if metric.origin == Origin.PROMETHEUS:
        querying.follow(metric)
    return metric


# What people may say of a metric that a provider computes.
_OF_DERIVED = {"title", "higher_is_better", "baseline", "baseline_note", "tolerance"}
_ASKED = ("server", "query", "total_query", "labels", "every_s", "kind", "origin")


@transaction.atomic
def update_metric(*, by: Any, record: Metric, values: Mapping[str, Any], version: int | None = None) -> Metric:
    """Change a metric; its newest value is compared with the baseline anew, and what Prometheus is asked for is asked
    at once when it changed. Of a derived one only what people say of it may change."""
    # Without a subject it is the organisation's, which not everybody speaks for.
    if "subject" in values and values["subject"] != record.subject:
        _check_subject(by, values["subject"])
    before = lock(record, version, values)
    asked = [getattr(before, name) for name in _ASKED]
    if before.origin == Origin.DERIVED:
        _refuse_derived(before, values)
    metric = update_record(by=by, record=record, values=_with_origin(values, before))
    if Origin.PROMETHEUS in (before.origin, metric.origin) and asked != [getattr(metric, name) for name in _ASKED]:
        querying.follow(metric)
    if metric.kind == MetricKind.FLOW:
        keep_amounts([metric.pk])
    note_regressions([metric.pk])
    return metric


def set_baseline(*, by: Any, record: Metric) -> Metric:
    """Take the current value as what later ones are compared with. Raises ValidationError where there is none."""
    state = MetricState.objects.filter(metric=record).exclude(value=None).first()
    if state is None or state.at is None:
        raise ValidationError({"baseline": f"{record} has no value yet, so there is none to take."})
    at = state.at.astimezone(organisation_zone())
    is_amount = record.kind == MetricKind.FLOW
    note = f"The sum of a day, as of {day_in_words(at)}." if is_amount else f"The value of {moment_in_words(at)}."
    return update_metric(by=by, record=record, values={"baseline": state.value, "baseline_note": note})


def _with_origin(values: Mapping[str, Any], before: Metric | None = None) -> dict[str, Any]:
    """The values with where they make the metric come from: a Prometheus that is named, or whoever pushes."""
    if "server" not in values or (before is not None and before.origin == Origin.DERIVED):
        return dict(values)
    pushed = before.origin if before is not None and before.origin != Origin.PROMETHEUS else Origin.PUSHED
    return {**values, "origin": Origin.PROMETHEUS if values["server"] else pushed}


def _refuse_derived(metric: Metric, values: Mapping[str, Any]) -> None:
    changed = [name for name, value in values.items() if name not in _OF_DERIVED and getattr(metric, name) != value]
    if changed:
        text = f"{metric} is computed by the portal ({metric.provider}). Only its name for display, its direction and "
        raise ValidationError({changed[0]: f"{text}its baseline can be changed."})


@transaction.atomic
def create_limit(*, by: Any, model: type[Limit] = Limit, values: Mapping[str, Any], kind: str = "") -> Limit:
    """Watch a metric that the writer speaks for. Whether there is time is calculated as soon as a worker has some."""
    _check_subject(by, values["metric"].subject, "metric")
    limit: Limit = create_record(by=by, model=model, values=values)
    LimitState.objects.create(limit=limit)
    limits.forecast_soon(limit)
    return limit


@transaction.atomic
def update_limit(*, by: Any, record: Limit, values: Mapping[str, Any], version: int | None = None) -> Limit:
    """Change a limit; one that is switched off asks for no work any more."""
    if values.get("metric") not in (None, record.metric):
        _check_subject(by, values["metric"].subject, "metric")
    limit = update_record(by=by, record=record, values=values, version=version)
    if not limit.is_active:
        limits.no_longer_asked(limit, "The limit was switched off.")
    limits.forecast_soon(limit)
    return limit


@transaction.atomic
def delete_limit(*, by: Any, record: Limit, version: int | None = None) -> None:
    """Delete a limit with its forecasts; what it proposed is withdrawn."""
    # First the limit and then its proposals: whoever forecasts holds them in that order.
    delete_record(by=by, record=record, version=version)
    limits.no_longer_asked(record, "The limit was deleted.")


def _check_subject(by: Any, subject: Reference | None, field: str = "subject") -> None:
    if by is not None and not speaks_for(by, subject):
        what = subject or "the organisation"
        told = f"You do not speak for {what}. Choose what is yours or your team's, or ask its owner."
        raise ValidationError({field: told})
