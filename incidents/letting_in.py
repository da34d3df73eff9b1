"""Who sees a private incident: its access list, which is never left without anybody.

Incidents that were merged into each other name each other in their timelines, so whoever is let into one of them is let
into all, and whoever is taken out of one is taken out of all.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.models import Access, Assignment, Incident
from portal.people.models import Membership
from portal.references.models import Reference


def sees(incident: Incident, person: Reference) -> bool:
    """Whether a person is on the access list, or in a team that is."""
    teams = Membership.objects.current().filter(person=person, trusted=True).values("team")
    rows = Access.objects.filter(incident=incident)
    return rows.filter(who=person).exists() or rows.filter(who__in=teams).exists()


def seen_by(incident: Incident) -> frozenset[int]:
    """The references of those on the access list."""
    return frozenset(Access.objects.filter(incident=incident).values_list("who", flat=True))


@transaction.atomic
def let_in(*, by: Any, incident: Incident, who: Iterable[Reference]) -> list[Reference]:
    """Let people and teams see a private incident; returns those who did not see it by themselves before.

    Raises ValidationError for an incident that everybody sees.
    """
    held = _hold(incident)
    if not held.is_private:
        raise ValidationError({"who": f"{held.name} is not private. Everybody who is signed in sees it."})
    there = set(Access.objects.filter(incident=held).values_list("who", flat=True))
    new = [each for each in dict.fromkeys(who) if each.pk not in there]
    rows = [Access(incident=one, who=each) for one in _merged_with(held) for each in new]
    Access.objects.bulk_create(rows, ignore_conflicts=True)
    return new


@transaction.atomic
def take_out(*, by: Any, incident: Incident, who: Reference) -> None:
    """Let somebody see it no longer. Raises ValidationError where then nobody would, or where somebody would hold a
    role in what they do not see."""
    held = _hold(incident)
    left = Reference.objects.filter(incident_access__incident=held).exclude(pk=who.pk)
    if not has_anybody(left):
        raise ValidationError(f"Then nobody would see {held.name}. Let somebody else in first.")
    together = _merged_with(held)
    Access.objects.filter(incident__in=together, who=who).delete()
    held_roles = Assignment.objects.filter(incident__in=together, to_at=None)
    for each in held_roles.select_related("person", "role", "incident"):
        if not sees(each.incident, each.person):
            told = f"{each.person} is {each.role} of {each.incident.name}. Hand that role over first."
            raise ValidationError(told)


def _merged_with(incident: Incident) -> list[Incident]:
    """An incident with those that it was merged with, whichever went on."""
    first = incident
    while first.merged_into is not None:
        first = first.merged_into
    found = level = [first]
    while level := list(Incident.objects.filter(merged_into__in=level)):
        found = [*found, *level]
    return found


def has_anybody(who: Iterable[Reference]) -> bool:
    """Whether there is a person among them, or a team that has anybody in it."""
    kinds = {each.pk: each.kind for each in who}
    if "user" in kinds.values():
        return True
    return bool(Membership.objects.current().filter(team__in=kinds, trusted=True).exists())


def _hold(incident: Incident) -> Incident:
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
