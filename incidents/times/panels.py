"""The five times on the page of an incident, with what the lint asks about them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from incidents import account
from incidents.lint import Weight
from incidents.models import Incident, IncidentTime, Point
from incidents.times.wording import known_how, lasting
from portal.panels import Context, panel


@dataclass(frozen=True)
class ShownTime:
    """One of the five times as the row shows it. ``note`` says how long after the one before, how well known; ``day``
    is said where it is another one than that of the time before. ``url`` is where it is said, for those who may."""

    label: str
    at: dt.datetime | None
    day: str
    note: str
    url: str


@panel(on=Incident, slot="main", order=5, title="Five times", template="incidents/_times.html", live=True)
def five_times(request: HttpRequest, incident: Incident) -> Context:
    may_change = request.user.has_perm("incidents.change_incident", incident)
    asked = account.findings(incident)
    return {
        "times": list(_shown_times(incident, may_change)),
        "findings": [(each, "bad" if each.weight is Weight.WRONG else "info") for each in asked],
        "may_change": may_change,
        "fact": f"times of {timezone.get_current_timezone_name()}",
    }


def _shown_times(incident: Incident, may_change: bool) -> Iterator[ShownTime]:
    known = account.times_of(incident)
    before: IncidentTime | None = None
    for point in Point:
        found = known.get(point)
        url = reverse("incident-time", args=[incident.name, point]) if may_change else ""
        if found is None:
            yield ShownTime(Point(point).label, None, "", "", url)
            continue
        yield ShownTime(Point(point).label, found.at, _day(found, before), _note(found, before), url)
        before = found


def _day(found: IncidentTime, before: IncidentTime | None) -> str:
    day = timezone.localtime(found.at).date()
    if day == (timezone.localtime(before.at) if before else timezone.localtime()).date():
        return ""
    return f"{day.day} {day:%b}" if day.year == timezone.localdate().year else f"{day.day} {day:%b %Y}"


def _note(found: IncidentTime, before: IncidentTime | None) -> str:
    after = f"after {lasting(found.at - before.at)}" if before is not None and found.at >= before.at else ""
    return ", ".join(part for part in (after, known_how(found)) if part)
