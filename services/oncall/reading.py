"""Who is on call now, until when, and who is next: read for as many teams as a page has in one query."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from services.oncall.models import Schedule, Shift

SHOWN = dt.timedelta(days=14)


@dataclass(frozen=True)
class OnCall:
    """How a team is on call at a moment: the shifts that run, and those to come of the next two weeks, in order."""

    schedule: Schedule
    at: dt.datetime
    now: tuple[Shift, ...]
    later: tuple[Shift, ...]

    @property
    def until(self) -> dt.datetime | None:
        """When it changes next: a running shift ends, or, where nobody is on call, one begins. None where nothing of
        that is known."""
        if self.now:
            return min(each.until_at for each in self.now)
        return self.later[0].from_at if self.later else None

    @property
    def next(self) -> Shift | None:
        return self.later[0] if self.later else None


def on_call(team_ids: Iterable[int | None], at: dt.datetime | None = None) -> dict[int, OnCall]:
    """How these teams, by the ids of their references, are on call; those that do not say so here are left out."""
    at = at or timezone.now()
    asked = {each for each in team_ids if each is not None}
    schedules = {each.pk: each for each in Schedule.objects.filter(team__in=asked).select_related("team")}
    coming: dict[int, list[Shift]] = defaultdict(list)
    rows = Shift.objects.filter(schedule__in=schedules, until_at__gt=at, from_at__lt=at + SHOWN)
    for shift in rows.select_related("person").order_by("from_at", "until_at", "pk") if schedules else ():
        coming[shift.schedule_id].append(shift)
    return {each.team_id: _of(each, at, coming[each.pk]) for each in schedules.values()}


def planned(team_id: int, at: dt.datetime | None = None) -> OnCall | None:
    """The same of one team, in one query: None also where a team has a schedule with nobody in the next two weeks."""
    at = at or timezone.now()
    rows = Shift.objects.filter(schedule__team=team_id, until_at__gt=at, from_at__lt=at + SHOWN)
    shifts = list(rows.select_related("schedule", "person").order_by("from_at", "until_at", "pk"))
    return _of(shifts[0].schedule, at, shifts) if shifts else None


def _of(schedule: Schedule, at: dt.datetime, shifts: list[Shift]) -> OnCall:
    now = tuple(each for each in shifts if each.from_at <= at)
    return OnCall(schedule, at, now, tuple(each for each in shifts if each.from_at > at))


@dataclass(frozen=True)
class Line:
    """One line of the next two weeks: a shift, or with None that nobody is on call."""

    from_at: dt.datetime
    until_at: dt.datetime
    shift: Shift | None = None


def lines(found: OnCall) -> list[Line]:
    """The running shifts and those of the next two weeks, with the gaps between them."""
    made: list[Line] = []
    covered = found.at
    for shift in (*found.now, *found.later):
        if shift.from_at > covered:
            made.append(Line(covered, shift.from_at))
        made.append(Line(shift.from_at, shift.until_at, shift))
        covered = max(covered, shift.until_at)
    end = found.at + SHOWN
    return [*made, Line(covered, end)] if covered < end else made
