"""Declaring an incident: one field is enough, and everything else can follow."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents import timeline
from incidents.events import IncidentDeclared
from incidents.letting_in import has_anybody
from incidents.models import (
    Access,
    Category,
    EventKind,
    Impact,
    Incident,
    IncidentKind,
    Series,
    Status,
)
from portal.actions import insert_record, new_record
from portal.events import emit
from portal.references.models import Reference
from services.models import Entity

PUBLIC, PRIVATE = "INC", "PRIV"
# What is said when it is declared, and changes by acts of its own afterwards, or never.
SAID_ONCE = ("services", "let_in", "is_private")
# Kinds that tell of something that is over.
OVER_WHEN_TOLD = frozenset({IncidentKind.NEAR_MISS, IncidentKind.RETROSPECTIVE})


@transaction.atomic
def declare(
    *,
    by: Any,
    values: Mapping[str, Any],
    services: Iterable[Reference] = (),
    let_in: Iterable[Reference] = (),
    is_private: bool = False,
    model: type[Incident] = Incident,
    kind: str = "incident",
) -> Incident:
    """Make an incident from its title and whatever else is known.

    Without an owner it is the owner of the first service that has one. A private one is seen by who declares it and by
    those who are ``let_in``. What is over when it is told begins as resolved. Raises ValidationError when a value does
    not fit, for a private one without anybody, and for people let into what everybody sees.
    """
    services, let_in = list(dict.fromkeys(services)), set(let_in)
    person = getattr(by, "person", None)
    let_in |= {person.reference} if person and is_private else set()
    _refuse_unless_seen(is_private, let_in)
    first = Category.RESOLVED if values.get("kind") in OVER_WHEN_TOLD else Category.ACTIVE
    known = {"status": first_status(first), "owner": owner_of(services), **values}
    incident = new_record(
        model=model, kind=kind,
        values={**known, "is_private": is_private, "name": next_number(PRIVATE if is_private else PUBLIC),
                "declared_by": _user(by)},
    )  # fmt: skip
    insert_record(incident)
    Access.objects.bulk_create(Access(incident=incident, who=each) for each in sorted(let_in, key=_by_id))
    Impact.objects.bulk_create(Impact(incident=incident, subject=each) for each in services)
    timeline.noted(incident, by=by, kind=EventKind.STATUS, text=f"Declared as {incident.status}.")
    emit(IncidentDeclared(incident, by))
    return incident


def declare_told(*, by: Any, values: Mapping[str, Any], model: type[Incident] = Incident, kind: str) -> Incident:
    """Make an incident from one set of values, as form and API send them: what is said only once is among them."""
    fields = {name: value for name, value in values.items() if name not in SAID_ONCE}
    once: dict[str, Any] = {name: values[name] for name in SAID_ONCE if name in values}
    return declare(by=by, values=fields, model=model, kind=kind, **once)


def _refuse_unless_seen(is_private: bool, let_in: set[Reference]) -> None:
    if is_private and not has_anybody(let_in):
        raise ValidationError("Nobody could see this incident. Say who is let in.")
    if let_in and not is_private:
        told = "Everybody sees an incident that is not private. Make it private, or leave out who is let in."
        raise ValidationError({"let_in": told})


def first_status(category: str) -> Status:
    """The status that stands first in a category. Raises ValidationError where all are switched off."""
    found = Status.objects.filter(category=category, is_active=True).order_by("place", "pk").first()
    if found is None:
        raise ValidationError(f"There is no status of the category {Category(category).label}. Switch one on.")
    return found


def next_number(prefix: str) -> str:
    """The next number of the series; its row is held until the incident is written."""
    Series.objects.get_or_create(prefix=prefix)
    series = Series.objects.select_for_update().get(prefix=prefix)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return str(series)


def owner_of(services: list[Reference]) -> Reference | None:
    """The team that owns the first of these services that a team owns."""
    owners = dict(Entity.objects.filter(reference__in=services, owner__kind="group").values_list("reference", "owner"))
    owner = next((owners[each.pk] for each in services if each.pk in owners), None)
    return Reference.objects.get(pk=owner) if owner else None


def _user(by: Any) -> Any:
    return by if getattr(by, "is_authenticated", False) and hasattr(by, "person_id") else None


def _by_id(reference: Reference) -> int:
    return reference.pk
