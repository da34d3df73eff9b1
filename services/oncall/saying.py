"""Who is on call, as pages say it."""

import datetime as dt

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.cells import owner_html
from portal.collections import reference_url
from services.oncall.models import Schedule, Shift, Way
from services.oncall.reading import OnCall

_BREAK = mark_safe("<br>")


def moment(at: dt.datetime) -> SafeString:
    """``today 17:00``, ``Mon 09:00``, ``7 Dec 09:00``, on the reader's clocks; the exact time behind it."""
    local, today = timezone.localtime(at), timezone.localdate()
    days = (local.date() - today).days
    day = {0: "today", 1: "tomorrow"}.get(days) or (f"{local:%a}" if 0 < days < 7 else f"{local.day} {local:%b}")
    exact = f"{local.day} {local:%b %Y, %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{} {}</time>', at.isoformat(), exact, day, f"{local:%H:%M}")


def who(shift: Shift) -> SafeString:
    """The person with a link, or what the calendar says."""
    if shift.person is None:
        return format_html("{}", shift.name)
    url = reference_url(shift.person.canonical, shift.person.attached)
    return owner_html(shift.person.label, url, "user", shift.person.attached)


def everybody(found: OnCall) -> SafeString:
    """All who are on call now, or that nobody is."""
    if not found.now:
        return format_html('<span class="gw-muted">{}</span>', "nobody")
    return format_html_join(_BREAK, "{}", ((who(each),) for each in found.now))


def until(found: OnCall) -> SafeString | str:
    """``until Mon 09:00``; of a gap who comes after it."""
    if found.until is None:
        return "nobody is planned"
    if not found.now and found.next:
        return format_html("until {}, then {}", moment(found.until), found.next.who)
    return format_html("until {}", moment(found.until))


def rule(schedule: Schedule) -> str:
    """How it goes round, in words: ``Handed over every Monday at 09:00, Europe/Lisbon``."""
    if schedule.way == Way.CALENDAR or schedule.first_day is None:
        return "Kept in a calendar of another system"
    weeks, days = divmod(schedule.length_days, 7)
    if days:
        often = "every day" if schedule.length_days == 1 else f"every {schedule.length_days} days"
    else:
        often = f"every {schedule.first_day:%A}" if weeks == 1 else f"every {weeks} weeks on {schedule.first_day:%A}"
    return f"Handed over {often} at {schedule.hand_over_at:%H:%M}, {schedule.zone}"
