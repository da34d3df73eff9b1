"""Spans of time as the pages of health say them."""

import datetime as dt

from services.health.samples import organisation_day

_UNITS = ((dt.timedelta(days=1), "day"), (dt.timedelta(hours=1), "hour"), (dt.timedelta(minutes=1), "minute"))
FAR_DAYS = 730


def span_in_words(span: dt.timedelta) -> str:
    """``3 days``, ``1 hour``, ``40 seconds``: in the largest unit that it has one of."""
    for unit, word in _UNITS:
        if span >= unit:
            return _counted(round(span / unit), word)
    return _counted(round(span.total_seconds()), "second")


def days_in_words(day: dt.date | None) -> str:
    """How far off a day is: ``in 12 days``, ``today``, ``3 days ago``; nothing for no day."""
    if day is None:
        return ""
    left = (day - organisation_day()).days
    if left == 0:
        return "today"
    if left < 0:
        return f"{_counted(-left, 'day')} ago"
    return f"in {_counted(left, 'day')}" if left <= FAR_DAYS else f"in {left / 365:.0f} years"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
