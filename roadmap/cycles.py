"""Changing a cycle."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.actions import lock, update_record
from roadmap.models import Cycle
from services.health.saying import day_in_words


@transaction.atomic
def update_cycle(*, by: Any, record: Cycle, values: Mapping[str, Any], version: int | None = None) -> Cycle:
    """Change it. Raises ValidationError where it is closed and other days are said: its values stand for those days."""
    locked = lock(record, version, values)
    if locked.closed_at is not None:
        _refuse_other_days(locked, values)
    return update_record(by=by, record=locked, values=values)


def _refuse_other_days(cycle: Cycle, values: Mapping[str, Any]) -> None:
    told = "{} is closed, and its values stand for its days. Leave it at {}, or make another cycle."
    held = {name: getattr(cycle, name) for name in ("starts_on", "ends_on")}
    moved = [name for name, day in held.items() if values.get(name, day) != day]
    if moved:
        raise ValidationError({name: told.format(cycle, day_in_words(held[name])) for name in moved})
