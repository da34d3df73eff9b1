"""When a postmortem is due: so many days after the resolution as its severity says, unless somebody says otherwise."""

import datetime as dt

from django.utils import timezone

from incidents.account import times_of
from incidents.events import SeverityChanged, StatusChanged, TimesSaid
from incidents.models import Incident, Point, Postmortem
from portal.events import handles


def days_asked(incident: Incident) -> int | None:
    """How many days its severity gives; None where none is asked for."""
    return incident.severity.postmortem_days if incident.severity else None


def due_day(incident: Incident) -> dt.date | None:
    """The day; None where none is asked for, and as long as nobody knows when it was resolved."""
    days, resolved = days_asked(incident), times_of(incident).get(Point.RESOLVED)
    if days is None or resolved is None:
        return None
    return timezone.localdate(resolved.at, timezone.get_default_timezone()) + dt.timedelta(days=days)


@handles(StatusChanged, SeverityChanged, TimesSaid)
def set_day(event: StatusChanged | SeverityChanged | TimesSaid) -> None:
    """Give a postmortem that was begun before the resolution its day, once it is known. One that has a day keeps it."""
    incident = Incident.objects.select_related("severity").get(pk=event.incident.pk)
    if day := due_day(incident):
        Postmortem.objects.filter(incident=incident, due_on=None).update(due_on=day)
