"""Reminders of postmortems that are due: two days before, on the day, then each week until one is published. Each step
is told once, however often it is looked for."""

import datetime as dt
from typing import Any

from django.db.models import DateField, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone

from incidents.models import NO_INCIDENT, Category, Incident, IncidentKind, IncidentTime, Point
from incidents.postmortems import telling
from incidents.postmortems.addresses import key_of
from portal.tenure import organisation_today
from services.health.moments import counted

BEFORE = 2
WEEK = 7
# Of what has been late for longer nobody is reminded; the list still says so.
LONGEST_LATE = 26 * WEEK
_OVER = (Category.RESOLVED, Category.CLOSED)


def without_edition() -> Any:
    """Incidents whose postmortem is asked for and not published yet, each with ``due_on``: as its postmortem says, or
    so many days after the resolution as its severity says."""
    resolved = IncidentTime.objects.filter(incident=OuterRef("pk"), point=Point.RESOLVED).values("at")[:1]
    days = ExpressionWrapper(F("severity__postmortem_days") * dt.timedelta(days=1), output_field=DurationField())
    resolved_on = TruncDate(Subquery(resolved), tzinfo=timezone.get_default_timezone())
    from_severity = Cast(resolved_on + days, DateField())
    return (
        Incident.objects.filter(Q(postmortem__isnull=False) | Q(status__category__in=_OVER), kind=IncidentKind.REAL)
        .exclude(status__category__in=NO_INCIDENT)
        .filter(postmortem__latest=None)
        .annotate(due_on=Coalesce("postmortem__due_on", from_severity))
        .exclude(due_on=None)
    )


def remind(today: dt.date | None = None) -> int:
    """Tell of every step that has come; answers of how many incidents something was to be told."""
    day = today or organisation_today()
    first, last = day - dt.timedelta(days=LONGEST_LATE), day + dt.timedelta(days=BEFORE)
    found = without_edition().filter(due_on__range=(first, last)).select_related("owner", "postmortem")
    for incident in found:
        _remind(incident, (day - incident.due_on).days)
    return len(found)


def _remind(incident: Any, days: int) -> None:
    step = _step(days)
    is_begun = hasattr(incident, "postmortem")
    view = "postmortem-write" if is_begun else "postmortem-begin"
    title = f"The postmortem of {incident} is {'due ' + _when(-days) if days <= 0 else counted(days, 'day') + ' late'}"
    text = "It is a draft so far." if is_begun else "Nobody has begun it."
    # Another day that it is due is another thing to be reminded of.
    telling.due(incident, title, text, f"{incident.due_on}-{step}", reverse(view, args=[key_of(incident)]))


def _step(days: int) -> str:
    if days < 0:
        return "soon"
    return "today" if days < WEEK else f"week-{days // WEEK}"


def _when(left: int) -> str:
    return "today" if left == 0 else f"in {counted(left, 'day')}"
