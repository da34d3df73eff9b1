"""Number n of several records of each model of who is on call, for the walk over every collection."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from portal.people.models import Team
from services.oncall import actions
from services.oncall.models import CalendarState, Schedule, Shift
from tests import factories

START = dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)


def put_on_call(team: Team, n: int) -> None:
    """Somebody of a team is on call now, unless there is somebody already."""
    if not Schedule.objects.filter(team=team.reference).exists():
        schedule = actions.create_schedule(by=None, values={"team": team.reference, "first_day": dt.date(2026, 11, 2)})
        until = dt.datetime(2090, 1, 1 + n % 27, tzinfo=dt.UTC)
        Shift.objects.create(schedule=schedule, name=f"Desk {n:03}", from_at=START, until_at=until)


def _schedule(n: int) -> Schedule:
    """Odd ones are calendars that were read, or could not be, with somebody on call now; even ones empty rotations."""
    team = factories.make_team(f"called-{n:03}").reference
    if n % 2 == 0:
        first = dt.date(2026, 11, 2) + dt.timedelta(days=n)
        return actions.create_schedule(by=None, values={"team": team, "first_day": first, "length_days": 1 + n % 9})
    made = actions.create_schedule(by=None, values={
        "team": team, "way": "calendar", "feed_url": f"https://calendar.example/{n}.ics", "zone": "Europe/Lisbon",
        "first_day": dt.date(2026, 11, 2) + dt.timedelta(days=n),
    })  # fmt: skip
    CalendarState.objects.filter(schedule=made).update(
        good_at=START + dt.timedelta(hours=n), problem=f"It answered 41{n % 9}."
    )
    Shift.objects.create(
        schedule=made, name=f"Desk {n:03}", from_at=START, until_at=dt.datetime(2090, 1, 1 + n % 27, tzinfo=dt.UTC)
    )
    return made


def _shift(n: int) -> Shift:
    team = factories.make_team(f"shifted-{n:03}").reference
    schedule = actions.create_schedule(by=None, values={"team": team, "first_day": dt.date(2026, 11, 2)})
    who = {"person": factories.make_person(f"caller-{n:03}").reference} if n % 2 else {"name": f"Night desk {n:03}"}
    begins = START + dt.timedelta(hours=n)
    return Shift.objects.create(
        schedule=schedule, from_at=begins, until_at=begins + dt.timedelta(days=1), stands_in=n % 3 == 0, **who
    )


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    Schedule: lambda collection, n: _schedule(n),
    Shift: lambda collection, n: _shift(n),
}
