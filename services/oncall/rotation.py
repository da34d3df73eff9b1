"""Who is on call when, of a rotation: arithmetic alone, without the database.

Days are counted on the calendar of the team and made into moments one by one, so that a shift begins at its hour by the
clock on the wall also in the weeks in which clocks change. An hour that a clock leaps over is the moment after the
leap; of one that comes twice it is the first. Both sides of a handover use the same moment: no gap, nothing twice.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Span:
    """Somebody on call from a moment until another: ``person`` by the id of a reference, or ``name`` where no person
    here is meant."""

    from_at: dt.datetime
    until_at: dt.datetime
    person: int | None = None
    name: str = ""
    stands_in: bool = False

    @property
    def who(self) -> tuple[int | None, str]:
        return self.person, self.name


@dataclass(frozen=True)
class Plan:
    """How a rotation goes round: from ``first_day`` at ``hand_over_at``, each shift ``length_days`` long."""

    first_day: dt.date
    hand_over_at: dt.time
    length_days: int
    zone: ZoneInfo

    def begins(self, number: int) -> dt.datetime:
        """The moment, in UTC, at which the shift of this number begins, counted from 0."""
        day = self.first_day + dt.timedelta(days=number * self.length_days)
        return dt.datetime.combine(day, self.hand_over_at, self.zone).astimezone(dt.UTC)

    def number_at(self, moment: dt.datetime) -> int:
        """The number of the shift at a moment; negative before the first."""
        days = (moment.astimezone(self.zone).date() - self.first_day).days
        number = days // self.length_days
        return number if self.begins(number) <= moment else number - 1


def shifts(plan: Plan, people: Sequence[int], start: dt.datetime, end: dt.datetime) -> Iterator[Span]:
    """The shifts that touch the time from ``start`` to ``end``, whole, in order; none before the first day."""
    number = max(0, plan.number_at(start))
    while people and (begins := plan.begins(number)) < end:
        yield Span(begins, plan.begins(number + 1), people[number % len(people)])
        number += 1


def with_stand_ins(spans: Iterable[Span], stand_ins: Iterable[Span]) -> list[Span]:
    """The shifts with each stand-in laid over what was there before, the later ones over the earlier."""
    laid = list(spans)
    for each in stand_ins:
        laid = [rest for span in laid for rest in _without(span, each)]
        laid.append(replace(each, stands_in=True))
    return sorted(laid, key=lambda span: (span.from_at, span.until_at))


def _without(span: Span, taken: Span) -> Iterator[Span]:
    """What is left of a shift when another takes its time."""
    if taken.until_at <= span.from_at or span.until_at <= taken.from_at:
        yield span
        return
    if span.from_at < taken.from_at:
        yield replace(span, until_at=taken.from_at)
    if taken.until_at < span.until_at:
        yield replace(span, from_at=taken.until_at)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans of the same people that touch each other, as one: a rotation of one person is one long shift."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.from_at, each.until_at)):
        before = next(
            (each for each in reversed(found) if (each.who, each.stands_in) == (span.who, span.stands_in)), None
        )
        if before is not None and span.from_at <= before.until_at:
            found[found.index(before)] = replace(before, until_at=max(before.until_at, span.until_at))
        else:
            found.append(span)
    return found
