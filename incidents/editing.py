"""Editing what stands in the form of an incident, whose status, roles and times change by acts of their own; and the
words that incidents are told with."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.lifecycle import change_severity
from incidents.models import Incident, IncidentRole, Severity, Status
from portal.actions import update_record

Word = TypeVar("Word", Severity, Status, IncidentRole)


@transaction.atomic
def update_incident(*, by: Any, record: Incident, values: Mapping[str, Any], version: int | None = None) -> Incident:
    """Change an incident. A severity that is changed stands in the timeline, whichever way it was changed."""
    rest = {name: value for name, value in values.items() if name != "severity"}
    changed = update_record(by=by, record=record, values=rest, version=version)
    # Who does not speak of the severity leaves it as it is now, not as it was when they loaded the record.
    return change_severity(by=by, incident=changed, severity=values["severity"]) if "severity" in values else changed


def update_word(*, by: Any, record: Word, values: Mapping[str, Any], version: int | None = None) -> Word:
    """Change a severity, a status or a role; what it is called may change, its slug may not."""
    if values.get("slug", record.slug) != record.slug:
        told = f"“{record.slug}” stays as it is: addresses and files name it. Change the name instead."
        raise ValidationError({"slug": told})
    return update_record(by=by, record=record, values=values, version=version)


@transaction.atomic
def update_status(*, by: Any, record: Status, values: Mapping[str, Any], version: int | None = None) -> Status:
    """Change a status. Its category stays, because all incidents that have it would move at once; and each category
    keeps a status that may be chosen: without one nothing could be declared, or resolved, any more."""
    # All are held, so that of two people who switch off the last two one is refused.
    held = {each.pk: each for each in Status.objects.select_for_update().order_by("pk")}
    now = held.get(record.pk, record)
    label = now.get_category_display()
    if values.get("category", now.category) != now.category:
        told = f"“{now}” stays {label}: its incidents would all move. Make another status, and switch this one off."
        raise ValidationError({"category": told})
    others = any(each.is_active and each.category == now.category for each in held.values() if each.pk != now.pk)
    if now.is_active and not values.get("is_active", True) and not others:
        told = f"“{now}” is the only status that leads to {label}. Switch another one on first."
        raise ValidationError({"is_active": told})
    return update_word(by=by, record=record, values=values, version=version)
