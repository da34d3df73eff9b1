"""What waits for people: their initiatives that are late, and those of which nobody says how they go."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse

from portal.home import MOST, Waiting, register_waiting
from portal.places import Late, register_late
from roadmap.collections import INITIATIVES
from roadmap.initiatives.heads import days_late
from roadmap.initiatives.reminders import days_silent, past_their_end, without_update
from roadmap.models import Initiative
from roadmap.models.initiative import InitiativeQuerySet
from services.health.moments import counted


def mine(reader: Any) -> InitiativeQuerySet:
    """Those that the reader answers for: in person, or by a team where no person does."""
    person = getattr(reader, "person", None)
    own = Q(owner=person.reference_id) if person else Q(pk=None)
    rows = Initiative.objects.visible(reader).filter(own | Q(owner=None, team__in=reader.team_ids))
    return rows.select_related("team", "state", "reference")


@register_waiting
def late_initiatives(reader: Any) -> Iterable[Waiting]:
    """The longest late first."""
    for each in past_their_end(mine(reader)).order_by("ends_likely", "pk")[:MOST]:
        note = f"{each.get_status_display()}, and its likely end is over"
        when = f"{counted(days_late(each), 'day')} late"
        yield Waiting(str(each), note, INITIATIVES.url_of(each), "See it", "rocket", "warn", when)


@register_waiting
def updates_due(reader: Any) -> Iterable[Waiting]:
    """The longest silent first."""
    for each in without_update(mine(reader)).order_by("state__updated_at", "started_on", "pk")[:MOST]:
        url = reverse("initiative-update", args=[each.name.lower()])
        when = f"no update for {counted(days_silent(each), 'day')}"
        yield Waiting(str(each), "It goes on: say how", url, "Post an update", "message", "idle", when)


@register_late("initiatives")
def late(reader: Any) -> Late:
    """How many initiatives of the reader are late, for the navigation."""
    return Late(past_their_end(mine(reader)).count(), "warn")
