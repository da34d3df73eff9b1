"""How moments are said: relative up to seven days, then the date; the exact time is always behind it."""

import datetime as dt

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment_text(moment: dt.datetime, now: dt.datetime | None = None) -> str:
    """``49 min ago``, ``yesterday``, ``19 Nov 2026``, in the reader's time zone."""
    return _text_of(timezone.localtime(moment), now or timezone.now())


def _text_of(local: dt.datetime, now: dt.datetime) -> str:
    """``49 min ago``, ``yesterday``, ``19 Nov 2026``, in the zone of ``local``, which is the reader's."""
    seconds = (now - local).total_seconds()
    if not 0 <= seconds < 7 * 86400:
        return f"{local.day} {local:%b %Y}"
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    days = (now.astimezone(local.tzinfo).date() - local.date()).days
    if seconds < 86400 and days == 0:
        return f"{int(seconds // 3600)} h ago"
    return "yesterday" if days <= 1 else f"{days} days ago"


def _exact(local: dt.datetime) -> str:
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}"


def moment_html(moment: dt.datetime) -> SafeString:
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        _exact(local),
        _text_of(local, timezone.now()),
    )
