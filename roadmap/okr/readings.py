"""The value of many metrics at once: last value, mean, sum or worst day in ten over so many days.

Three queries, however many are asked for. A day has the one value that ``services.health.samples`` gives it; means and
sums of good of total are of all its events, not of daily shares. Of an amount today is left out, since it is not all
in yet. A metric without data has no value and a ``problem`` that says so; nothing is raised.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from portal.tenure import organisation_today
from roadmap.models import Statistic
from services.health import samples
from services.health.models import MetricState
from services.health.providers import bounds
from services.health.saying import day_in_words

_INFINITE = float("inf")


@dataclass(frozen=True)
class Ask:
    """A value of ``metric_id`` as it stood on ``day`` (today, where none is named). ``high_is_good`` decides which end
    the worst days are at."""

    metric_id: int
    statistic: str = Statistic.LAST
    window_days: int = 7
    high_is_good: bool = False
    day: dt.date | None = None


@dataclass(frozen=True)
class Kept:
    """How many of the days from ``first`` to ``last`` had a value from ``low`` to ``high``."""

    metric_id: int
    first: dt.date
    last: dt.date
    low: float = -_INFINITE
    high: float = _INFINITE


@dataclass(frozen=True)
class Reading:
    """``at`` is when the newest of what counted was measured; ``days`` how many days counted, ``inside`` how many of
    them were inside."""

    value: float | None = None
    at: dt.datetime | None = None
    days: int = 0
    inside: int = 0
    problem: str = ""

    @property
    def share_inside(self) -> float | None:
        return self.inside / self.days if self.days else None


@dataclass(frozen=True)
class _Row:
    """One line of what the database is asked."""

    metric_id: int
    first: dt.date
    last: dt.date
    statistic: str = Statistic.MEAN
    rank: float = 0.9
    low: float = -_INFINITE
    high: float = _INFINITE


def read(asks: Mapping[Any, Ask]) -> dict[Any, Reading]:
    """The readings under the keys of what is asked."""
    return read_all(asks, {})[0]


def read_all(asks: Mapping[Any, Ask], kept: Mapping[Any, Kept]) -> tuple[dict[Any, Reading], dict[Any, Reading]]:
    """The values, and how many days were inside of what; in the same three queries."""
    today = organisation_today()
    asked = {each.metric_id for each in asks.values()} | {each.metric_id for each in kept.values()}
    states = _states(asked)
    # What stands now is kept beside the metric; all else is of days.
    by_day = {key: each for key, each in asks.items() if not _is_now(each, today)}
    rows = [*(_row(each, today) for each in by_day.values()), *(_row_kept(each) for each in kept.values())]
    found = _summed(rows, today, states)
    values = dict(zip(by_day, found[: len(by_day)], strict=True))
    for key, each in asks.items():
        reading = values[key] if key in values else _now(states.get(each.metric_id))
        values[key] = _told(each, reading, today)
    return values, dict(zip(kept, found[len(by_day) :], strict=True))


State = tuple[float | None, dt.datetime | None, str]


def _states(metric_ids: Iterable[int]) -> dict[int, State]:
    rows = MetricState.objects.filter(metric_id__in=list(metric_ids))
    return {pk: (value, at, problem) for pk, value, at, problem in rows.values_list("pk", "value", "at", "problem")}


def _is_now(ask: Ask, today: dt.date) -> bool:
    return ask.statistic == Statistic.LAST and (ask.day is None or ask.day >= today)


def _now(state: State | None) -> Reading:
    if state is None or state[0] is None:
        return Reading(problem=state[2] if state else "")
    return Reading(state[0], state[1], 1)


# How far back a last value is looked for, of a day that is over.
LAST_WITHIN_DAYS = 366


def _row(ask: Ask, today: dt.date) -> _Row:
    last = min(ask.day or today, today)
    days = LAST_WITHIN_DAYS if ask.statistic == Statistic.LAST else ask.window_days
    rank = 0.1 if ask.high_is_good else 0.9
    return _Row(ask.metric_id, last - dt.timedelta(days=days - 1), last, ask.statistic, rank)


def _row_kept(kept: Kept) -> _Row:
    return _Row(kept.metric_id, kept.first, kept.last, Statistic.LAST, low=kept.low, high=kept.high)


# What came since days were last summed is summed as it is read. Days of good of total without an event say nothing.
_READ = """
    WITH asked AS MATERIALIZED (
         SELECT asked.*, metric.kind
           FROM unnest(%(places)s::int[], %(ids)s::bigint[], %(firsts)s::date[], %(lasts)s::date[],
                       %(statistics)s::text[], %(ranks)s::float8[], %(lows)s::float8[], %(highs)s::float8[])
                AS asked(place, metric_id, first, last, statistic, rank, low, high)
           JOIN health_metric metric ON metric.id = asked.metric_id),
         fresh AS MATERIALIZED (
         SELECT metric_id, day, sum, last, good, total FROM ({open_days}) open_days),
         summed AS (
         SELECT * FROM fresh
          UNION ALL
         SELECT metric_id, day, sum, last, good, total FROM health_metricday kept
          WHERE metric_id = ANY(%(ids)s::bigint[]) AND day BETWEEN %(first)s AND %(last)s
            AND NOT EXISTS (SELECT FROM fresh WHERE fresh.metric_id = kept.metric_id AND fresh.day = kept.day)),
         days AS (
         SELECT place, day, good, total, statistic, rank, low, high, kind,
                CASE kind WHEN 'flow' THEN summed.sum
                          WHEN 'ratio' THEN COALESCE(good / NULLIF(total, 0), summed.last) ELSE summed.last END AS value
           FROM asked JOIN summed USING (metric_id)
          WHERE day BETWEEN asked.first AND asked.last
            AND NOT (kind = 'flow' AND day >= %(today)s) AND NOT (kind = 'ratio' AND total = 0))
    SELECT place, count(*), max(day), count(*) FILTER (WHERE value BETWEEN low AND high),
           CASE statistic
                WHEN 'last' THEN (array_agg(value ORDER BY day DESC))[1]
                WHEN 'p90' THEN percentile_cont(rank) WITHIN GROUP (ORDER BY value)
                WHEN 'sum' THEN CASE kind WHEN 'ratio' THEN COALESCE(sum(good) / NULLIF(sum(total), 0), avg(value))
                                          ELSE sum(value) END
                ELSE COALESCE(CASE kind WHEN 'ratio' THEN sum(good) / NULLIF(sum(total), 0) END, avg(value)) END
      FROM days GROUP BY place, statistic, rank, kind
