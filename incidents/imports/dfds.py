"""Postmortems in the form of DFDS: one Markdown file each, a table as the timeline, and figures at the end."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from incidents.imports.draft import Draft, is_possible, lasting
from incidents.lint import Happened, Stated

_HEADING = re.compile(r"^(#{1,3})\s+(.+?)\s*#*$")
_ROW = re.compile(r"^\|\s*(?P<when>[^|]*?)\s*\|\s*(?P<what>.*?)\s*\|?\s*$")
_WHEN = re.compile(r"(?:(?P<day>\d{4}-\d{1,2}-\d{1,2})[ T,]*)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})")
_STAT = re.compile(r"^\s*[-*]\s*(?P<name>[^:]+):\s*(?P<said>.*)$")
_UNITS = {"day": 86_400, "hour": 3600, "hr": 3600, "minute": 60, "min": 60, "second": 1, "sec": 1}
_PART = re.compile(r"(\d+)\s*(day|hour|hr|minute|min|second|sec)s?", re.IGNORECASE)
_HEADER = re.compile(r"\b(?:time|date)\b", re.IGNORECASE)
_ZONES = {"CET": "Europe/Copenhagen", "CEST": "Europe/Copenhagen"}
# A row this much earlier than the one above it is of the next day; one a little earlier stands out of order.
_OVER_MIDNIGHT = dt.timedelta(hours=12)
_ALERT = re.compile(r"\balert|\bpaged?\b|\bmonitor", re.IGNORECASE)
_ROLLBACK = re.compile(r"\broll(?:ed|ing)?[ -]?back|\brevert", re.IGNORECASE)


def read_file(path: Path) -> Draft:
    """One postmortem. Times are UTC, as the form says."""
    draft = Draft(key=path.stem.partition(" - ")[0].strip(), title=path.stem.partition(" - ")[2].strip() or path.stem)
    section, reader = "", _Reader(draft)
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if heading := _HEADING.match(line):
            if len(heading[1]) == 1 and not section:
                draft.title = heading[2].strip()[:200]
            else:
                section = heading[2].strip().lower()
        elif line.strip():
            reader.take(section, line)
    _date_from_events(draft)
    return draft


class _Reader:
    """The state of one file: which zone its times are of. The form says UTC; old ones name another in their header."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.zone = draft, ZoneInfo("UTC")

    def take(self, section: str, line: str) -> None:
        if section == "timeline":
            self._take_row(line)
        elif section == "stats":
            _take_stat(self.draft, line)
        elif section.startswith("action"):
            text = line.strip().lstrip("-*").strip()
            if text and text.lower() not in {"n/a", "none", "tbd"}:
                self.draft.follow_ups.append(text)
        elif section:
            self.draft.sections[section] = f"{self.draft.sections.get(section, '')}{line}\n"

    def _take_row(self, line: str) -> None:
        row = _ROW.match(line)
        if row is None or not row["what"] or set(row["when"]) <= set(":- "):
            return
        if _HEADER.search(row["when"]):
            self.zone = next((ZoneInfo(zone) for word, zone in _ZONES.items() if word in row["when"]), self.zone)
            return
        when = self._moment(row["when"])
        if when is None:
            self.draft.lost.append(f"No time can be read in “{row['when'][:40]}” ({row['what'][:60]}).")
            return
        kind = "alert" if _ALERT.search(row["what"]) else "rollback" if _ROLLBACK.search(row["what"]) else "note"
        self.draft.events.append(Happened(kind, when, row["what"]))

    def _moment(self, text: str) -> dt.datetime | None:
        """A row without a day is of the day of the row before it, or of the next where midnight lies between them."""
        match, before = _WHEN.search(text), self.draft.events[-1].at if self.draft.events else None
        if match is None or not (match["day"] or before):
            return None
        day = match["day"] or f"{before:%Y-%m-%d}"
        try:
            year, month, number = map(int, day.split("-"))
            at = dt.datetime(year, month, number, int(match["hour"]), int(match["minute"]), tzinfo=self.zone)
        except ValueError:
            return None
        if not match["day"] and before and before - at > _OVER_MIDNIGHT:
            at += dt.timedelta(days=1)
        return at if is_possible(at) else None


def _take_stat(draft: Draft, line: str) -> None:
    stat = _STAT.match(line)
    if stat is None:
        return
    name, said = stat["name"].strip().lower(), stat["said"].strip()
    end = {"time to detection": "detected", "time to recovery": "resolved"}.get(name)
    if end is None:
        draft.sections[name] = said
        return
    parts = _PART.findall(said)
    length = lasting(sum(int(number) * _UNITS[unit.lower()] for number, unit in parts))
    if parts and length is not None:
        draft.stated.append(Stated(("started",), end, length))
    elif said and said.lower() not in {"n/a", "0"}:
        draft.lost.append(f"“{name}” says “{said[:60]}”, which is no duration.")


def _date_from_events(draft: Draft) -> None:
    """The form names none of the five times. Its first row is taken as the start, as its figures count from there."""
    if not draft.events:
        draft.lost.append("It has no timeline that can be read, and so no times.")
        return
    draft.declared_at = draft.events[0].at
    draft.times["started"] = draft.events[0].at
    for stated in draft.stated:
        draft.times[stated.end] = draft.times["started"] + stated.lasting


def read_folder(folder: Path) -> Iterator[Draft]:
    for path in sorted(folder.glob("PM[0-9]*")):
        yield read_file(path)
