"""How the last 90 days were: one state a day for a check, or for all that is asked of an entity.

Days are those of the organisation's time zone (TIME_ZONE). What is summed is kept by days of UTC and their hours, so
that the hours of each end of such a day are moved to the day they belong to; days whose hours are no longer kept stay
as they are. What has come since the last summing is counted from the raw answers.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, models
from django.utils import timezone

from portal.cells import share_text
from services.health.models import Check, CheckKind, RollUpMark
from services.health.moments import counted
from services.health.partitions import RESULTS
from services.health.rollup import COUNT_COLUMNS, COUNTS
from services.health.samples import organisation_day, organisation_zone
from services.health.saying import percent

DAYS = 90
# From which share of the answers on a day counts as down, or as degraded. One failed answer alone is no down.
DOWN_FROM, DEGRADED_FROM, SLOW_FROM = 0.01, 0.001, 0.05
FEWEST_DOWN = 2
# From this share of what should have come on, nobody has to be told that some is missing.
FULLY_MEASURED = 0.995


class DayState(models.TextChoices):
    """What a day was, from what speaks first: of several checks the worst one that was measured."""

    DOWN = "down", "down"
    DEGRADED = "degraded", "degraded"
    HEALTHY = "healthy", "healthy"
    MAINTENANCE = "maintenance", "in maintenance"
    MISSING = "missing", "without data"


_ORDER = tuple(DayState)
LOOKS = {
    DayState.DOWN: "bad",
    DayState.DEGRADED: "warn",
    DayState.HEALTHY: "ok",
    DayState.MAINTENANCE: "info",
    DayState.MISSING: "idle",
}


class Tally(NamedTuple):
    """Answers of a day; ``slow`` ones are part of ``good``, and those in maintenance of none of the others."""

    good: int = 0
    slow: int = 0
    bad: int = 0
    late: int = 0
    maintenance: int = 0

    def plus(self, other: Sequence[int], sign: int = 1) -> "Tally":
        return Tally(*(mine + sign * theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def measured(self) -> int:
        return self.good + self.bad

    @property
    def state(self) -> DayState:
        if not self.measured:
            return DayState.MAINTENANCE if self.maintenance else DayState.MISSING
        failed = self.bad / self.measured
        if failed >= DOWN_FROM and self.bad >= FEWEST_DOWN:
            return DayState.DOWN
        unwell = failed >= DEGRADED_FROM or self.slow / self.measured >= SLOW_FROM
        return DayState.DEGRADED if unwell else DayState.HEALTHY


NOTHING = Tally()


@dataclass(frozen=True)
class Day:
    """One bar: its day, what it was, and the answers behind it. ``pings`` are those of them that were awaited of jobs
    (heartbeats); the others were asked for."""

    day: dt.date
    state: DayState
    tally: Tally
    pings: Tally = NOTHING

    @property
    def look(self) -> str:
        return LOOKS[self.state]

    @property
    def word(self) -> str:
        """What it was, in words: a day on which nothing came of what was awaited is another than one of which nothing
        is known."""
        return "without a ping" if self.state == DayState.MISSING and self.pings.late else str(self.state.label)

    @property
    def answers(self) -> str:
        """What was answered, in words."""
        told, unasked = self.tally, self.tally.late - self.pings.late
        parts = [f"{told.bad:,} of {told.measured:,} answers failed"] if told.bad else []
        parts += [f"{told.slow:,} came slowly"] if told.slow else []
        parts += [f"{unasked:,} not asked in time"] if unasked else []
        parts += [f"{counted(self.pings.late, 'ping')} did not come"] if self.pings.late else []
        parts += [f"{told.maintenance:,} in maintenance"] if told.maintenance else []
        if told.measured and not told.bad:
            is_of_pings = told.measured == self.pings.measured
            good = f"{counted(told.measured, 'ping')} came" if is_of_pings else counted(told.measured, "good answer")
            parts.insert(0, good)
        return ", ".join(parts)

    def __str__(self) -> str:
        said = f"{self.day.day} {self.day:%b}: {self.word}"
        return f"{said}, {self.answers}" if self.answers else said


@dataclass(frozen=True)
class Strip:
    """Days, oldest first."""

    days: tuple[Day, ...]

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """(look, word, number of days) of each state that there was, the best first; those without data last."""
        first = (DayState.HEALTHY, DayState.DEGRADED, DayState.DOWN, DayState.MAINTENANCE, DayState.MISSING)
        words = Counter((first.index(day.state), day.look, day.word) for day in self.days)
        return [(look, word, number) for (_, look, word), number in sorted(words.items())]

    @property
    def summary(self) -> str:
        """Such as ``The last 90 days: 83 healthy, 6 degraded, 1 down``."""
        words = ", ".join(f"{number} {word}" for _, word, number in self.counts)
        return f"The last {len(self.days)} days: {words}"

    @property
    def is_empty(self) -> bool:
        return all(day.state == DayState.MISSING for day in self.days)

    @property
    def unwell(self) -> list[Day]:
        """The days to explain, newest first."""
        plain = {DayState.HEALTHY, DayState.MISSING}
        return [day for day in reversed(self.days) if day.state not in plain or day.pings.late]

    @property
    def is_of_pings(self) -> bool:
        """Whether nothing was asked: all that came, or did not, are pings of jobs."""
        return any(sum(day.pings) for day in self.days) and all(day.tally == day.pings for day in self.days)

    @property
    def attained(self) -> float | None:
        """Share of good answers of all that were measured."""
        measured = sum(day.tally.measured for day in self.days)
        return sum(day.tally.good for day in self.days) / measured if measured else None

    @property
    def came(self) -> float | None:
        """Share of what should have come, in maintenance nothing, that came at all."""
        measured, late = sum(day.tally.measured for day in self.days), sum(day.tally.late for day in self.days)
        return measured / (measured + late) if measured + late else None

    @property
    def quality(self) -> str:
        """How many of the answers were good, and of how many that is where some are missing; of pings, which are never
        bad, how many came. Empty where nothing is known."""
        if self.came is None:
            return ""
        if self.is_of_pings:
            return f"{share_text(self.came)} of the pings came"
        if self.attained is None:
            return ""
        good = f"{share_text(self.attained)} of the answers were good"
        return good if self.came >= FULLY_MEASURED else f"{good}; {percent(self.came)} were measured"

    @property
    def paths(self) -> list[tuple[str, str]]:
        """(look, path) of each state for a small picture: bars 3 wide and 4 apart, 28 high; the height tells the state
        as the colour does."""
        bars: dict[str, list[str]] = defaultdict(list)
        for at, day in enumerate(self.days):
            height = _HEIGHTS[day.state]
            bars[day.look].append(f"M{4 * at + 0.5} {28 - height}h3v{height}h-3z")
        return [(look, "".join(parts)) for look, parts in bars.items()]


_HEIGHTS = {
    DayState.HEALTHY: 28,
    DayState.DEGRADED: 19,
    DayState.DOWN: 10,
    DayState.MAINTENANCE: 5,
    DayState.MISSING: 2,
}
Tallies = dict[int, dict[dt.date, Tally]]


def strips(checks: Iterable[Check], days: int = DAYS) -> dict[int, Strip]:
    """The strip of each of these checks, by its id, up to today; two queries however many."""
    kinds = {check.pk: check.kind for check in checks}
    if not kinds:
        return {}
    today = organisation_day()
    span = [today - dt.timedelta(days=back) for back in reversed(range(days))]
    tallies = _tallies(list(kinds), span[0], today)
    return {of_id: _strip(span, tallies[of_id], kind == CheckKind.HEARTBEAT) for of_id, kind in kinds.items()}


def together(found: Iterable[Strip]) -> Strip:
    """One strip for several checks: on each day the worst of them speaks, and their answers are added."""
    return Strip(tuple(_worst(same_day) for same_day in zip(*(each.days for each in found), strict=True)))


def _worst(same_day: Sequence[Day]) -> Day:
    tally = pings = NOTHING
    for each in same_day:
        tally, pings = tally.plus(each.tally), pings.plus(each.pings)
    return Day(same_day[0].day, min((each.state for each in same_day), key=_ORDER.index), tally, pings)


def _strip(span: Iterable[dt.date], known: Mapping[dt.date, Tally], is_heartbeat: bool) -> Strip:
    tallies = ((day, known.get(day, NOTHING)) for day in span)
    return Strip(tuple(Day(day, tally.state, tally, tally if is_heartbeat else NOTHING) for day, tally in tallies))


# Reading


class _Piece(NamedTuple):
    """Hours of a day of UTC, from ``start`` up to ``end``, that belong to ``day``; where the whole day of UTC was given
    to another, ``home``, they are taken from there."""

    start: int
    end: int
    day: dt.date
    home: dt.date | None


# Whole days of UTC; the hours of them that are another day here; and what no sum has yet. One trip for all three.
_COUNTED = f"""
    SELECT 'whole', of_id, day, NULL::date, good, slow, bad, late, maintenance FROM health_checkday
     WHERE of_id = ANY(%(ids)s) AND day >= %(first)s AND day < %(last)s
     UNION ALL
    SELECT 'moved', of_id, piece.day, piece.home, {
    ", ".join(f"sum(count) FILTER (WHERE (place - 1) %% {COUNTS} = {at})" for at in range(COUNTS))
}
      FROM unnest(%(utc)s::date[], %(start)s::int[], %(end)s::int[], %(there)s::date[], %(home)s::date[])
               piece(utc, first, last, day, home)
      JOIN health_checkday summed ON summed.day = piece.utc AND summed.of_id = ANY(%(ids)s),
           unnest(summed.hours[piece.first:piece.last]) WITH ORDINALITY packed(count, place)
     GROUP BY 2, 3, 4
     UNION ALL
    SELECT 'raw', of_id, (due_at AT TIME ZONE %(zone)s)::date, NULL::date, {COUNT_COLUMNS}
      FROM health_checkresult
     WHERE of_id = ANY(%(ids)s) AND due_at >= %(mark)s
     GROUP BY 2, 3
