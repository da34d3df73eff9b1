"""The timeline on the page of an incident: where one writes, and what was written."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from incidents.models import EventKind, Incident
from incidents.timelines.forms import NoteForm
from incidents.timelines.reading import Day, Milestone, Told, asked_for, part_of
from incidents.times.wording import lasting
from portal.panels import Context, panel

# Of an event that was recorded so much later than it happened both times are said.
LATE = dt.timedelta(minutes=5)
_ICONS = {
    EventKind.NOTE: ("idle", "message-circle"), EventKind.OBSERVATION: ("idle", "eye"),
    EventKind.DECISION: ("plan", "arrows-split"), EventKind.ACTION: ("plan", "player-play"),
    EventKind.REPORT: ("warn", "message-report"), EventKind.UPDATE: ("info", "speakerphone"),
    EventKind.STATUS: ("info", "flag"), EventKind.SEVERITY: ("warn", "flame"), EventKind.ROLE: ("idle", "user-check"),
    EventKind.ALERT: ("bad", "bell-ringing"), EventKind.DEPLOYMENT: ("idle", "rocket"),
    EventKind.ROLLBACK: ("ok", "arrow-back-up"), EventKind.HEALTH: ("idle", "heartbeat"),
}  # fmt: skip
# A quoted log of more lines is folded.
_LINES_SHOWN = 8


@panel(on=Incident, slot="main", order=9, title="Write it down", template="incidents/_compose.html")
def compose(request: HttpRequest, incident: Incident) -> Context | None:
    if not request.user.has_perm("incidents.note_incident", incident):
        return None
    return {"form": NoteForm(incident, request.user), "fact": "Ctrl+Enter posts"}


@panel(on=Incident, slot="main", order=10, title="Timeline", template="incidents/_timeline.html", live=True)
def timeline(request: HttpRequest, incident: Incident) -> Context:
    asked = asked_for(incident, request.GET)
    part = part_of(incident, asked)
    user: Any = request.user
    may_change = user.has_perm("incidents.change_incident", incident)
    return {
        "part": part,
        "asked": asked,
        "days": [{"date": each.date, "rows": _rows(each, user, may_change)} for each in part.days],
        "has_days": len(part.days) > 1,
        "may_change": may_change,
        "other": {
            "all": asked.address(only_key=False), "key": asked.address(only_key=True),
            "turned": asked.address(newest_first=not asked.newest_first),
            "back": asked.address(page=asked.page - 1) if asked.page > 1 else "",
            "on": asked.address(page=asked.page + 1) if part.has_more else "",
        },
        "fact": f"times of {timezone.get_current_timezone_name()}",
    }  # fmt: skip


def _rows(day: Day, reader: Any, may_change: bool) -> list[dict[str, Any]]:
    return [
        {"milestone": each, "day": day.date} if isinstance(each, Milestone) else _row(each, reader, may_change)
        for each in day.rows
    ]


def _row(told: Told, reader: Any, may_change: bool) -> dict[str, Any]:
    event = told.event
    look, icon = _ICONS[EventKind(event.kind)]
    is_own = event.recorded_by_id is not None and event.recorded_by_id == reader.pk
    return {
        "event": event, "look": look, "icon": icon, "who": str(event.recorded_by or event.source),
        "recorded": _recorded(event.happened_at, event.recorded_at), "until": _until(event.happened_at, event.ended_at),
        "earlier": told.earlier, "may_correct": (is_own or may_change) and not event.withdrawn,
        "is_long": event.quote.count("\n") >= _LINES_SHOWN,
    }  # fmt: skip


def _recorded(happened_at: dt.datetime, recorded_at: dt.datetime) -> str:
    """When it was written down, where that was not when it happened."""
    return "" if abs(recorded_at - happened_at) <= LATE else f"recorded {_clock(recorded_at, happened_at)}"


def _until(happened_at: dt.datetime, ended_at: dt.datetime | None) -> str:
    return f"until {_clock(ended_at, happened_at)}, {lasting(ended_at - happened_at)}" if ended_at else ""


def _clock(at: dt.datetime, beside: dt.datetime) -> str:
    """A time of day, with its day where that is another one than that of the moment beside it."""
    local = timezone.localtime(at)
    is_same = local.date() == timezone.localtime(beside).date()
    return f"{local:%H:%M}" if is_same else f"{local:%H:%M} on {local.day} {local:%b %Y}"
