"""Incidents of a status page as JSON lines, one object each, with their updates."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime

from incidents.imports.draft import Draft, is_possible, lasting
from incidents.lint import Happened, Stated

_KNOWN = frozenset({
    "id", "entry_id", "title", "name", "url", "shortlink", "published_at", "updated_at", "created_at",
    "status_sequence", "status", "started_at", "resolved_at", "monitoring_at", "impact_window", "downtime_start",
    "downtime_end", "duration_minutes", "updates", "incident_updates", "impact", "components",
})  # fmt: skip
_TIMES = ("started_at", "published_at", "resolved_at", "downtime_start", "downtime_end")
_POINTS = {"identified": "acknowledged", "monitoring": "mitigated"}


def read_file(path: Path) -> Iterator[Draft]:
    """Every incident of a file; a line that is no object is a Draft without a title, whose ``lost`` says why."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _read_line(line, number)


def _read_line(line: bytes, number: int) -> Draft:
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Draft(key=f"line {number}", title="", lost=[f"Line {number} is no UTF-8 text."])
    except ValueError as problem:
        return Draft(key=f"line {number}", title="", lost=[f"Line {number} is no JSON: {problem}."])
    title = data.get("title", data.get("name")) if isinstance(data, dict) else None
    if not isinstance(title, str) or not title.strip():
        return Draft(key=f"line {number}", title="", lost=[f"Line {number} has no title."])
    return _draft(data, title.strip())


def _draft(data: Mapping[str, Any], title: str) -> Draft:
    draft = Draft(key=_key(data, title), title=title[:200], severity=str(data.get("impact") or ""))
    draft.services = [name for each in _items(draft, data, "components") if (name := _name(each))]
    draft.lost += [f"“{name[:60]}” is not taken." for name in sorted(data.keys() - _KNOWN)]
    at = {name: _time(draft, data, name) for name in _TIMES}
    for point, names in {
        "started": ("downtime_start", "started_at"),
        "resolved": ("downtime_end", "resolved_at"),
    }.items():
        if known := next((at[name] for name in names if at[name]), None):
            draft.times[point] = known
    for update in _items(draft, data, "updates") or _items(draft, data, "incident_updates"):
        _take_update(draft, update)
    draft.declared_at = at["started_at"] or at["published_at"]
    _take_duration(draft, data.get("duration_minutes"))
    return draft


def _key(data: Mapping[str, Any], title: str) -> str:
    """What names an incident there. One without an id is known by what it is called and when it was: on which line it
    stands is another matter in the next file."""
    said = data.get("id")
    if isinstance(said, str | int) and str(said).strip():
        return str(said)
    return " ".join([title, *(str(data[name]) for name in _TIMES if data.get(name))])


def _items(draft: Draft, data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name) or []
    if isinstance(found, list):
        return found
    draft.lost.append(f"“{name}” is no list: {str(found)[:60]}.")
    return []


def _time(draft: Draft, data: Mapping[str, Any], name: str) -> dt.datetime | None:
    said = data.get(name)
    at = _moment(said)
    if said and at is None:
        draft.lost.append(f"“{name}” says “{str(said)[:60]}”, which is no time.")
    return at


def _take_duration(draft: Draft, minutes: Any) -> None:
    if minutes is None:
        return
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if is_number and (said := lasting(60 * minutes)) is not None:
        draft.stated.append(Stated(("started",), "resolved", said))
    else:
        draft.lost.append(f"“duration_minutes” says “{str(minutes)[:60]}”, which is no duration.")


def _take_update(draft: Draft, update: Any) -> None:
    if not isinstance(update, Mapping):
        draft.lost.append(f"An update is no object: “{str(update)[:60]}”.")
        return
    at = _moment(update.get("at") or update.get("display_at") or update.get("created_at"))
    text = str(update.get("message") or update.get("body") or "")
    if at is None:
        draft.lost.append(f"An update has no time: “{text[:60]}”.")
        return
    status = str(update.get("status") or "")
    if (point := _POINTS.get(status.lower())) and point not in draft.times:
        draft.times[point] = at
    draft.events.append(Happened("update", at, f"{status}: {text}" if status else text))


def _name(component: Any) -> str:
    return str(component.get("name", "")) if isinstance(component, Mapping) else str(component)


def _moment(value: Any) -> dt.datetime | None:
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or not is_possible(found):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
