"""When maintenance is, in words: ``Every Sunday 07:30 to 08:30, Asia/Tokyo``, and when that is next for the reader."""

import datetime as dt
from zoneinfo import ZoneInfoNotFoundError

from django.utils import timezone

from services.health.models import MaintenanceWindow
from services.health.moments import duration
from services.health.plausible import LATEST_KEPT
from services.health.windows import occurrences

_DAY_MINUTES = 24 * 60
# Longer than from one weekly window to the next, however clocks change.
_AHEAD = dt.timedelta(days=9)


def when_in_words(window: MaintenanceWindow) -> str:
    """Its times of day: those of a weekly one in its own zone, those of a single one in the reader's."""
    if window.starts_at is not None and window.ends_at is not None:
        return _from_to(window.starts_at, window.ends_at)
    assert window.start_time is not None  # noqa: S101  the database holds no other
    every = f"Every {window.get_weekday_display()} {window.start_time:%H:%M}"
    minutes = window.minutes or 0
    if minutes >= _DAY_MINUTES:
        return f"{every} for {duration(minutes * 60)}, {window.zone}"
    # The date is any: of the clock alone is told, and that it is past midnight.
    ends = dt.datetime.combine(dt.date(2026, 1, 1), window.start_time) + dt.timedelta(minutes=minutes)
    next_day = " of the next day" if ends.day > 1 else ""
    return f"{every} to {ends:%H:%M}{next_day}, {window.zone}"


def next_in_words(window: MaintenanceWindow, now: dt.datetime) -> str:
    """``running until …``, ``next: …``, ``over``, or that its zone went out of use, in the reader's zone."""
    try:
        spans = occurrences(window, now, now + _AHEAD if window.weekday else LATEST_KEPT)
    except ZoneInfoNotFoundError:
        return f"never: there is no time zone {window.zone} any more"
    if not spans:
        return "over"
    begins, ends = min(spans)
    return f"running until {_moment(ends)}" if begins <= now else f"next: {_moment(begins)}"


def _moment(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def _from_to(starts: dt.datetime, ends: dt.datetime) -> str:
    begin, end = timezone.localtime(starts), timezone.localtime(ends)
    day = f"{begin:%a} {begin.day} {begin:%b %Y, %H:%M}"
    same_day = begin.date() == end.date() and begin.utcoffset() == end.utcoffset()
    return f"{day} to {end:%H:%M %Z}" if same_day else f"{day} to {_moment(end)}"
