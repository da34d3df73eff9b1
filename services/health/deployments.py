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
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from portal.api_errors import Unprocessable
from portal.collections import reference_condition
from portal.references.models import Reference
from services.health.hooks import Hook
from services.health.models import Deployment, DeploymentResult
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
            raise PermissionDenied(f"This token may not speak for {service}: its team does not own it.")
        key = request.headers.get("Idempotency-Key") or data.get("key")
        if not key:
            raise Unprocessable(
                {"key": ["A deployment needs a key of its own, such as the number of the pipeline run."]}
            )
        made = report(service=service, key=str(key), reported_by=str(request.user), values=_values(service, data))
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
    if text is None:
        return None
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        problems[name] = [f"“{str(text)[:40]}” is no moment with a zone, such as 2026-11-21T12:00:00Z."]
    return moment


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

    A deployment that succeeds restores what failed before it in the same place: its time ends their recovery. Raises
    ValidationError when a value does not fit.
    """
    known = Deployment.objects.filter(subject=service, key=key).first()
    if known:
        return known
    made = Deployment(subject=service, key=key, reported_by=reported_by, **{"finished_at": timezone.now(), **values})
    _check(made)
    made.full_clean()
    made.save(force_insert=True)
    _note_recovery(made)
    return made


def _check(made: Deployment) -> None:
    if made.started_at and made.started_at > made.finished_at:
        raise ValidationError({"started_at": "It started after it was finished. One of the two is wrong."})
    if made.committed_at and made.committed_at > made.finished_at:
        raise ValidationError({"committed_at": "It was committed after it was deployed. One of the two is wrong."})


def _note_recovery(made: Deployment) -> None:
    if made.result != DeploymentResult.SUCCEEDED:
        return
    before = Deployment.objects.filter(
        subject=made.subject, environment=made.environment, finished_at__lte=made.finished_at, recovered_at=None
    ).exclude(pk=made.pk)
    # Taken back is as good as failed, whatever it said of itself.
    broken = Q(result=DeploymentResult.FAILED) | Q(pk=made.rollback_of_id)
    before.filter(broken).update(recovered_at=made.finished_at)


deployment_hook = DeploymentHook.as_view()
