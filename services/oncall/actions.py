"""Writes to who is on call. Page, API and demo call these; after each the shifts to come are laid out anew."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from portal.actions import constraints_told, create_record, delete_record, lock, update_record
from portal.history.erasing import redact_text
from portal.people.erasing import Identity, forgets
from portal.references.models import Reference
from portal.texts import check_texts
from services.health.guard import Refused, current_guard
from services.oncall.asking import address_of
from services.oncall.laying import lay_out
from services.oncall.models import CalendarState, Schedule, Shift, StandIn, Turn, Way, new_token

LONGEST_STAND_IN = dt.timedelta(days=92)


@transaction.atomic
def create_schedule(
    *, by: Any, model: type[Schedule] = Schedule, values: Mapping[str, Any], kind: str = ""
) -> Schedule:
    """Say how a team of the writer hands over. Raises ValidationError for another's team, a team that says so already,
    and for a calendar that must not be asked for."""
    _check_team(by, values["team"])
    _check_feed(values)
    made = create_record(by=by, model=model, values=values)
    _follow(made)
    return made


def begin_rotation(*, by: Any, team: Reference) -> Schedule:
    """A rotation of weeks that begin on Mondays at nine, this one the first; nobody is in it yet."""
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    return create_schedule(by=by, values={"team": team, "first_day": today - dt.timedelta(days=today.weekday())})


@transaction.atomic
def update_schedule(*, by: Any, record: Schedule, values: Mapping[str, Any], version: int | None = None) -> Schedule:
    """Change how a team hands over; what is past stays as it was. Raises Conflict where somebody changed it first."""
    if values.get("team") not in (None, record.team):
        raise ValidationError({"team": "A schedule stays with its team. Delete it, and make one for the other team."})
    _check_feed(values)
    before = Schedule.objects.get(pk=record.pk).feed_url
    changed = update_record(by=by, record=record, values=values, version=version)
    if changed.way != Way.CALENDAR or changed.feed_url != before:
        CalendarState.objects.filter(schedule=changed).delete()
    _follow(changed)
    return changed


def delete_schedule(*, by: Any, record: Schedule, version: int | None = None) -> None:
    """Stop saying here who is on call in a team."""
    delete_record(by=by, record=record, version=version)


def _follow(schedule: Schedule) -> None:
    if schedule.way == Way.CALENDAR:
        CalendarState.objects.get_or_create(schedule=schedule)
    lay_out(schedule)


def _check_team(by: Any, team: Reference) -> None:
    if by is None or by.is_administrator or team.pk in by.team_ids:
        return
    raise ValidationError({"team": f"{team} is no team of yours. Its members say who is on call in it."})


def _check_feed(values: Mapping[str, Any]) -> None:
    if not values.get("feed_url"):
        return
    try:
        url = address_of(values["feed_url"])
        current_guard().check_host(url.raw_host or "", url.port)
    except Refused as problem:
        raise ValidationError({"feed_url": f"It would not be asked: {problem}."}) from None
    except ValueError as problem:
        raise ValidationError({"feed_url": f"This is no address of a calendar. {problem}"}) from None


# The rotation


@transaction.atomic
def add_turn(*, by: Any, schedule: Schedule, person: Reference) -> Turn:
    """Put a person at the end of a rotation. Raises ValidationError for one who is in it."""
    lock(schedule, None, {})
    last = Turn.objects.filter(schedule=schedule).aggregate(last=Max("place"))["last"] or 0
    turn = Turn(schedule=schedule, person=person, place=last + 1)
    turn.full_clean()
    with constraints_told(turn):
        turn.save(force_insert=True)
    lay_out(schedule)
    return turn


@transaction.atomic
def move_turn(*, by: Any, turn: Turn, earlier: bool) -> None:
    """Let a person change places with whoever comes before, or after; the first and the last stay where they are."""
    lock(turn.schedule, None, {})
    turn.refresh_from_db()
    other = Turn.objects.filter(schedule=turn.schedule, place=turn.place + (-1 if earlier else 1)).first()
    if other is None:
        return
    Turn.objects.filter(pk=other.pk).update(place=turn.place)
    Turn.objects.filter(pk=turn.pk).update(place=other.place)
    lay_out(turn.schedule)


@transaction.atomic
def remove_turn(*, by: Any, turn: Turn) -> None:
    """Take a person out of a rotation; whoever comes after moves up."""
    lock(turn.schedule, None, {})
    turn.refresh_from_db()
    Turn.objects.filter(pk=turn.pk).delete()
    Turn.objects.filter(schedule=turn.schedule, place__gt=turn.place).update(place=F("place") - 1)
    lay_out(turn.schedule)


@transaction.atomic
def stand_in(*, by: Any, schedule: Schedule, person: Reference, **values: Any) -> StandIn:
    """Let a person take over between ``from_at`` and ``until_at``. Raises ValidationError for times that are over, the
    wrong way round or absurdly long, and where a calendar of another system says who is on call."""
    check_texts(values)
    made = StandIn(schedule=schedule, person=person, **values)
    if schedule.way == Way.CALENDAR:
        raise ValidationError("A calendar of another system says who is on call. Change it there.")
    if made.until_at <= timezone.now():
        raise ValidationError({"until_at": "This is over. Who was on call stays as it was."})
    if made.until_at - made.from_at > LONGEST_STAND_IN:
        raise ValidationError({"until_at": f"At most {LONGEST_STAND_IN.days} days. For longer, change the rotation."})
    made.full_clean()
    made.save(force_insert=True)
    lay_out(schedule)
    return made


@transaction.atomic
def end_stand_in(*, by: Any, stand_in: StandIn) -> None:
    """Give the time back to whoever would be on call."""
    stand_in.delete()
    lay_out(stand_in.schedule)


# The calendar that the portal makes


def open_calendar(*, by: Any, schedule: Schedule) -> str:
    """Give the calendar of a schedule an address that needs no sign-in; one that it had before ends."""
    token = new_token()
    Schedule.objects.filter(pk=schedule.pk).update(token=token)
    return token


def close_calendar(*, by: Any, schedule: Schedule) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(token=None)


@forgets
def forget_on_call(identity: Identity) -> None:
    """No shift that a calendar of another system told of names whoever left."""
    redact_text(Shift, "name", identity.names | identity.emails, "Somebody who left")
