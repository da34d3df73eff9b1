"""Figures over many incidents, each by one statement that takes their ids: 20,000 of them in some tens of ms."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import connection

from incidents.models import STAGES, Facet, FollowUpState, Mode, Point, ids_of
from portal.tenure import organisation_today

Rows = list[tuple[Any, ...]]


def _rows(statement: str, *values: Any) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: Rows = cursor.fetchall()
        return found


def _ids(pks: Sequence[int]) -> str:
    """As the database reads an array: a text that is written once is the quickest way to send thousands."""
    return _array(tuple(pks))


@lru_cache(maxsize=1)
def _array(pks: tuple[int, ...]) -> str:
    return f"{{{','.join(map(str, pks))}}}"


@dataclass(frozen=True)
class Times:
    """``lengths`` are the seconds of each stage, by its field, in the order in which the incidents were declared.
    ``waiting`` is how many were changed since they were counted, or not counted yet. ``contradict`` and ``doubtful``
    are how many incidents' times contradict themselves, or are rarely so; ``points`` how many say each of the five
    times; ``about`` how many know one of them only roughly. ``facets`` and ``modes`` are how many say anything of
    each."""

    lengths: dict[str, np.ndarray]
    waiting: int
    contradict: int
    doubtful: int
    about: int
    points: dict[str, int]
    facets: dict[str, int]
    modes: dict[str, int]


_FIELDS = [stage.field for stage in STAGES]
_BITS: dict[str, Iterable[str]] = {"points": Point, "facets": Facet, "modes": Mode}


def _with_bits(column: str, choices: Iterable[str]) -> str:
    return ", ".join(f"count(*) FILTER (WHERE {column} & {1 << at} <> 0)" for at, _ in enumerate(choices))


_LENGTHS = f"""
    SELECT count(*) - count(*) FILTER (WHERE NOT is_stale),
           {", ".join(f"string_agg({each}::text, ' ')" for each in _FIELDS)},
           count(*) FILTER (WHERE problems <> '{{}}'), count(*) FILTER (WHERE doubts <> '{{}}'),
           count(*) FILTER (WHERE is_about), {", ".join(_with_bits(*each) for each in _BITS.items())}
      FROM (SELECT state.* FROM incidents_incident incident
              LEFT JOIN incidents_incidentstate state ON incident.id = incident_id
             WHERE incident.id = ANY(%s::bigint[]) ORDER BY declared_at, incident.id) ordered
"""  # noqa: S608  names of our own fields


def times(pks: Sequence[int]) -> Times:
    (row,) = _rows(_LENGTHS, _ids(pks))
    found = iter(row)
    waiting = next(found)
    lengths = {name: np.fromstring(next(found) or "", dtype=float, sep=" ") for name in _FIELDS}
    contradict, doubtful, about = next(found), next(found), next(found)
    bits: dict[str, dict[str, int]] = {}
    for column, choices in _BITS.items():
        bits[column] = {str(each): next(found) for each in choices}
    return Times(lengths, waiting, contradict, doubtful, about, **bits)


@dataclass(frozen=True)
class Cost:
    """How many incidents have a node, and what they did: minutes in which something was hit, customers (of each its
    largest window), minutes of error budget. None where nothing says so."""

    number: int
    impact_minutes: float | None
    customers: int | None
    budget_minutes: float | None


@dataclass(frozen=True)
class Tagged:
    """By node: ``own``, the incidents that have that very one; of each at the top ``under``, those that have it or one
    that is part of it. ``pairs`` of a trigger and a mitigation, both at the top: how many have both."""

    own: dict[int, Cost]
    under: dict[int, Cost]
    pairs: dict[tuple[int, int], int]


_COSTS = """
    SELECT node, count(*), sum(impact_minutes), sum(customers), sum(budget_minutes)
      FROM incidents_incidentstate, unnest({}) node WHERE incident_id = ANY(%s::bigint[]) GROUP BY node
"""
_PAIRS = """
    SELECT pair, count(*) FROM incidents_incidentstate, unnest(pairs) pair
     WHERE incident_id = ANY(%s::bigint[]) GROUP BY pair
"""


def tagged(pks: Sequence[int]) -> Tagged:
    ids = _ids(pks)
    pairs = {ids_of(pair): number for pair, number in _rows(_PAIRS, ids)}
    own, under = ({node: Cost(*sums) for node, *sums in _rows(_COSTS.format(each), ids)} for each in ("nodes", "tops"))
    return Tagged(own, under, pairs)


@dataclass(frozen=True)
class FollowUps:
    """How many there are in each state, how many of those committed to are late, how long the open ones wait (in the
    bands of AGES), how many days it took from the promise to done, and by node how many against it are open."""

    states: dict[str, int]
    late: int
    ages: list[int]
    days_to_done: list[float]
    open_against: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


# Days that open follow-ups have waited, up to.
AGES = (30, 90, 180, None)
# Asked once, because to find those of thousands of incidents takes longest.
_FOLLOW_UPS = """
    WITH asked AS MATERIALIZED (
        SELECT state, factor_id, due_on, created_at, committed_at, done_at, state IN ('idea', 'committed') AS is_open
          FROM incidents_followup WHERE incident_id = ANY(%s::bigint[])
    )
    SELECT 'state', state, count(*), count(*) FILTER (WHERE state = 'committed' AND due_on < %s), NULL::float8[]
      FROM asked GROUP BY state
    UNION ALL
    SELECT 'age', width_bucket(extract(epoch FROM now() - created_at) / 86400, ARRAY[30, 90, 180]::float8[])::text,
           count(*), 0, NULL
      FROM asked WHERE is_open GROUP BY 2
    UNION ALL
    SELECT 'factor', factor_id::text, count(*), 0, NULL FROM asked WHERE is_open AND factor_id IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'done', '', 0, 0, array_agg(extract(epoch FROM done_at - committed_at)::float8 / 86400)
      FROM asked WHERE done_at >= committed_at
"""


def follow_ups(pks: Sequence[int], today: dt.date | None = None) -> FollowUps:
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    late = 0
    done: list[float] = []
    for figure, key, number, over, days in _rows(_FOLLOW_UPS, _ids(pks), today or organisation_today()):
        numbers[figure][key] = number
        late, done = late + over, days or done
    states, bands = numbers["state"], numbers["age"]
    return FollowUps(
        {state.value: states.get(state.value, 0) for state in FollowUpState}, late,
        [bands.get(str(place), 0) for place in range(len(AGES))], done,
        {int(node): number for node, number in numbers["factor"].items()},
    )  # fmt: skip


_NEWEST = """
    SELECT name, declared_at, lasted_s FROM incidents_incidentstate state
      JOIN incidents_incident incident ON incident.id = incident_id
     WHERE incident_id = ANY(%s::bigint[]) AND lasted_s IS NOT NULL ORDER BY declared_at DESC, incident_id DESC LIMIT %s
"""


def newest(pks: Sequence[int], most: int) -> Rows:
    """(name, when it was declared, seconds from start to resolution), the newest last."""
    return _rows(_NEWEST, _ids(pks), most)[::-1]
