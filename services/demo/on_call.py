"""Who is on call in the demo company: a rotation of weeks in every team that has people for one, somebody who stands in
for an evening, and a team whose nights nobody has taken yet."""

import datetime as dt

from django.utils import timezone

from portal.people.models import Membership, Team
from portal.references.models import Reference
from services.oncall import actions
from services.oncall.laying import lay_out
from services.oncall.models import Schedule, Shift

ZONES = ("Europe/Lisbon", "Europe/Berlin", "America/New_York")
# A team hands over at an hour of its own.
HOURS = (dt.time(9), dt.time(10), dt.time(13, 30))


def is_loaded() -> bool:
    return Schedule.objects.exists()


def real_data() -> str:
    """Nothing of its own: a schedule is of a team, and teams that are not of the demo are found with the company."""
    return ""


def load_on_call() -> None:
    """Begin a rotation in each team, and let the second stand in for the first tomorrow evening in one of them."""
    today = timezone.localdate()
    monday = today - dt.timedelta(days=today.weekday())
    for number, team in enumerate(Team.objects.filter(is_active=True).order_by("name")):
        people = list(Reference.objects.filter(pk__in=_members(team)).order_by("name"))
        if len(people) < 2:
            continue
        values = {"zone": ZONES[number % 3], "hand_over_at": HOURS[number % 3], "length_days": 7}
        # One team has said who follows, and not yet from when.
        first_day = monday + dt.timedelta(days=14) if number == 3 else monday - dt.timedelta(weeks=52)
        schedule = actions.create_schedule(by=None, values={"team": team.reference, "first_day": first_day, **values})
        for person in people:
            actions.add_turn(by=None, schedule=schedule, person=person)
        if number == 0:
            _evening(schedule, people[1])
        # As it would be if it had been so for long: nobody's week was cut by setting it up.
        Shift.objects.filter(schedule=schedule).delete()
        lay_out(schedule)


def _members(team: Team) -> list[int]:
    return list(Membership.objects.current().filter(team=team.reference_id).values_list("person", flat=True))


def _evening(schedule: Schedule, person: Reference) -> None:
    tomorrow = timezone.localdate(timezone=schedule.timezone) + dt.timedelta(days=1)
    begins = dt.datetime.combine(tomorrow, dt.time(18), schedule.timezone)
    actions.stand_in(
        by=None, schedule=schedule, person=person, from_at=begins, until_at=begins + dt.timedelta(hours=5),
        note="Parents' evening",
    )  # fmt: skip
