"""Making an initiative: its number, and who is let into a private one."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.declaring import next_number
from portal.actions import insert_record, lock, new_record, update_record
from portal.people.models import ServiceAccount, User
from portal.references.models import Reference
from roadmap.models import Initiative, InitiativeAccess, InitiativeState, granted_to

PUBLIC, PRIVATE = "RM", "RMP"
# What is said when it is made, and never changes afterwards, or by acts of its own.
SAID_ONCE = ("is_private", "let_in")


@transaction.atomic
def make(
    *,
    by: Any,
    values: Mapping[str, Any],
    is_private: bool = False,
    let_in: Iterable[Reference] = (),
    model: type[Initiative] = Initiative,
    kind: str = "initiative",
) -> Initiative:
    """Make an initiative with the next number of its series. Whoever makes a private one is let into it, with the team
    that does it and everybody in ``let_in``; a machine is by its team.

    Raises ValidationError where a value does not fit, people are let into a public one, or whoever makes a private one
    would not see it.
    """
    grants = set(let_in)
    if grants and not is_private:
        raise ValidationError(
            {"let_in": "A public initiative is seen by everybody. Make it private, or let nobody in."}
        )
    made = new_record(
        model=model, kind=kind,
        values={**values, "is_private": is_private, "name": next_number(PRIVATE if is_private else PUBLIC),
                "created_by": by if isinstance(by, User) else None},
    )  # fmt: skip
    insert_record(made)
    if is_private:
        _let_in(made, by, grants)
    InitiativeState.objects.create(initiative=made)
    return made


def _let_in(made: Initiative, by: Any, grants: set[Reference]) -> None:
    if person := getattr(by, "person", None):
        grants.add(person.reference)
    if isinstance(by, ServiceAccount):
        grants.add(by.team)
    _grant(made, grants | _concerned(made))
    _refuse_unseen(made, by)


def _refuse_unseen(made: Initiative, by: Any) -> None:
    """Nobody is let into a private one from outside: one that is seen by nobody would be lost."""
    if by is None and not made.access.exists():
        raise ValidationError({"let_in": "Nobody would see it. Name a person or a team that does."})
    if by is not None and not granted_to(by).filter(initiative=made.pk).exists():
        told = "Your login is of no person, so you would not see it. Ask an administrator to say whose it is."
        raise ValidationError({"let_in": told})


def _concerned(initiative: Initiative) -> set[Reference]:
    """Who is named on it, and so has to see it."""
    return {each for each in (initiative.team, initiative.owner, initiative.sponsor) if each is not None}


def _grant(initiative: Initiative, grants: set[Reference]) -> None:
    rows = [InitiativeAccess(initiative=initiative, who=each) for each in sorted(grants, key=lambda each: each.pk)]
    InitiativeAccess.objects.bulk_create(rows)


def make_told(*, by: Any, values: Mapping[str, Any], model: type[Initiative] = Initiative, kind: str) -> Initiative:
    """Make an initiative from one set of values, as form and API send them: what is said only once is among them."""
    fields = {name: value for name, value in values.items() if name not in SAID_ONCE}
    once: dict[str, Any] = {name: values[name] for name in SAID_ONCE if name in values}
    return make(by=by, values=fields, model=model, kind=kind, **once)


@transaction.atomic
def edit(*, by: Any, record: Initiative, values: Mapping[str, Any], version: int | None = None) -> Initiative:
    """Change what it says. What is said once stays as it was. Whoever is newly named on a private one is let into it;
    whoever was named before and taken out stays out."""
    fields = {name: value for name, value in values.items() if name not in SAID_ONCE}
    locked = lock(record, version, fields)
    before = _concerned(locked)
    saved = update_record(by=by, record=locked, values=fields)
    if saved.is_private:
        there = set(saved.access.values_list("who", flat=True))
        _grant(saved, {each for each in _concerned(saved) - before if each.pk not in there})
    return saved
