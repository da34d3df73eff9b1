"""When no answer is expected of an entity: once, or every week at a time of a zone. Weekly windows are computed.

A weekly window begins when the clocks of its zone show its time, and lasts so many minutes that pass. On the day a
clock goes forward, a time that it leaves out is as much later as it skips; on the day it goes back, a time that comes
twice means the first.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from services.health.models import MaintenanceWindow, Weekday

log = structlog.get_logger(__name__)
_WEEK = dt.timedelta(days=7)
Span = tuple[dt.datetime, dt.datetime]


def in_maintenance(windows: Iterable[MaintenanceWindow], at: dt.datetime) -> MaintenanceWindow | None:
    """The window that holds at a moment, if any; an end is no longer part of its window."""
    return next((window for window in windows if _holds(window, at)), None)


def _holds(window: MaintenanceWindow, at: dt.datetime) -> bool:
    try:
        return bool(occurrences(window, at, at + dt.timedelta(microseconds=1)))
    except (ZoneInfoNotFoundError, OverflowError):
        # Its zone went out of use, say. What is asked of everything else does not stop for it.
        log.exception("A maintenance window cannot be computed and does not hold.", window=window.pk)
        return False


def occurrences(window: MaintenanceWindow, start: dt.datetime, end: dt.datetime) -> list[Span]:
    """The spans (UTC) of a window that share a moment with the span from ``start`` to, not including, ``end``."""
    if window.starts_at is not None and window.ends_at is not None:
        spans = [(window.starts_at.astimezone(dt.UTC), window.ends_at.astimezone(dt.UTC))]
    else:
        spans = _weekly(window, start, end)
    return [(begins, ends) for begins, ends in spans if begins < end and ends > start]


def _weekly(window: MaintenanceWindow, start: dt.datetime, end: dt.datetime) -> list[Span]:
    """Every span that could touch: from the one that may have begun a week before ``start``, the longest there is."""
    assert window.start_time is not None  # noqa: S101
    zone, lasts = ZoneInfo(window.zone), dt.timedelta(minutes=window.minutes or 0)
    day = (start - lasts).astimezone(zone).date() - dt.timedelta(days=1)
    day += dt.timedelta(days=(Weekday.values.index(window.weekday) - day.weekday()) % 7)
    last = end.astimezone(zone).date()
    spans = []
    while day <= last:
        begins = dt.datetime.combine(day, window.start_time, zone).astimezone(dt.UTC)
        spans.append((begins, begins + lasts))
        day += _WEEK
    return spans


def windows_of(entity_ids: Collection[int], now: dt.datetime) -> dict[int, list[MaintenanceWindow]]:
    """The windows of entities that are not over, by entity; one query."""
    found: dict[int, list[MaintenanceWindow]] = defaultdict(list)
    for window in MaintenanceWindow.objects.filter(entity__in=entity_ids).exclude(ends_at__lt=now - _WEEK):
        found[window.entity_id].append(window)
    return found
