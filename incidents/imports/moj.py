"""Incident logs in the form of the UK Ministry of Justice's Cloud Platform: one Markdown file each, a list of bold
fields, key events with their times, and durations that their authors worked out by hand."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from incidents.imports.draft import Draft, is_possible, lasting
from incidents.lint import Happened, Stated

# What the logs call the five times.
_POINTS = (
    ("started", re.compile(r"fault occurs|started|began", re.IGNORECASE)),
    ("detected", re.compile(r"detected", re.IGNORECASE)),
    ("mitigated", re.compile(r"repaired|mitigated", re.IGNORECASE)),
    ("resolved", re.compile(r"resolved", re.IGNORECASE)),
)
_SECONDS = {"days": 86_400, "hours": 3600, "minutes": 60}
_STATED = {"time to repair": "mitigated", "time to resolve": "resolved"}
_TITLE = re.compile(r"^#\s+(?:Incident on (?P<day>\S+)\s*[-–:]\s*)?(?P<title>.+)$", re.MULTILINE)
_FIELD = re.compile(r"^\s{0,2}[-*]\s+\*\*(?P<name>[^*]+)\*\*:?\s*(?P<text>.*)$")
_ITEM = re.compile(r"^\s+[-*]\s+(?P<text>.+)$")
_WHEN = re.compile(r"\b(?P<day>\d{4}-\d{2}-\d{2})[ T]+(?P<hour>\d{1,2})[:.]?(?P<minute>\d{2})\b")
_LASTING = re.compile(r"(?:(?P<days>\d+)\s*d)?\s*(?:(?P<hours>\d+)\s*h)?\s*(?:(?P<minutes>\d+)\s*m)?", re.IGNORECASE)


def read_file(path: Path) -> Draft:
    """One log. Its times name no zone and are taken as UTC, which ``lost`` says."""
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _TITLE.search(text)
    draft = Draft(key=path.name.partition(".")[0], title=(found["title"].strip() if found else path.stem)[:200])
    for name, said, items in _fields(text):
        _take(draft, name.strip(" :").lower(), said, items)
    if draft.times:
        draft.lost.append("Its times name no zone: taken as UTC.")
    return draft


def _fields(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """(name, what stands beside it, the items below it) of each bold field."""
    name, said, items = "", "", list[str]()
    for line in text.splitlines():
        if match := _FIELD.match(line):
            if name:
                yield name, said, items
            name, said, items = match["name"], match["text"].strip(), []
        elif name and (match := _ITEM.match(line)):
            items.append(match["text"].strip())
        elif name and line.strip():
            items.append(line.strip())
    if name:
        yield name, said, items


def _take(draft: Draft, name: str, said: str, items: list[str]) -> None:
    if name in {"key events", "timeline"}:
        for item in items:
            _take_event(draft, item)
    elif name in _STATED:
        _take_stated(draft, name, said)
    elif name in {"review actions", "actions"}:
        draft.follow_ups += [item for item in [said, *items] if item and item.lower() not in {"n/a", "none", "tbc"}]
    elif said or items:
        draft.sections[name] = "\n".join([*([said] if said else []), *(f"- {item}" for item in items)])


def _take_event(draft: Draft, item: str) -> None:
    when = _moment(item)
    if when is None:
        draft.lost.append(f"No time can be read in “{item[:80]}”.")
        return
    point = next((point for point, words in _POINTS if words.search(item)), "")
    if re.search(r"\bdeclared\b", item, re.IGNORECASE) and point in {"", "mitigated"} and "incident" in item.lower():
        draft.declared_at = when
    elif point and point not in draft.times:
        draft.times[point] = when
    else:
        draft.events.append(Happened("note", when, item))


def _moment(text: str) -> dt.datetime | None:
    match = _WHEN.search(text)
    if match is None:
        return None
    try:
        day = dt.date.fromisoformat(match["day"])
        at = dt.datetime(day.year, day.month, day.day, int(match["hour"]), int(match["minute"]), tzinfo=dt.UTC)
    except ValueError:
        return None
    return at if is_possible(at) else None


def _take_stated(draft: Draft, name: str, said: str) -> None:
    match = _LASTING.match(said)
    parts = {unit: int(number) for unit, number in match.groupdict().items() if number} if match else {}
    length = lasting(sum(number * _SECONDS[unit] for unit, number in parts.items()))
    if not parts or length is None:
        draft.lost.append(f"“{name}” says “{said[:60]}”, which is no duration.")
    elif "support hours" in said:
        draft.lost.append(f"“{name}” counts support hours only: {said[:60]}.")
    else:
        draft.stated.append(Stated(("started", "detected", "declared"), _STATED[name], length))


def read_folder(folder: Path) -> Iterator[Draft]:
    """Every log of a folder, in the order of their names."""
    for path in sorted(folder.rglob("*.md*")):
        if re.match(r"\d{4}-\d{2}-\d{2}", path.name):
            yield read_file(path)
