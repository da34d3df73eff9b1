"""The calendar that the portal makes of a team's shifts, as iCal (RFC 5545), for whoever has its address."""

import datetime as dt

import icalendar
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from portal.live import tag_of
from services.oncall.models import Schedule, Shift

# As far back as one looks to see who it was.
BACK = dt.timedelta(days=31)
FRESH_FOR_S = 300


@login_not_required
@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file; 404 for an address that was never given, or is no longer."""
    schedule = Schedule.objects.filter(token=token.replace("\x00", " ")).select_related("team").first()
    if schedule is None:
        return HttpResponse("There is no calendar at this address.\n", status=404, content_type="text/plain")
    response = HttpResponse(_file(schedule), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="on-call-{schedule.team.name}.ics"'
    response["ETag"] = tag_of(response.content)
    response["Cache-Control"] = f"private, max-age={FRESH_FOR_S}"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _file(schedule: Schedule) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Groundwork//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", str(schedule))
    calendar.add("x-wr-timezone", schedule.zone)
    shifts = Shift.objects.filter(schedule=schedule, until_at__gt=timezone.now() - BACK).select_related(
        "person__person"
    )
    for shift in shifts.order_by("from_at", "pk"):
        calendar.add_component(_event(schedule, shift))
    return bytes(calendar.to_ical())


def _event(schedule: Schedule, shift: Shift) -> icalendar.Event:
    """A shift is laid out anew every hour: what tells it apart is whose it is and when it begins, and its stamp is its
    beginning, so that the file only changes when somebody's shifts do."""
    event = icalendar.Event()
    begins = shift.from_at.astimezone(dt.UTC)
    event.add("uid", f"{begins:%Y%m%dT%H%MZ}-{shift.person_id or 0}-{schedule.team.uid}")
    event.add("dtstamp", begins)
    event.add("dtstart", begins)
    event.add("dtend", shift.until_at.astimezone(dt.UTC))
    event.add("summary", f"{shift.who} is on call for {schedule.team.label}")
    person = getattr(shift.person, "person", None)
    if person is not None and person.email:
        event.add("attendee", f"mailto:{person.email}")
    return event
