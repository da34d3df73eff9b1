"""The name of somebody who left, in what the portal wrote of incidents by itself: who took which role, and who said
when something was. What people wrote in their own words is theirs to correct."""

from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Left, Replace

from incidents.models import BY_PEOPLE, IncidentTime, TimelineEvent
from portal.history.events import event_model
from portal.people.erasing import TITLE, Identity, forgets

_LONGEST_SOURCE = 200


@forgets
def forget_in_incidents(identity: Identity) -> None:
    tables = [each for each in (IncidentTime, event_model(IncidentTime)) if each is not None]
    # The longest first: an address may have a name in it.
    for name in sorted(identity.names, key=len, reverse=True):
        _replace(TimelineEvent.objects.exclude(kind__in=BY_PEOPLE), "text", name)
        for table in tables:
            _replace(table._default_manager.all(), "source", name)


def _replace(rows: QuerySet[Any], field: str, name: str) -> None:
    said: Any = Replace(field, Value(name), Value(TITLE))
    if field == "source":
        said = Left(said, _LONGEST_SOURCE)
    rows.filter(**{f"{field}__contains": name}).update(**{field: said})
