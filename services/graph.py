"""The graph of who depends on whom, answered by PostgreSQL.

An edge runs from what fails to what suffers: ``a dependsOn b`` and ``a consumesApi b`` make b reach a;
``a providesApi b`` makes a reach b, so that users of an API suffer with its provider.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Ring:
    """Everything at one distance from the start: how many, a few of them, and the teams to tell."""

    depth: int
    total: int
    services: int
    sample: list[dict[str, Any]]
    teams: list[dict[str, Any]]
    tiers: dict[str, int]


_NEIGHBOURS = """
    SELECT subject_id FROM services_relation WHERE object_id = ANY(%(ids)s)
    UNION SELECT object_id FROM services_relation WHERE subject_id = ANY(%(ids)s)
"""


def neighbours(reference_ids: Iterable[int]) -> list[int]:
    """References with a relation to or from any of these."""
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, {"ids": list(reference_ids)})
        return [row[0] for row in cursor.fetchall()]


_REFRESH_COUNTS = """
    UPDATE services_entitystate state
       SET dependants = truth.dependants, dependencies = truth.dependencies, refreshed_at = now()
      FROM (SELECT entity.id,
                   (SELECT count(DISTINCT reached) FROM services_edge WHERE origin = entity.reference_id) AS dependants,
                   (SELECT count(DISTINCT origin) FROM services_edge WHERE reached = entity.reference_id)
                       AS dependencies
              FROM services_entity entity
             WHERE %(ids)s::bigint[] IS NULL OR entity.reference_id = ANY(%(ids)s::bigint[])) truth
     WHERE truth.id = state.entity_id
       AND (state.dependants, state.dependencies) IS DISTINCT FROM (truth.dependants, truth.dependencies)
"""


def refresh_counts(reference_ids: Iterable[int] | None = None) -> int:
    """Count direct dependants and dependencies anew, of these references or of all; return how many rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REFRESH_COUNTS,
            {"ids": None if reference_ids is None else list(reference_ids)},
        )
        return cursor.rowcount


# Names are looked up for what is shown only: a central entity reaches tens of thousands.
_RADIUS = """
    WITH reached AS MATERIALIZED (
        SELECT radius.depth, radius.reference_id, entity.tier, entity.type, entity.owner_id
          FROM services_blast_radius(%(start)s) radius
          LEFT JOIN services_entity entity ON entity.reference_id = radius.reference_id
         WHERE radius.reference_id <> ALL(%(hidden)s)),
    ring AS (
        SELECT depth, count(*) AS total, count(*) FILTER (WHERE type IN ('service', 'website')) AS services,
               array_agg(DISTINCT owner_id) AS owners,
               jsonb_build_object(
                   '0', count(*) FILTER (WHERE tier = 0), '1', count(*) FILTER (WHERE tier = 1),
                   '2', count(*) FILTER (WHERE tier = 2), '3', count(*) FILTER (WHERE tier = 3),
                   '4', count(*) FILTER (WHERE tier = 4), 'none', count(*) FILTER (WHERE tier IS NULL)) AS tiers
          FROM reached GROUP BY depth)
    SELECT depth, total, services,
           (SELECT jsonb_agg(jsonb_build_object('ref', canonical, 'name', label, 'tier', tier, 'attached', attached))
              FROM (SELECT canonical, label, tier, attached
                      FROM reached JOIN references_reference reference ON reference.id = reached.reference_id
                     WHERE reached.depth = ring.depth ORDER BY tier NULLS LAST, label LIMIT %(sample)s) AS shown),
           (SELECT jsonb_agg(jsonb_build_object('ref', canonical, 'name', label))
              FROM references_reference owner
             WHERE owner.id = ANY(ring.owners) AND owner.id <> ALL(%(hidden)s)),
           tiers
      FROM ring ORDER BY depth
"""


def blast_radius(reference_id: int, sample: int = 5, hidden: Iterable[int] = ()) -> list[Ring]:
    """Everything that transitively suffers when this fails, ring by ring, ``sample`` of each ring by name.

    References that are ``hidden`` are neither named nor counted, but what suffers by way of them is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RADIUS, {"start": reference_id, "sample": sample, "hidden": list(hidden)})
        rows = cursor.fetchall()
    return [
        Ring(depth, total, services, json.loads(named), json.loads(teams or "[]"), json.loads(tiers))
        for depth, total, services, named, teams, tiers in rows
    ]


_REACHED = """
    SELECT count(*) OVER (), radius.reference_id, radius.depth
      FROM services_blast_radius(%(start)s) radius
      JOIN references_reference reference ON reference.id = radius.reference_id
      LEFT JOIN services_entity entity ON entity.reference_id = radius.reference_id
     WHERE radius.reference_id <> ALL(%(hidden)s)
     ORDER BY radius.depth, entity.tier NULLS LAST, reference.label, reference.id
     LIMIT %(most)s OFFSET %(skip)s
"""


def reached(
    reference_id: int, *, most: int | None, skip: int = 0, hidden: Iterable[int] = ()
) -> tuple[int, dict[int, int]]:
    """How many suffer when this fails; and some of them, reference → depth, nearest and most important first."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, {"start": reference_id, "hidden": list(hidden), "most": most, "skip": skip})
        rows = cursor.fetchall()
    return rows[0][0] if rows else 0, {reference: depth for _, reference, depth in rows}
