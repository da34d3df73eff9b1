"""Spans of time as the pages of health say them."""

import datetime as dt

from services.health.samples import organisation_day

_DAY, _HOUR, _MINUTE = 86_400, 3600, 60
_WORDS = ((_DAY, "day", _HOUR), (_HOUR, "hour", _MINUTE), (_MINUTE, "minute", 1))
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
FAR_DAYS = 730


def span_in_words(span: dt.timedelta) -> str:
    """About how long it is, in a sentence: ``3 days``, ``1 hour``, ``40 seconds``, in the largest unit that it has one
    of once it is rounded to the next smaller."""
    seconds = span.total_seconds()
    for unit, word, smaller in _WORDS:
        if round(seconds / smaller) * smaller >= unit:
            return counted(round(seconds / unit), word)
    return counted(round(seconds), "second")


def duration(seconds: float) -> str:
    """How long it is, as a figure: ``45 s``, ``5 min``, ``2 h 10 min``, ``3 d 4 h``, in at most two units."""
    finest = _HOUR if seconds >= _DAY else _MINUTE if seconds >= _HOUR else 1
    left, parts = round(seconds / finest) * finest, []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        parts += [f"{count:,} {unit}"] if count else []
    return " ".join(parts) or "0 s"


def days_in_words(day: dt.date | None) -> str:
    """How far off a day is: ``in 12 days``, ``today``, ``3 days ago``; nothing for no day."""
    if day is None:
        return ""
    left = (day - organisation_day()).days
    if left == 0:
        return "today"
    if left < 0:
        return f"{counted(-left, 'day')} ago"
    return f"in {counted(left, 'day')}" if left <= FAR_DAYS else f"in {left / 365:.0f} years"


def counted(number: int, word: str) -> str:
    """``1 day``, ``1,200 days``"""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
