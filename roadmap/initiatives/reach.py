"""What an initiative reaches: everything that depends on the services it is linked to, near and far."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from portal.fields import kinds_of
from portal.people.models import Team
from portal.references.models import Reference
from roadmap.models import Initiative, InitiativeState, Link
from services.health.moments import counted
from services.models import Entity

# Walked in one query each; a task does so for all.
BATCH = 200
_REACHED = """
    SELECT reference_id, min(depth) FROM (
        SELECT radius.reference_id, radius.depth
          FROM unnest(%(start)s::bigint[]) AS start(id), services_blast_radius(start.id) radius) every_way
     WHERE reference_id <> ALL(%(start)s::bigint[])
     GROUP BY reference_id
"""


def reached_from(services: Iterable[int]) -> dict[int, int]:
    """Reference → how many steps away, of all that suffers when one of these services changes."""
    start = list(services)
    if not start:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"start": start})
        return dict(cursor.fetchall())


def refresh(initiatives: Sequence[int] | None = None) -> int:
    """Count anew what these initiatives reach, or all that are linked to services or counted something before;
    returns how many counts changed."""
    pks = list(initiatives) if initiatives is not None else _to_count()
    changed = 0
    for start in range(0, len(pks), BATCH):
        changed += _refresh(pks[start : start + BATCH])
    return changed


def _to_count() -> list[int]:
    linked = set(Link.objects.filter(service__isnull=False).values_list("initiative", flat=True))
    return sorted(linked | set(InitiativeState.objects.filter(reached__gt=0).values_list("initiative", flat=True)))


def _refresh(pks: list[int]) -> int:
    services: dict[int, list[int]] = {pk: [] for pk in pks}
    for initiative, service in Link.objects.filter(initiative__in=pks, service__isnull=False).values_list(
        "initiative", "service"
    ):
        services[initiative].append(service)
    reached = {pk: reached_from(starts) for pk, starts in services.items()}
    parts = Entity.objects.filter(reference__in={each for found in reached.values() for each in found})
    # People own things too, and so do names that nobody has described yet: neither is a team.
    of_teams = parts.filter(owner__kind__in=kinds_of(Team), owner__attached=True)
    owned_by = dict(of_teams.values_list("reference", "owner"))
    changed, now = [], timezone.now()
    for state in InitiativeState.objects.filter(initiative__in=pks):
        found = reached[state.pk]
        teams = {owned_by[each] for each in found if each in owned_by}
        if (state.reached, state.reached_teams) != (len(found), len(teams)):
            state.reached, state.reached_teams, state.refreshed_at = len(found), len(teams), now
            changed.append(state)
    InitiativeState.objects.bulk_update(changed, ["reached", "reached_teams", "refreshed_at"])
    return len(changed)


@dataclass(frozen=True)
class Reached:
    """One thing that would feel it, so many steps away."""

    entity: Entity
    depth: int


def downstream(initiative: Initiative, reader: Any) -> list[Reached]:
    """What it reaches as far as the reader may know of it: the nearest first, then the most important."""
    from services.collections import ENTITIES

    services = Link.objects.filter(initiative=initiative, service__isnull=False).values_list("service", flat=True)
    depths = reached_from(services)
    seen = ENTITIES.visible(reader).filter(reference__in=depths).select_related("owner", "reference")
    found = [Reached(each, depths[each.reference_id]) for each in seen]
    return sorted(
        found, key=lambda each: (each.depth, 9 if each.entity.tier is None else each.entity.tier, str(each.entity))
    )


@dataclass(frozen=True)
class ToTell:
    """Who owns what is reached, each with how many parts, the most first: teams apart from people, and from names that
    nobody has described."""

    teams: list[tuple[Reference, int]]
    people: list[tuple[Reference, int]]
    undescribed: list[tuple[Reference, int]]

    @property
    def words(self) -> str:
        """``27 teams, 2 people and 1 undescribed name``"""
        said = [counted(len(self.teams), "team")]
        if self.people:
            said.append("1 person" if len(self.people) == 1 else f"{len(self.people):,} people")
        if self.undescribed:
            said.append(counted(len(self.undescribed), "undescribed name"))
        return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def to_tell(found: Iterable[Reached]) -> ToTell:
    owners = Counter(each.entity.owner for each in found if each.entity.owner is not None)
    told = ToTell([], [], [])
    for owner, number in sorted(owners.items(), key=lambda pair: (-pair[1], str(pair[0]))):
        group = told.teams if owner.kind in kinds_of(Team) else told.people
        (group if owner.attached else told.undescribed).append((owner, number))
    return told