"""  # noqa: S608  the parts are constants


def _tallies(ids: list[int], first: dt.date, last: dt.date) -> Tallies:
    found: Tallies = {of_id: defaultdict(Tally) for of_id in ids}
    zone, day = organisation_zone(), dt.timedelta(days=1)
    mark = _summed_until()
    utc_days = [first - day + day * at for at in range((last - first).days + 3)]
    pieces = {each: _pieces(each, zone) for each in utc_days if each < mark.date()}
    moved = {**{each: there for each, (_, there) in pieces.items()}, mark.date(): _first_hours(mark, zone)}
    days = {"first": utc_days[0], "last": max(pieces, default=utc_days[0] - day) + day}
    asked = {"ids": ids, "zone": str(zone), "mark": mark, **days, **_columns(moved)}
    for part, of_id, there, home, *numbers in _read(_COUNTED, asked):
        on = pieces[there][0] if part == "whole" else there
        found[of_id][on] = found[of_id][on].plus(numbers)
        if home is not None:
            found[of_id][home] = found[of_id][home].plus(numbers, -1)
    return found


def _summed_until() -> dt.datetime:
    """From when on the raw answers are counted. Late answers take the mark back behind what is summed already, so that
    of the sums only the hours before it count."""
    mark = RollUpMark.objects.values_list("rolled_until", flat=True).first()
    return (mark or timezone.now() - dt.timedelta(days=RESULTS.keep_days)).astimezone(dt.UTC)


@lru_cache(maxsize=512)
def _pieces(utc: dt.date, zone: ZoneInfo) -> tuple[dt.date, tuple[_Piece, ...]]:
    """Which day most of a day of UTC is here, and the hours of it that are another."""
    here = _days_here(utc, 24, zone)
    home = max(set(here), key=here.count)
    return home, tuple(piece for piece in _grouped(here, home) if piece.day != home)


def _first_hours(mark: dt.datetime, zone: ZoneInfo) -> tuple[_Piece, ...]:
    """The hours of the mark's own day that are before it: the sum of the whole day has later ones too."""
    return tuple(_grouped(_days_here(mark.date(), mark.hour, zone), None))


def _days_here(utc: dt.date, hours: int, zone: ZoneInfo) -> list[dt.date]:
    """Which day each of the first hours of a day of UTC is here."""
    midnight = dt.datetime.combine(utc, dt.time(), tzinfo=dt.UTC)
    return [(midnight + dt.timedelta(hours=hour)).astimezone(zone).date() for hour in range(hours)]


def _grouped(here: Iterable[dt.date], home: dt.date | None) -> Iterator[_Piece]:
    start = 0
    for there, hours in groupby(here):
        end = start + len(list(hours))
        yield _Piece(start, end, there, home)
        start = end


def _columns(pieces: Mapping[dt.date, tuple[_Piece, ...]]) -> dict[str, list[Any]]:
    """The pieces as arrays by name: day of UTC, first and last place in the packed hours, day here, home."""
    rows = [
        (utc, piece.start * COUNTS + 1, piece.end * COUNTS, piece.day, piece.home)
        for utc, those in pieces.items()
        for piece in those
    ]
    return {name: [row[at] for row in rows] for at, name in enumerate(("utc", "start", "end", "there", "home"))}


def _read(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
