"""Laying out shifts: the weeks to come, of a rotation or a calendar. What is past stays as it was."""

import datetime as dt
from collections.abc import Collection, Sequence

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from portal.people.models import Person
from services.oncall import calendars, rotation
from services.oncall.models import CalendarState, Schedule, Shift, Way
from services.oncall.rotation import Plan, Span

log = structlog.get_logger(__name__)
# Laid out anew each hour, so that this is what one can look ahead.
AHEAD = dt.timedelta(days=62)


def lay_out_all() -> int:
    """Lay out every schedule as far ahead as one looks; answers how many could be. One that cannot keeps no other team
    from its shifts."""
    done = 0
    for each in Schedule.objects.all():
        try:
            lay_out(each)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("A schedule could not be laid out.", schedule=each.pk)
        else:
            done += 1
    return done


@transaction.atomic
def lay_out(schedule: Schedule, now: dt.datetime | None = None) -> None:
    """Write the shifts that follow from a schedule from now on. A shift that goes on keeps its beginning; one that
    somebody else has taken ends now. A calendar that cannot be read leaves what there is."""
    now = now or timezone.now()
    Schedule.objects.select_for_update().get(pk=schedule.pk)
    spans = _spans(schedule, now)
    if spans is not None:
        _write(schedule, [each for each in spans if each.until_at > now], now)


def _spans(schedule: Schedule, now: dt.datetime) -> list[Span] | None:
    """Who is on call from now on; None where a calendar has not been read, or cannot be."""
    if schedule.way == Way.CALENDAR:
        return _of_last_good(schedule, now)
    if schedule.first_day is None:
        return []
    plan = Plan(schedule.first_day, schedule.hand_over_at, schedule.length_days, schedule.timezone)
    turns = list(schedule.turns.order_by("place", "pk").values_list("person", flat=True))
    here = set(Person.objects.filter(reference__in=turns, is_active=True).values_list("reference", flat=True))
    # Whoever has left keeps the place until somebody takes it: the others' weeks stay theirs, and the gap is said.
    regular = [each for each in rotation.shifts(plan, turns, now, now + AHEAD) if each.person in here]
    asked = schedule.stand_ins.filter(until_at__gt=now).order_by("pk")
    instead = [Span(each.from_at, each.until_at, each.person_id) for each in asked]
    return rotation.with_stand_ins(regular, instead)


def _of_last_good(schedule: Schedule, now: dt.datetime) -> list[Span] | None:
    state = CalendarState.objects.filter(schedule=schedule).exclude(body="").first()
    if state is None:
        return None
    try:
        return calendar_spans(schedule, state.body, now)
    except calendars.NotRead as problem:
        CalendarState.objects.filter(schedule=schedule).update(problem=str(problem)[:400])
        return None


def calendar_spans(schedule: Schedule, body: str, now: dt.datetime) -> list[Span]:
    """Who is on call by a calendar. Raises calendars.NotRead."""
    return calendars.spans(calendars.events(body, now, now + AHEAD, schedule.timezone), calendars.people())


def _write(schedule: Schedule, spans: Sequence[Span], now: dt.datetime) -> None:
    """Write what differs from what there is, so that a shift that stays keeps its address."""
    there = list(Shift.objects.filter(schedule=schedule, until_at__gt=now))
    is_first = not there and not Shift.objects.filter(schedule=schedule).exists()
    began = {_who(each): each.from_at for each in there if each.from_at <= now}
    wanted = {}
    for each in spans:
        begins = each.from_at if is_first or each.from_at > now else began.get(each.who, now)
        wanted[each.who, begins, each.until_at, each.stands_in] = each
    kept = {key for shift in there if (key := (_who(shift), shift.from_at, shift.until_at, shift.stands_in)) in wanted}
    goes_on = {who for who, begins, *_ in wanted if begins <= now}
    for shift in there:
        if (_who(shift), shift.from_at, shift.until_at, shift.stands_in) not in kept:
            _end(shift, now, goes_on)
    Shift.objects.bulk_create(
        Shift(schedule=schedule, person_id=who[0], name=who[1], from_at=begins, until_at=until, stands_in=stands_in)
        for who, begins, until, stands_in in wanted.keys() - kept
    )


def _who(shift: Shift) -> tuple[int | None, str]:
    return shift.person_id, shift.name


def _end(shift: Shift, now: dt.datetime, goes_on: Collection[tuple[int | None, str]]) -> None:
    """A shift that is none any more ends now; one that has not begun, or goes on as another, leaves nothing."""
    if shift.from_at >= now or _who(shift) in goes_on:
        shift.delete()
    else:
        Shift.objects.filter(pk=shift.pk).update(until_at=now)
