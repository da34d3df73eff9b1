"""Writing non-negotiables and freezes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from portal.actions import create_record, lock, update_record
from portal.references.models import Reference
from portal.search import index
from portal.tenure import organisation_today
from roadmap.access import refuse_unplanned
from roadmap.constraints.keeping import refresh
from roadmap.constraints.telling import tell_decided, tell_lifted
from roadmap.models import Bound, Freeze, FreezeScope
from services.health.saying import day_in_words

SHORTEST_REASON = 10
# What a freeze can halt; nothing is the whole company.
SCOPES = ("group", "component", "system", "resource", "api", "domain")
# What is not negotiable. Its team keeps name, why and metric true.
HOLDS = ("value", "side", "statistic", "window_days", "owner", "is_active")
NOT_NEGOTIABLE = "Product managers say the “{field}” of a non-negotiable. Leave it as it was, or ask one of them."


@transaction.atomic
def create_bound(*, by: Any, model: type[Bound] = Bound, values: Mapping[str, Any], kind: str = "") -> Bound:
    """Say what holds whatever is planned; whether it is kept is read at once."""
    made = create_record(by=by, model=model, values=values)
    refresh([made.pk])
    return made


@transaction.atomic
def update_bound(*, by: Any, record: Bound, values: Mapping[str, Any], version: int | None = None) -> Bound:
    """Change it. Raises ValidationError where somebody who does not plan changes what is not negotiable."""
    locked = lock(record, version, values)
    refuse_unplanned(by, locked, values, HOLDS, NOT_NEGOTIABLE)
    saved = update_record(by=by, record=locked, values=values)
    refresh([saved.pk])
    return saved


@transaction.atomic
def create_freeze(*, by: Any, model: type[Freeze] = Freeze, values: Mapping[str, Any], kind: str = "") -> Freeze:
    """Decide that feature work halts, for the teams, services and systems in ``scope``; for the company without any."""
    fields = {name: value for name, value in values.items() if name not in {"scope", "halts"}}
    if fields.get("decided_by") is None and (person := getattr(by, "person", None)):
        fields["decided_by"] = person.reference
    made = create_record(by=by, model=model, values=fields)
    _write_scope(made, values.get("scope") or ())
    tell_decided(made, by=by)
    return made


@transaction.atomic
def update_freeze(*, by: Any, record: Freeze, values: Mapping[str, Any], version: int | None = None) -> Freeze:
    _refuse_lifted(lock(record, version, values))
    return update_record(by=by, record=record, values=values, version=version)


@transaction.atomic
def set_scope(*, by: Any, freeze: Freeze, scope: Iterable[Reference], version: int | None = None) -> Freeze:
    """Say anew what a freeze halts. Nothing is the whole company."""
    locked = lock(freeze, version, {"scope": scope})
    _refuse_lifted(locked)
    if _write_scope(locked, scope):
        # The scope is in rows of its own, which the database does not count as a change of the freeze.
        Freeze.objects.filter(pk=locked.pk).update(version=F("version") + 1, updated_at=Now())
        locked.refresh_from_db()
    tell_decided(locked, by=by)
    return locked


def _write_scope(freeze: Freeze, scope: Iterable[Reference]) -> bool:
    """Whether it is another scope than it was."""
    wanted = {each.pk: each for each in scope}
    held = set(freeze.scope.values_list("what", flat=True))
    freeze.scope.exclude(what__in=wanted).delete()
    FreezeScope.objects.bulk_create(FreezeScope(freeze=freeze, what_id=pk) for pk in sorted(set(wanted) - held))
    index.refresh(Freeze, [freeze.pk])
    return held != set(wanted)


@transaction.atomic
def lift(*, by: Any, freeze: Freeze, reason: str, version: int | None = None) -> Freeze:
    """End a freeze, and say what is true now. It stays as a record of the decision."""
    locked = lock(freeze, version, {"reason": reason})
    _refuse_lifted(locked)
    if len(reason.strip()) < SHORTEST_REASON:
        told = f"Say what is true now that was not before, in {SHORTEST_REASON} letters or more."
        raise ValidationError({"reason": told})
    values = {"lifted_on": organisation_today(), "lifted_reason": reason.strip()}
    lifted = update_record(by=by, record=locked, values=values)
    tell_lifted(lifted, by=by)
    return lifted


def _refuse_lifted(freeze: Freeze) -> None:
    if freeze.lifted_on is not None:
        told = f"“{freeze}” was lifted on {day_in_words(freeze.lifted_on)}, and stays as it was. Decide on another one."
        raise ValidationError(told)
