"""What pages show of who is on call: of a team, and of its schedule."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.collections import collection_of
from portal.panels import Context, panel
from portal.people.collections import TEAMS
from portal.people.models import Person, Team
from services.oncall import saying
from services.oncall.forms import StandInForm, TurnForm
from services.oncall.models import Schedule, Way
from services.oncall.reading import OnCall, lines, on_call


@panel(on=Team, slot="main", order=1, title="On call", template="oncall/_team.html")
def of_team(request: HttpRequest, team: Team) -> Context | None:
    """Who is on call now and in the next two weeks; where nobody has said it, how its members begin."""
    reader: Any = request.user
    found = on_call([team.reference_id]).get(team.reference_id)
    if found is None:
        if not team.is_active:
            return None
        may = reader.is_administrator or team.reference_id in reader.team_ids
        return {"begin_url": reverse("on-call-begin", args=[TEAMS.key_of(team)]) if may else ""}
    link = {"label": "Rotation and calendar", "url": _address(found.schedule)}
    return {"found": found, **_said(found), "link": link}


def _said(found: OnCall) -> dict[str, Any]:
    return {
        "everybody": saying.everybody(found), "until": saying.until(found), "rule": saying.rule(found.schedule),
        "calendar": getattr(found.schedule, "calendar", None),
        "lines": [
            (saying.moment(each.from_at), saying.moment(each.until_at), each.shift and saying.who(each.shift),
             bool(each.shift and each.shift.stands_in))
            for each in lines(found)
        ],
    }  # fmt: skip


def _address(schedule: Schedule) -> str:
    collection = collection_of(schedule)
    return collection.url_of(schedule) if collection else ""


@panel(on=Schedule, slot="main", order=10, title="The next two weeks", template="oncall/_weeks.html")
def weeks(request: HttpRequest, schedule: Schedule) -> Context:
    return _said(on_call([schedule.team_id])[schedule.team_id])


@panel(on=Schedule, slot="main", order=20, title="In this order", template="oncall/_turns.html")
def turns(request: HttpRequest, schedule: Schedule) -> Context | None:
    """The people of a rotation; those who have left keep their place until somebody takes it, and are marked."""
    if schedule.way == Way.CALENDAR:
        return None
    may = request.user.has_perm("oncall.change_schedule", schedule)
    rows = list(schedule.turns.select_related("person").order_by("place", "pk"))
    here = set(Person.objects.filter(reference__in=[each.person_id for each in rows], is_active=True).values_list(
        "reference", flat=True))  # fmt: skip
    return {
        "turns": [(each, each.person_id not in here) for each in rows], "last": len(rows), "fact": len(rows) or "",
        "form": TurnForm(auto_id="turn_%s") if may else None,
    }  # fmt: skip


@panel(on=Schedule, slot="main", order=30, title="Standing in", template="oncall/_stand_ins.html")
def stand_ins(request: HttpRequest, schedule: Schedule) -> Context | None:
    if schedule.way == Way.CALENDAR:
        return None
    may = request.user.has_perm("oncall.change_schedule", schedule)
    now = on_call([schedule.team_id])[schedule.team_id].at
    coming = schedule.stand_ins.filter(until_at__gt=now).select_related("person").order_by("from_at", "pk")
    rows = [(each, saying.moment(each.from_at), saying.moment(each.until_at)) for each in coming]
    return {"rows": rows, "fact": len(rows) or "", "form": StandInForm() if may else None}


@panel(on=Schedule, slot="main", order=5, title="The calendar it is read from", template="oncall/_calendar.html")
def calendar(request: HttpRequest, schedule: Schedule) -> Context | None:
    """When a calendar of another system was last read, and what went wrong since."""
    if schedule.way != Way.CALENDAR:
        return None
    may = request.user.has_perm("oncall.change_schedule", schedule)
    return {
        "state": getattr(schedule, "calendar", None), "address": schedule.feed_url if may else "",
        "again_url": reverse("on-call-again", args=[schedule.pk]) if may else "",
    }  # fmt: skip


@panel(on=Schedule, slot="rail", order=20, title="In your calendar", template="oncall/_subscribe.html")
def subscribe(request: HttpRequest, schedule: Schedule) -> Context | None:
    """The address of the calendar that the portal makes; for the team, who may open and close it."""
    if not request.user.has_perm("oncall.change_schedule", schedule):
        return None
    address = request.build_absolute_uri(reverse("on-call-calendar", args=[schedule.token])) if schedule.token else ""
    return {"address": address}