"""


def _summed(rows: Sequence[_Row], today: dt.date, states: Mapping[int, State]) -> list[Reading]:
    """What the days of each row come to, in their order."""
    found = [Reading()] * len(rows)
    if not rows:
        return found
    first, last = min(row.first for row in rows), max(row.last for row in rows)
    unsummed = samples.unsummed_from()
    statement, given = samples.open_sums(max(first, unsummed), max(last, unsummed), {row.metric_id for row in rows})
    columns: dict[str, Any] = {
        "places": list(range(len(rows))), "ids": [row.metric_id for row in rows],
        "firsts": [row.first for row in rows], "lasts": [row.last for row in rows],
        "statistics": [str(row.statistic) for row in rows], "ranks": [row.rank for row in rows],
        "lows": [row.low for row in rows], "highs": [row.high for row in rows],
    }  # fmt: skip
    asked = {**columns, "first": first, "last": last, "today": today}
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(open_days=statement), {**given, **asked})
        for place, days, day, inside, value in cursor.fetchall():
            state = states.get(rows[place].metric_id)
            found[place] = Reading(value, _measured(day, state), days, inside)
    return found


def _measured(day: dt.date, state: State | None) -> dt.datetime:
    """The newest sample of a metric, or the end of a day that lies before it."""
    end = bounds(day)[1]
    return min(end, state[1]) if state and state[1] else end


def _told(ask: Ask, reading: Reading, today: dt.date) -> Reading:
    """The reading with a problem in words where there is no value."""
    if reading.value is not None:
        return reading
    if reading.problem:
        return Reading(problem=reading.problem)
    if _is_now(ask, today):
        return Reading(problem="Nothing is measured yet. Push values, or choose a metric that has some.")
    day = min(ask.day or today, today)
    days = LAST_WITHIN_DAYS if ask.statistic == Statistic.LAST else ask.window_days
    span = "on" if days == 1 else f"in the {days} days to"
    return Reading(problem=f"Nothing was measured {span} {day_in_words(day)}. Push values, or ask for more days.")
