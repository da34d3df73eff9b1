"""An initiative moves on, rests on evidence, has criteria, objections, updates and people of its own."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal.actions import create_record, delete_record, lock, update_record
from portal.events import emit
from portal.people.models import User
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.days import refuse_ahead
from roadmap.initiatives import reach
from roadmap.initiatives.events import InitiativeMoved
from roadmap.models import (
    Criterion,
    DedicatedPerson,
    Initiative,
    InitiativeAccess,
    InitiativeState,
    Link,
    Objection,
    Status,
    Update,
)
from services.health.saying import day_in_words

SHORTEST_REASON = 10
NEEDS_REASON = frozenset({Status.PAUSED, Status.DROPPED})
WAYS: Mapping[str, tuple[Status, ...]] = {
    Status.IDEA: (Status.PLANNED, Status.IN_PROGRESS, Status.DROPPED),
    Status.PLANNED: (Status.IN_PROGRESS, Status.PAUSED, Status.IDEA, Status.DROPPED),
    Status.IN_PROGRESS: (Status.DONE, Status.PAUSED, Status.PLANNED, Status.DROPPED),
    Status.PAUSED: (Status.IN_PROGRESS, Status.PLANNED, Status.DROPPED),
    Status.DONE: (Status.IN_PROGRESS,),
    Status.DROPPED: (Status.IDEA, Status.PLANNED),
}


@transaction.atomic
def move(
    *, by: Any, initiative: Initiative, status: str, reason: str = "", started_on: dt.date | None = None,
    delivered_on: dt.date | None = None, version: int | None = None,
) -> Initiative:  # fmt: skip
    """Take it to another status, by the days that are said or else today. Raises ValidationError where no way leads
    there, a reason is missing, or a day cannot be."""
    locked = lock(initiative, version, {"status": status, "reason": reason})
    check_way(locked, status)
    before, reason = Status(locked.status), reason.strip()
    if status in NEEDS_REASON and len(reason) < SHORTEST_REASON:
        word = Status(status).label.lower()
        told = f"Say in {SHORTEST_REASON} letters or more why it is {word}: who planned on it will ask."
        raise ValidationError({"reason": told})
    refuse_ahead(started_on=started_on, delivered_on=delivered_on)
    days = _days(status, started_on or locked.started_on, delivered_on)
    values = {"status": status, "status_reason": reason, **days}
    moved = update_record(by=by, record=locked, values=values)
    emit(InitiativeMoved(moved, before, by))
    return moved


def check_way(initiative: Initiative, status: str) -> None:
    """Raise ValidationError where no way leads from its status to this one."""
    before = Status(initiative.status)
    if status not in WAYS[before]:
        ways = ", ".join(each.label.lower() for each in WAYS[before])
        raise ValidationError({"status": f"{initiative.name} is {before.label.lower()}. From there it can be: {ways}."})


def _days(status: str, started_on: dt.date | None, delivered_on: dt.date | None) -> dict[str, Any]:
    """What came of it: the day work began, which stays, and the day it was delivered."""
    if delivered_on is not None and status != Status.DONE:
        told = f"What is {Status(status).label.lower()} has no day of delivery. Leave it empty."
        raise ValidationError({"delivered_on": told})
    if status == Status.DONE:
        return _delivered(started_on, delivered_on or organisation_today())
    if status == Status.IN_PROGRESS:
        return {"started_on": started_on or organisation_today(), "delivered_on": None}
    return {"started_on": started_on, "delivered_on": None}


def _delivered(started_on: dt.date | None, delivered_on: dt.date) -> dict[str, Any]:
    if started_on is not None and started_on > delivered_on:
        told = f"Work began on {day_in_words(started_on)}, after {day_in_words(delivered_on)}. Correct one of the two."
        raise ValidationError({"delivered_on": told})
    return {"started_on": started_on or delivered_on, "delivered_on": delivered_on, "done_percent": 100}


# What it rests on


@transaction.atomic
def link(*, by: Any, initiative: Initiative, kind: str, thing: Any, note: str = "", is_carried: bool = False) -> Link:
    """Say that it is about something. Raises ValidationError where that is said already."""
    Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)
    if Link.objects.filter(initiative=initiative, **{kind: thing}).exists():
        raise ValidationError({"thing": f"{initiative.name} is linked to {thing} already."})
    made = create_record(
        by=by, model=Link, values={"initiative": initiative, kind: thing, "note": note, "is_carried": is_carried}
    )
    if kind == "service":
        reach.refresh([initiative.pk])
    return made


@transaction.atomic
def unlink(*, by: Any, link: Link) -> None:
    """It is not about that. History keeps that it was said."""
    kind, initiative = link.kind, link.initiative_id
    delete_record(by=by, record=link)
    if kind == "service":
        reach.refresh([initiative])


# What makes it a success, and what speaks against it

PARTS: Mapping[str, type[Criterion | Objection]] = {"criteria": Criterion, "objections": Objection}


def add_part(*, by: Any, initiative: Initiative, part: str, values: Mapping[str, Any]) -> Any:
    """Add a success criterion or an objection. Raises ValidationError where it does not fit."""
    return create_record(by=by, model=PARTS[part], values={**_fitting(values), "initiative": initiative})


def edit_part(*, by: Any, record: Any, values: Mapping[str, Any], version: int | None = None) -> Any:
    """Change one. Raises Conflict where somebody else did so before."""
    return update_record(by=by, record=record, values=_fitting(values), version=version)


def remove_part(*, by: Any, record: Any, version: int | None = None) -> None:
    """Take one out. History keeps what it said."""
    delete_record(by=by, record=record, version=version)


def _fitting(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, where metric, baseline and target go together; the database says so in one sentence for all."""
    metric = values.get("metric")
    if metric is not None:
        for name in ("baseline", "target"):
            if values.get(name) is not None:
                metric.check_share(name, values[name])
    elif values.get("baseline") is not None or values.get("target") is not None:
        raise ValidationError({"metric": "From and to are values of a metric. Name the metric, or leave both out."})
    return values


