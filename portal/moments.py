"""How moments are said: relative up to seven days, then the date; the exact time is always behind it."""

import datetime as dt

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment_text(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """``49 min ago``, ``yesterday``, ``19 Nov 2026``, in the reader's time zone."""
    now = now or timezone.now()
    seconds = (now - moment).total_seconds()
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    if not 0 <= seconds < 7 * 86400:
        return f"{local.day} {local:%b %Y}"
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    days = (today - local.date()).days
    if seconds < 86400 and days == 0:
        return f"{int(seconds // 3600)} h ago"
    return "yesterday" if days <= 1 else f"{days} days ago"


def exact_text(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"


def moment_html(moment: dt.datetime) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact_text(moment),
        moment_text(moment),
    )
