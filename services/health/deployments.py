"""``POST /hooks/deployments/``: what was deployed, where, and how it ended.

``{"key": "ci-4711", "service": "checkout-api", "version": "2.14.0", "environment": "production", "result": "succeeded",
"finished_at": "2026-11-21T12:00:00Z"}``. ``started_at``, ``committed_at`` (of the oldest change in it), ``rollback_of``
(the key of the deployment that it takes back), ``automatic``, ``unplanned``, ``url`` and ``note`` may stand beside.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from portal.actions import create_record, delete_record
from portal.api_errors import Unprocessable
from portal.collections import reference_condition
from portal.events import emit
from portal.history.erasing import redact_text
from portal.people import erasing
from portal.references.models import Reference
from services.health.events import DeploymentDeleted, DeploymentRecorded
from services.health.hooks import Hook
from services.health.models import Deployment, DeploymentResult, ReceivedBatch
from services.health.plausible import read_moment
from services.health.voices import speaks_for

_TEXTS = ("version", "environment", "result", "url", "note")
_MOMENTS = ("started_at", "finished_at", "committed_at")
_FLAGS = {"automatic": "is_automatic", "unplanned": "is_unplanned"}
_KNOWN = frozenset({"key", "service", "rollback_of", *_TEXTS, *_MOMENTS, *_FLAGS})


class DeploymentHook(Hook):
    name = "deployments"

    def take(self, request: Request, data: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := data.keys() - _KNOWN:
            raise Unprocessable({min(unknown): [f"is not known. There are: {', '.join(sorted(_KNOWN))}."]})
        service = _service(data.get("service"))
        if not speaks_for(request.user, service):
            raise PermissionDenied(f"This token may not speak for {service}: neither its holder nor its team owns it.")
        # An Idempotency-Key in the header names the request, and may be another for each attempt.
        if not (key := data.get("key")):
            raise Unprocessable(
                {"key": ["A deployment needs a key of its own, such as the number of the pipeline run."]}
            )
        made = report(service=service, key=key, reported_by=str(request.user), values=_values(service, data))
        return {"deployment": made.pk, "service": service.canonical, "version": made.version}


def _service(name: Any) -> Reference:
    if not isinstance(name, str) or not name:
        raise Unprocessable({"service": ["Name the service, such as checkout-api."]})
    found = Reference.objects.filter(reference_condition(name, "", ("component",)), attached=True).first()
    if found is None:
        raise Unprocessable({"service": [f"The catalog knows no service “{name[:80]}”."]})
    return found


def _values(service: Reference, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the record as they were sent; raises Unprocessable naming what cannot be read."""
    problems: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name in _TEXTS:
        if name in data and not isinstance(data[name], str):
            problems[name] = ["Expected a text."]
        elif name in data:
            values[name] = data[name]
    if (result := values.get("result", DeploymentResult.SUCCEEDED)) not in DeploymentResult:
        known = " and ".join(DeploymentResult.values)
        problems["result"] = [f"“{result[:80]}” is no result. There are: {known}."]
    for name in _MOMENTS:
        values[name] = _moment(name, data.get(name), problems)
    for name, field in _FLAGS.items():
        if name in data and not isinstance(data[name], bool):
            problems[name] = ["Expected true or false."]
        elif name in data:
            values[field] = data[name]
    values["rollback_of"] = _earlier(service, data.get("rollback_of"), problems)
    if problems:
        raise Unprocessable(problems)
    return {name: value for name, value in values.items() if value is not None}


def _moment(name: str, text: Any, problems: dict[str, list[str]]) -> dt.datetime | None:
    try:
        return None if text is None else read_moment(text)
    except ValueError as problem:
        problems[name] = [str(problem)]
        return None


def _earlier(service: Reference, key: Any, problems: dict[str, list[str]]) -> Deployment | None:
    if key is None:
        return None
    found = Deployment.objects.filter(subject=service, key=key).first() if isinstance(key, str) else None
    if found is None:
        problems["rollback_of"] = [f"There is no deployment of {service} with the key “{str(key)[:80]}”."]
    return found


