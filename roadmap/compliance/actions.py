"""Writing frameworks and evidence."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.actions import create_record, lock, update_record
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.access import plans
from roadmap.compliance.defaults import write_controls
from roadmap.days import refuse_ahead
from roadmap.models import Control, Evidence, Framework, Fulfilment, Initiative
from services.models import Entity

PROVEN = frozenset({Fulfilment.MET, Fulfilment.PARTLY})


@transaction.atomic
def make_framework(
    *, by: Any, values: Mapping[str, Any], model: type[Framework] = Framework, kind: str = ""
) -> Framework:
    """Make a framework of one's own, which has no controls yet."""
    return create_record(by=by, model=model, values=values)


@transaction.atomic
def edit_framework(*, by: Any, record: Framework, values: Mapping[str, Any], version: int | None = None) -> Framework:
    """Change a framework. One that the portal knows gets its controls when it is switched on."""
    if "slug" in values and values["slug"] != record.slug:
        told = f"Stays {record.slug}: addresses and files name it."
        raise ValidationError({"slug": told})
    saved = update_record(by=by, record=record, values=values, version=version)
    if saved.is_active:
        write_controls(saved)
    return saved


@transaction.atomic
def make_evidence(*, by: Any, values: Mapping[str, Any], model: type[Evidence] = Evidence, kind: str = "") -> Evidence:
    """Record evidence. Without an owner it is of the team that owns the service; what shows that a control is met was
    looked at today, unless another day is said, and holds as long as its control says.

    Raises ValidationError where a value does not fit, or it, or its service, would be of a team that ``by`` is not
    in."""
    found = dict(values)
    if found.get("owner") is None:
        found["owner"] = _team_of(found.get("service"))
    _check_owner(by, found["owner"])
    _check_service(by, found.get("service"))
    return create_record(by=by, model=model, values={**found, **_dates(found, None)})


@transaction.atomic
def edit_evidence(*, by: Any, record: Evidence, values: Mapping[str, Any], version: int | None = None) -> Evidence:
    """Change evidence; a new day of review moves the next one along, unless that is said too.

    Raises ValidationError where it, or its service, would come to be of a team that ``by`` is not in."""
    locked = lock(record, version, values)
    if values.get("owner", locked.owner) != locked.owner:
        _check_owner(by, values["owner"])
    if values.get("service", locked.service) != locked.service:
        _check_service(by, values["service"])
    return update_record(by=by, record=record, values={**values, **_dates(values, locked)}, version=version)


@transaction.atomic
def review(*, by: Any, evidence: Evidence, version: int | None = None, text: str = "") -> Evidence:
    """Say that somebody looked at it today and it holds. ``text`` replaces what shows it, where something is said.

    Raises ValidationError where there is nothing that could hold."""
    locked = lock(evidence, version, {})
    if locked.fulfilment not in PROVEN:
        raise ValidationError("There is nothing to review: say first that it is met, and what shows it.")
    values: dict[str, Any] = {"reviewed_on": organisation_today()}
    if text:
        values["text"] = text
    return edit_evidence(by=by, record=locked, values=values)


@transaction.atomic
def close_by(*, by: Any, evidence: Evidence, initiative: Initiative | None, version: int | None = None) -> Evidence:
    """Name the initiative that closes the gap, or none. Everybody reads evidence, so it names public ones alone."""
    if initiative is not None and initiative.is_private:
        raise ValidationError({"initiative": PUBLIC_ALONE.format(initiative.name)})
    return update_record(by=by, record=evidence, values={"initiative": initiative}, version=version)


# The same for one that is private and one that there is not: neither is told from the other.
PUBLIC_ALONE = "There is no public initiative “{}”. Everybody reads evidence, so it names public ones alone."


def _check_owner(by: Any, owner: Any) -> None:
    if by is None or plans(by, None):
        return
    if owner is None or owner.pk not in by.team_ids:
        raise ValidationError({"owner": "Name a team that you are in. Product managers record evidence for others."})


def _check_service(by: Any, service: Entity | None) -> None:
    """Naming a team of one's own says nothing of the service of another."""
    if by is None or plans(by, None):
        return
    team = _team_of(service)
    if team is not None and team.pk not in by.team_ids:
        told = f"{service} is of {team}, which you are not in. Its team records evidence for it, or a product manager."
        raise ValidationError({"service": told})


def _team_of(service: Entity | None) -> Reference | None:
    """The team that owns it, where one does."""
    owner: Reference | None = service.owner if service is not None else None
    return owner if owner is not None and owner.kind == "group" else None


def _dates(values: Mapping[str, Any], before: Evidence | None) -> dict[str, Any]:
    """The days of review that follow from what is said. Raises ValidationError for a review that is still to come."""

    def said(name: str) -> Any:
        return values[name] if name in values else getattr(before, name, None)

    refuse_ahead(reviewed_on=values.get("reviewed_on"))
    if said("fulfilment") not in PROVEN:
        return {}
    reviewed = said("reviewed_on") or organisation_today()
    is_same = before is not None and before.reviewed_on == reviewed
    is_moved = "review_by" in values and values["review_by"] not in (None, getattr(before, "review_by", None))
    if is_moved or (is_same and said("review_by")):
        return {"reviewed_on": reviewed}
    return {"reviewed_on": reviewed, "review_by": _next_review(said("control"), reviewed)}


def _next_review(control: Control | None, reviewed: dt.date) -> dt.date | None:
    return reviewed + dt.timedelta(days=control.review_days) if control else None
