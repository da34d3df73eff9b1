"""How the five times of an incident are said."""

import datetime as dt

from django.utils import timezone

from incidents.models import IncidentTime, Precision


def known_how(time: IncidentTime) -> str:
    """How well a time is known and who says so: ``give or take 3 min, the alert``."""
    return ", ".join(part for part in (precision_of(time), time.source) if part)


def precision_of(time: IncidentTime) -> str:
    """``give or take 3 min``, ``14:10 at the latest``; nothing for one that is exact."""
    if time.precision == Precision.ABOUT:
        return f"give or take {lasting(dt.timedelta(seconds=time.give_or_take_s or 0))}"
    if time.precision == Precision.INTERVAL and time.until:
        latest = timezone.localtime(time.until)
        is_same_day = latest.date() == timezone.localtime(time.at).date()
        return f"{latest:%H:%M}{'' if is_same_day else f' on {latest.day} {latest:%b}'} at the latest"
    return ""


def lasting(length: dt.timedelta) -> str:
    """``25 min``, ``2 h 10 min``, ``3 d 4 h``; seconds where there are no minutes."""
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
