"""What the catalog's lists say of incidents: as many as the reader may see."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from incidents.models import FollowUp, FollowUpState, Impact, Incident
from portal.collections import extend, get_collection
from portal.columns import Column
from portal.tenure import organisation_today
from services.collections import ENTITIES, SERVICES


def _seen(reader: Any) -> Any:
    return Incident.objects.all() if reader is None else Incident.objects.visible(reader)


def _counted(rows: Any, by: str) -> Coalesce:
    numbers = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)


def _open_incidents(reader: Any) -> Coalesce:
    """Those that go on and hit it."""
    hit = Impact.objects.filter(subject=OuterRef("reference"), incident__in=_seen(reader).open())
    numbers = hit.order_by().values("subject").annotate(number=Count("incident", distinct=True)).values("number")
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)


def _open_of_team(reader: Any) -> Coalesce:
    return _counted(_seen(reader).open().filter(owner=OuterRef("reference")), "owner")


def _late_of_team(reader: Any) -> Coalesce:
    rows = FollowUp.objects.filter(incident__in=_seen(reader), owner=OuterRef("reference"))
    return _counted(rows.filter(state=FollowUpState.COMMITTED, due_on__lt=organisation_today()), "owner")


for _collection in (SERVICES, ENTITIES):
    extend(_collection, Column("open_incidents", expr=_open_incidents, shown=False))
_teams: Any = get_collection("teams")
extend(
    _teams,
    Column("open_incidents", expr=_open_of_team, shown=False),
    Column("late_follow_ups", expr=_late_of_team, shown=False),
)
