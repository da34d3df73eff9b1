"""What is done in the views of the roadmap: dates are moved, cards put elsewhere, waiting is said and taken back."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from portal.actions import create_record, delete_record, lock, update_record
from portal.events import handles
from roadmap.initiatives.actions import NEEDS_REASON, check_way, move
from roadmap.initiatives.events import InitiativeMoved
from roadmap.models import Dependency, DependencyKind, Horizon, Initiative, Status
from roadmap.views.networks import refresh_slack
from roadmap.views.waiting import circle_of

CHOICES = {"status": Status.choices, "horizon": Horizon.choices}
DATES = ("starts_on", "ends_earliest", "ends_likely", "ends_latest")
# The advisory lock of saying what waits for what, any number that nobody else locks: of two who would close a circle at
# once, the second sees what the first has said.
LOCK = 4_815_031


@transaction.atomic
def plan(
    *, by: Any, initiative: Initiative, dates: Mapping[str, dt.date | None], version: int | None = None
) -> Initiative:
    """Set its dates. Raises ValidationError where they are out of order, Conflict where somebody was first."""
    values = {name: dates[name] for name in DATES if name in dates}
    moved = update_record(by=by, record=initiative, values=values, version=version)
    refresh_slack([moved.pk])
    return moved


def check_column(initiative: Initiative, field: str, to: str) -> None:
    """Raise ValidationError where it cannot be put into the column ``to``."""
    if field == "status":
        check_way(initiative, to)


def needs_reason(field: str, to: str) -> bool:
    return field == "status" and to in NEEDS_REASON


def place(
    *, by: Any, initiative: Initiative, field: str, to: str, reason: str = "", version: int | None = None
) -> Initiative:
    """Put it into the column ``to`` of a board by ``field``. Raises ValidationError where no way leads there or a
    reason is missing, and Conflict where somebody was first."""
    if field == "horizon":
        return update_record(by=by, record=initiative, values={"horizon": to}, version=version)
    return move(by=by, initiative=initiative, status=to, reason=reason, version=version)


@handles(InitiativeMoved)
def plan_anew(event: InitiativeMoved) -> None:
    """What is delivered or dropped keeps nothing waiting: the slack around it is another."""
    refresh_slack([event.initiative.pk])


@transaction.atomic
def add_dependency(
    *, by: Any, before: Initiative, after: Initiative, kind: str = DependencyKind.FINISH_START, lag_days: int = 0
) -> Dependency:
    """Say that ``after`` waits for ``before``. Raises ValidationError, naming the circle, where they would wait for
    each other; only what ``by`` sees is named or counted."""
    _one_at_a_time()
    _refuse_twice(before, after)
    _refuse_circle(by, before, after)
    values = {"before": before, "after": after, "kind": kind, "lag_days": lag_days}
    made = create_record(by=by, model=Dependency, values=values)
    refresh_slack([before.pk, after.pk])
    return made


@transaction.atomic
def edit_dependency(
    *, by: Any, record: Dependency, values: Mapping[str, Any], version: int | None = None
) -> Dependency:
    """Change its kind or lag; which two it ties is what it is."""
    locked = lock(record, version, values)
    kept = {name: value for name, value in values.items() if name not in {"before", "after"}}
    for name in ("before", "after"):
        if name in values and values[name] != getattr(locked, name):
            told = "Take this one away and add another one: the two that it ties are what it is."
            raise ValidationError({name: told})
    changed = update_record(by=by, record=locked, values=kept)
    refresh_slack([changed.before_id])
    return changed


@transaction.atomic
def remove_dependency(*, by: Any, record: Dependency, version: int | None = None) -> None:
    both = [record.before_id, record.after_id]
    delete_record(by=by, record=record, version=version)
    refresh_slack(both)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _refuse_twice(before: Initiative, after: Initiative) -> None:
    if Dependency.objects.filter(before=before, after=after).exists():
        told = f"{after} waits for {before} already. Change how it waits, or take that dependency away first."
        raise ValidationError({"before": told})


def _refuse_circle(by: Any, before: Initiative, after: Initiative) -> None:
    if before.pk == after.pk:
        raise ValidationError({"before": f"{after.name} cannot wait for itself. Choose another one."})
    seen = Dependency.objects.visible(by).values_list("before", "after")
    if circle := circle_of(seen, before.pk, after.pk):
        names = dict(Initiative.objects.filter(pk__in=circle).values_list("pk", "name"))
        way = " → ".join(names[pk] for pk in circle)
        raise ValidationError(
            {"before": f"They would wait for each other: {way}. Take one of these dependencies away first."}
        )