@transaction.atomic
def report(*, service: Reference, key: str, values: Mapping[str, Any], reported_by: str = "") -> Deployment:
    """Note one deployment; one of the service with this key that is there already stays as it was reported first.

    A deployment that succeeds restores what failed before it in the same place: its time ends their recovery, in
    whatever order they are reported. Raises ValidationError when a value does not fit.
    """
    # Of two reports of a service at once each sees what the other says.
    Reference.objects.select_for_update(no_key=True).get(pk=service.pk)
    known = Deployment.objects.filter(subject=service, key=key).first()
    if known:
        return known
    said = {"finished_at": timezone.now(), **values, "subject": service, "key": key, "reported_by": reported_by}
    _check(said)
    made = create_record(by=None, model=Deployment, values=said)
    _note_recovery(made)
    emit(DeploymentRecorded(made))
    return made


@erasing.forgets
def forget_reporter(identity: erasing.Identity) -> None:
    """What somebody who left has reported stays, without their name."""
    redact_text(Deployment, "reported_by", identity.names, erasing.TITLE)


def _check(said: Mapping[str, Any]) -> None:
    if said.get("started_at", said["finished_at"]) > said["finished_at"]:
        raise ValidationError({"started_at": "It started after it was finished. One of the two is wrong."})
    if said.get("committed_at", said["finished_at"]) > said["finished_at"]:
        raise ValidationError({"committed_at": "It was committed after it was deployed. One of the two is wrong."})


def _note_recovery(made: Deployment) -> None:
    """Note what a new deployment restores, and what restored it, or what it takes back, later."""
    if made.result == DeploymentResult.SUCCEEDED:
        _restore(made)
    else:
        _await_success(made, made.finished_at)
    # Taken back is as good as failed, whatever it said of itself, and restored by what came after that.
    if made.rollback_of is not None:
        _await_success(made.rollback_of, max(made.finished_at, made.rollback_of.finished_at))


def _restore(made: Deployment) -> None:
    """End the recovery of what was broken before this success, but where an earlier one did."""
    before = _in_place_of(made).filter(finished_at__lte=made.finished_at)
    broken = Q(result=DeploymentResult.FAILED) | Q(rollbacks__finished_at__lte=made.finished_at)
    before.filter(broken, _unrecovered(made.finished_at)).update(recovered_at=made.finished_at)


def _await_success(broken: Deployment, since: dt.datetime) -> None:
    """End the recovery of what was broken at ``since`` with the first success from then on, where there is one yet."""
    successes = _in_place_of(broken).filter(result=DeploymentResult.SUCCEEDED, finished_at__gte=since)
    restored_at = successes.aggregate(first=Min("finished_at"))["first"]
    if restored_at is not None:
        Deployment.objects.filter(_unrecovered(restored_at), pk=broken.pk).update(recovered_at=restored_at)


@transaction.atomic
def delete_deployment(*, by: Any, record: Deployment, version: int | None = None) -> None:
    """Delete what was reported wrongly. What it took back was not taken back, and what it restored is restored by the
    next success, where there is one."""
    Reference.objects.select_for_update(no_key=True).get(pk=record.subject_id)
    place = _in_place_of(record)
    emit(DeploymentDeleted(record))
    touched = list(place.filter(recovered_at=record.finished_at).values_list("pk", flat=True))
    # What stands in its column ``version`` is that of the software: a deployment is never changed, only deleted.
    pk = record.pk
    delete_record(by=by, record=record)
    # Its key is free again, and no repeat is answered with what is gone.
    ReceivedBatch.objects.filter(hook=DeploymentHook.name, answer__deployment=pk).delete()
    again = Deployment.objects.filter(Q(pk__in=touched) | Q(pk=record.rollback_of_id))
    again.update(recovered_at=None)
    for each in again.annotate(taken_back_at=Min("rollbacks__finished_at")):
        if each.result == DeploymentResult.FAILED:
            _await_success(each, each.finished_at)
        elif each.taken_back_at is not None:
            _await_success(each, max(each.taken_back_at, each.finished_at))


def _unrecovered(at: dt.datetime) -> Q:
    return Q(recovered_at=None) | Q(recovered_at__gt=at)


def _in_place_of(one: Deployment) -> QuerySet[Deployment]:
    """The other deployments of the service in the same environment."""
    return Deployment.objects.filter(subject=one.subject, environment=one.environment).exclude(pk=one.pk)


deployment_hook = DeploymentHook.as_view()
