"""What an initiative reaches: everything that depends on the services it is linked to, near and far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from roadmap.models import Initiative, InitiativeState, Link
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
    owners = dict(
        Entity.objects.filter(reference__in={each for found in reached.values() for each in found}).values_list(
            "reference", "owner"
        )
    )
    changed, now = [], timezone.now()
    for state in InitiativeState.objects.filter(initiative__in=pks):
        found = reached[state.pk]
        teams = {owners.get(each) for each in found} - {None}
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