# How it goes


@transaction.atomic
def add_update(*, by: Any, initiative: Initiative, course: str, text: str) -> Update:
    """Say how it goes. The newest update is what lists show; none is ever changed."""
    Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)
    who = by if isinstance(by, User) else None
    values = {"initiative": initiative, "course": course, "text": text.strip(), "by": who, "at": timezone.now()}
    made = create_record(by=by, model=Update, values=values)
    InitiativeState.objects.update_or_create(
        initiative=initiative, defaults={"course": made.course, "updated_at": made.at}
    )
    return made


# Who does nothing else


@transaction.atomic
def dedicate(*, by: Any, initiative: Initiative, person: Reference) -> DedicatedPerson:
    """Somebody works on a 100× initiative and on nothing else. Raises ValidationError of another initiative, and of
    somebody who is dedicated to one that goes on."""
    if not initiative.is_hundredfold:
        told = f"{initiative.name} is not marked 100×. Mark it, and its people do nothing else; or name an owner."
        raise ValidationError({"person": told})
    # Whoever dedicates the same person at the same time waits here, and then sees it.
    Reference.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if DedicatedPerson.objects.filter(person=person, initiative=initiative).exists():
        raise ValidationError({"person": f"{person} is dedicated to {initiative.name} already."})
    going = Initiative.objects.going_on().filter(is_private=False, dedicated__person=person).first()
    if going is not None:
        told = f"{person} is dedicated to {going.name}, which goes on. Nobody does nothing else than two things."
        raise ValidationError({"person": told})
    return create_record(by=by, model=DedicatedPerson, values={"initiative": initiative, "person": person})


def release(*, by: Any, dedicated: DedicatedPerson) -> None:
    """Somebody is free for other work again."""
    delete_record(by=by, record=dedicated)


# Who sees a private one


@transaction.atomic
def let_in(*, by: Any, initiative: Initiative, who: Iterable[Reference]) -> list[Reference]:
    """Let people and teams see a private one; returns those who were not on its list. Raises ValidationError for one
    that everybody sees."""
    held = Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)
    if not held.is_private:
        raise ValidationError({"who": f"{held.name} is not private. Everybody who is signed in sees it."})
    there = set(InitiativeAccess.objects.filter(initiative=held).values_list("who", flat=True))
    new = [each for each in dict.fromkeys(who) if each.pk not in there]
    for each in new:
        create_record(by=by, model=InitiativeAccess, values={"initiative": held, "who": each})
    return new


@transaction.atomic
def take_out(*, by: Any, initiative: Initiative, who: Reference) -> None:
    """Let somebody see it no longer. Raises ValidationError where then nobody would."""
    from incidents.letting_in import has_anybody

    held = Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)
    left = Reference.objects.filter(initiative_access__initiative=held).exclude(pk=who.pk)
    if not has_anybody(left):
        raise ValidationError(f"Then nobody would see {held.name}. Let somebody else in first.")
    for each in InitiativeAccess.objects.filter(initiative=held, who=who):
        delete_record(by=by, record=each)
