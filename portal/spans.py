"""The span of time that a page or a chart is asked for: ``range=7d``, or ``from=2026-11-01&to=2026-11-08``."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import BadRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.http import urlencode

DAY = dt.timedelta(days=1)
RANGES = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "1y": 365 * DAY}
WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "1y": "a year"}
LONGEST = 3 * 366 * DAY
# Beyond these years some zones have no midnight that could be reckoned with.
YEARS = range(2000, 2101)
NAMES = ("range", "from", "to")


@dataclass(frozen=True)
class Span:
    """From ``start`` up to, not including, ``end``. ``name`` is that of a range, empty for one from day to day, or from
    moment to moment; that one was ``asked`` for in these words."""

    start: dt.datetime
    end: dt.datetime
    name: str = ""
    asked: str = field(default="", compare=False)

    @property
    def length(self) -> dt.timedelta:
        return self.end - self.start

    def days_in(self, zone: dt.tzinfo | None = None) -> tuple[dt.date, dt.date]:
        """The first and the last day that it has a part of: days of the reader's zone, or of the one that is named."""
        last = self.end - dt.timedelta(microseconds=1)
        return timezone.localtime(self.start, zone).date(), timezone.localtime(last, zone).date()

    @property
    def first_day(self) -> dt.date:
        return self.days_in()[0]

    @property
    def last_day(self) -> dt.date:
        return self.days_in()[1]

    @property
    def words(self) -> str:
        """``the last 7 days``, or ``1 Nov 2026 to 8 Nov 2026``."""
        if self.name:
            return f"the last {WORDS[self.name].removeprefix('a ')}"
        first, last = self.first_day, self.last_day
        return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"

    @property
    def query(self) -> str:
        """The parameters that ask for this span."""
        return f"range={self.name}" if self.name else self.asked or f"from={self.first_day}&to={self.last_day}"


def span_of(parameters: Mapping[str, str], default: str) -> Span:
    """The span that parameters ask for; raises BadRequest naming what is wrong and what there is."""
    first, last, name = (parameters.get(key, "") for key in ("from", "to", "range"))
    if first or last:
        if name:
            raise BadRequest("Ask for range, or for from and to, not for both.")
        return _from_to(first, last)
    name = name or default
    if name not in RANGES:
        instead = f"There are: {', '.join(RANGES)}. Or name days: from=2026-11-01&to=2026-11-08."
        raise BadRequest(f"range={name[:40]} is no range. {instead}")
    now = timezone.now()
    return Span(now - RANGES[name], now, name)


def _from_to(first: str, last: str) -> Span:
    """Days include the last one; moments do not. Without ``to`` it is until now."""
    if not first:
        raise BadRequest(f"to={last[:40]} needs a from, such as from=2026-11-01.")
    start = _moment("from", first)
    end = _moment("to", last, DAY) if last else timezone.now()
    if start >= end:
        raise BadRequest(f"from={first[:40]} is not before to={last[:40] or 'now'}.")
    if end - start > LONGEST:
        raise BadRequest(f"from={first[:40]} to={last[:40] or 'now'} is more than three years. Ask for less at once.")
    asked = {"from": first, "to": last} if last else {"from": first}
    return Span(start, end, asked=urlencode(asked))


def _moment(name: str, text: str, more: dt.timedelta = dt.timedelta(0)) -> dt.datetime:
    """Midnight of a day in the reader's zone, ``more`` later; or a moment with a zone."""
    try:
        if day := parse_date(text):
            moment: dt.datetime | None = timezone.make_aware(dt.datetime.combine(day, dt.time()) + more)
        else:
            moment = parse_datetime(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or timezone.is_naive(moment) or moment.year not in YEARS:
        raise BadRequest(
            f"{name}={text[:40]} is no day, such as 2026-11-01, and no moment, such as 2026-11-01T12:00:00Z, "
            f"of the years {YEARS[0]} to {YEARS[-1]}."
        )
    return moment


def range_links(span: Span, path: str, anchor: str, names: Iterable[str] = RANGES) -> list[dict[str, Any]]:
    """A link for each of these ranges, on the page at ``path``, coming back to the part ``anchor``."""
    return [
        {"label": name, "words": f"The last {WORDS[name].removeprefix('a ')}",
         "url": f"{path}?range={name}#{anchor}", "current": span.name == name}
        for name in names
    ]  # fmt: skip
