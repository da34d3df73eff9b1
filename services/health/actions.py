"""Writes to checks and maintenance windows. Page, API, import and demo call these."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal.actions import Record, create_record, delete_record, lock, update_record
from portal.references.models import Reference
from services.health import service_health
from services.health.baselines import note_regressions
from services.health.heartbeats import waiting_reason
from services.health.models import (
    Check,
    CheckChange,
    CheckKind,
    CheckState,
    CheckStatus,
    Limit,
    MaintenanceWindow,
    Metric,
)
from services.health.models.check import new_token
from services.health.voices import speaks_for
from services.models import Entity


@transaction.atomic
def create_check(*, by: Any, model: type[Check] = Check, values: Mapping[str, Any], kind: str = "") -> Check:
    """Ask something new of an entity that the writer may edit; the first question is due at once.

    Raises ValidationError for values that do not go together (services.health.targets), or another's entity.
    """
    _check_entity(by, values["entity"])
    check = create_record(by=by, model=model, values=values)
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
    check.token = new_token()
    check.save(update_fields=["token"])
    return check


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


# SLOs, metrics and limits


def create_of_entity(*, by: Any, model: type[Record], values: Mapping[str, Any], kind: str = "") -> Record:
    """Make a record of an entity that the writer may edit."""
    _check_entity(by, values["entity"])
    return create_record(by=by, model=model, values=values)


def update_of_entity(*, by: Any, record: Any, values: Mapping[str, Any], version: int | None = None) -> Any:
    """Change a record of an entity; it moves only to one that the writer may edit as well."""
    if values.get("entity") not in (None, record.entity):
        _check_entity(by, values["entity"])
    return update_record(by=by, record=record, values=values, version=version)


def create_metric(*, by: Any, model: type[Metric] = Metric, values: Mapping[str, Any], kind: str = "") -> Metric:
    """Describe a metric of something that the writer speaks for."""
    _check_subject(by, values.get("subject"))
    return create_record(by=by, model=model, values=values)


def update_metric(*, by: Any, record: Metric, values: Mapping[str, Any], version: int | None = None) -> Metric:
    """Change a metric; its newest value is compared with the baseline anew."""
    if values.get("subject") not in (None, record.subject):
        _check_subject(by, values["subject"])
    metric = update_record(by=by, record=record, values=values, version=version)
    note_regressions([metric.pk])
    return metric


def create_limit(*, by: Any, model: type[Limit] = Limit, values: Mapping[str, Any], kind: str = "") -> Limit:
    """Watch a metric that the writer speaks for."""
    _check_subject(by, values["metric"].subject, "metric")
    return create_record(by=by, model=model, values=values)


def update_limit(*, by: Any, record: Limit, values: Mapping[str, Any], version: int | None = None) -> Limit:
    if values.get("metric") not in (None, record.metric):
        _check_subject(by, values["metric"].subject, "metric")
    return update_record(by=by, record=record, values=values, version=version)


def _check_subject(by: Any, subject: Reference | None, field: str = "subject") -> None:
    if by is not None and not speaks_for(by, subject):
        what = subject or "the organisation"
        raise ValidationError({field: f"You do not speak for {what}. Choose what is your team's, or ask its owner."})
