"""Loading two years of incidents of the demo company. The same moment gives the same incidents."""

import datetime as dt
from collections.abc import Sequence
from itertools import count

import pghistory
from django.db import transaction
from django.utils import timezone

from incidents import models
from incidents.declaring import PRIVATE, PUBLIC
from incidents.demo import alerts, public
from incidents.demo.company import Company
from incidents.demo.course import Course, courses, moment
from incidents.demo.history import Past
from incidents.demo.promises import Promises
from incidents.demo.reports import Library, reports
from incidents.demo.rows import Writer
from incidents.demo.scenes import scenes
from incidents.demo.steps import declared_at
from incidents.demo.telling import timeline
from incidents.insights import facts, recurring
from incidents.models import Category, Incident, IncidentTime, Point, Series, Status
from portal.collections import collections
from portal.search import index
from services.catalog.bulk import skip_no_trigger
from services.demo.load import SOURCE
from services.demo.strangers import not_of_the_demo


def is_loaded() -> bool:
    return Incident.objects.exists()


def real_data() -> str:
    """Incidents that neither the demo brought nor its people tried out."""
    # That of the portal's own SLOs every portal begins with.
    return not_of_the_demo(Incident, models.AlertSource.objects.exclude(kind=models.SourceKind.PORTAL))


@transaction.atomic
def load_incidents(now: dt.datetime | None = None) -> None:
    """Write the incidents with everything that hangs on them."""
    now = now or timezone.now()
    skip_no_trigger()
    company, past = Company(), Past()
    with pghistory.context(origin=SOURCE):
        told = courses(company, scenes(company, now), now)
        told.sort(key=lambda each: (declared_at(each), each.scene.key))
        _number(told)
        writer = Writer(company, past)
        _write(writer, past, told, now)
        alerts.write(writer, told, now)
        public.write(writer, told, now)
    past.date()
    facts.refresh_stale()
    recurring.refresh()
    _refresh_search()


@transaction.atomic
def load_since(began: dt.datetime) -> None:
    """Write the incidents that were declared since, after what was there: what was open then is resolved by now."""
    now = timezone.now()
    skip_no_trigger()
    company, past = Company(), Past()
    with pghistory.context(origin=SOURCE):
        _end_open(began)
        told = [each for each in courses(company, scenes(company, now), now) if moment(declared_at(each)) > began]
        told.sort(key=lambda each: (declared_at(each), each.scene.key))
        _number(told)
        writer = Writer(company, past)
        _write(writer, past, told, now)
    past.date()
    facts.refresh_stale()
    recurring.refresh()
    _refresh_search()


def _end_open(began: dt.datetime) -> None:
    """What nobody looked at for a quarter is over: the next morning at the latest."""
    over = began + dt.timedelta(hours=14)
    resolved = Status.objects.filter(category=Category.RESOLVED).order_by("place")[0]
    for incident in Incident.objects.open():
        for point in (Point.DETECTED, Point.ACKNOWLEDGED, Point.MITIGATED, Point.RESOLVED):
            IncidentTime.objects.get_or_create(incident=incident, point=point, defaults={"at": over})
        incident.impacts.filter(ended_at=None, started_at__lt=over).update(ended_at=over)
        Incident.objects.filter(pk=incident.pk).update(status=resolved)


def _write(writer: Writer, past: Past, told: Sequence[Course], now: dt.datetime) -> None:
    """Write incidents with their reports and follow-ups."""
    writer.write_incidents(told)
    writer.write_times(told)
    writer.write_timelines([(each, timeline(each)) for each in told])
    writer.write_roles(told)
    writer.write_impacts(told)
    writer.write_tags(told)
    written = reports(told, now)
    library = Library(writer, past, now)
    library.write(written)
    Promises(writer, past, now).write(written)
    library.publish()


def _number(told: Sequence[Course]) -> None:
    """Give each its number after the last one, public and private ones apart, in the order of declaring."""
    for prefix in (PUBLIC, PRIVATE):
        last = Series.objects.filter(prefix=prefix).values_list("last_number", flat=True).first() or 0
        numbers = count(last + 1)
        for course in told:
            if course.scene.story.is_private == (prefix == PRIVATE):
                course.scene.name = f"{prefix}-{next(numbers)}"
        Series.objects.update_or_create(prefix=prefix, defaults={"last_number": next(numbers) - 1})


def _refresh_search() -> None:
    for model in dict.fromkeys(each.model for each in collections()):
        if model._meta.app_label == Incident._meta.app_label:
            index.refresh(model)
