"""The span of time that a timeline shows, and where in it a day stands."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

# Labels at the head of a timeline, and months between two of them.
MOST_LABELS = 9
STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
# Room on both sides of what is shown, so that no bar ends at the edge.
MARGIN_DAYS = 10


@dataclass(frozen=True)
class Month:
    """The first of a month: what it is called, and where it stands, in percent."""

    label: str
    at: float


@dataclass(frozen=True)
class Scale:
    """From the day ``first`` up to the day ``end``, which does not belong to it; both are the first of a month."""

    first: dt.date
    end: dt.date

    def at(self, day: dt.date) -> float:
        """Where a day begins, in percent of the width; beyond the edges, the edge."""
        share = 100 * (day - self.first).days / (self.end - self.first).days
        return round(min(max(share, 0.0), 100.0), 2)

    @property
    def in_words(self) -> str:
        """``October 2026 to June 2027``"""
        return f"{self.first:%B %Y} to {self.end - dt.timedelta(days=1):%B %Y}"

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def months(self) -> list[Month]:
        """The first of each month, or of every so many where there are too many to be read."""
        count = _months_between(self.first, self.end)
        step = next((each for each in STEPS if count / each <= MOST_LABELS), STEPS[-1])
        firsts = (_month_later(self.first, at) for at in range(0, count, step))
        return [Month(_label(day, is_first=day == self.first, step=step), self.at(day)) for day in firsts]


def scale_of(days: Iterable[dt.date], today: dt.date) -> Scale:
    """The months that all the days lie in, today among them."""
    every = [*days, today]
    room = dt.timedelta(days=MARGIN_DAYS)
    first, last = _minus(min(every), room), _plus(max(every), room)
    return Scale(first.replace(day=1), _month_later(last.replace(day=1), 1))


def _minus(day: dt.date, room: dt.timedelta) -> dt.date:
    return day - room if day - dt.date.min > room else dt.date.min


def _plus(day: dt.date, room: dt.timedelta) -> dt.date:
    latest = dt.date(dt.MAXYEAR, 11, 30)
    return min(day, latest - room) + room


def _months_between(first: dt.date, end: dt.date) -> int:
    return (end.year - first.year) * 12 + end.month - first.month


def _month_later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _label(day: dt.date, *, is_first: bool, step: int) -> str:
    if step >= 12:
        return f"{day:%Y}" if day.month == 1 else f"{day:%b %Y}"
    return f"{day:%b %Y}" if is_first or day.month <= step else f"{day:%b}"
