"""Setting up who sends alerts. The token of an address and the secret of a signature are written by acts of their own,
shown to administrators alone, and never part of a form, file, API or history."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents.models import AlertSource, SourceKind
from incidents.models.alert import new_secret
from portal.actions import create_record, lock, update_record

LONGEST_SECRET = 200


def create_source(
    *, by: Any, model: type[AlertSource] = AlertSource, values: Mapping[str, Any], kind: str = ""
) -> AlertSource:
    """Make a source with an address of its own. Raises ValidationError for a second source of the portal's own SLOs."""
    _refuse_second(values.get("kind"))
    return create_record(by=by, model=model, values=values)


@transaction.atomic
def update_source(
    *, by: Any, record: AlertSource, values: Mapping[str, Any], version: int | None = None
) -> AlertSource:
    """Change a source. Raises ValidationError where it would become, or no longer be, that of the portal's own SLOs."""
    kind = values.get("kind", record.kind)
    if kind != record.kind and SourceKind.PORTAL in (kind, record.kind):
        raise ValidationError({"kind": "The portal's own SLOs have a source of their own. Make a new one for others."})
    return update_record(by=by, record=record, values=values, version=version)


def _refuse_second(kind: Any) -> None:
    if kind == SourceKind.PORTAL and AlertSource.objects.filter(kind=kind).exists():
        raise ValidationError({"kind": "The portal's own SLOs have a source already. Switch that one on."})


@transaction.atomic
def renew_token(*, by: Any, record: AlertSource) -> AlertSource:
    """Give a source another address; what comes to the former one is turned away from now on."""
    source = lock(record, None, {})
    source.token, source.token_made_at = new_secret(), timezone.now()
    source.save(update_fields=["token", "token_made_at"])
    return source


@transaction.atomic
def set_secret(*, by: Any, record: AlertSource, secret: str) -> AlertSource:
    """Set the secret with which PagerDuty signs; an empty one asks for no signature. Raises ValidationError for one
    that cannot be kept."""
    if len(secret) > LONGEST_SECRET or "\x00" in secret:
        raise ValidationError({"secret": f"A secret has at most {LONGEST_SECRET} letters."})
    source = lock(record, None, {})
    source.secret = secret
    source.save(update_fields=["secret"])
    return source
