"""Which column of a file means what, guessed from its name, for whoever imports in the browser and may correct it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from roadmap.imports.mapping import LONGEST_SOURCE, TARGETS, FieldMapping, Rule
from roadmap.imports.reading import Row
from roadmap.models import Initiative, Status

MOST_COLUMNS = 200
DEEPEST = 3
_WORDS = re.compile(r"[^0-9a-z]+")
# Other names that a column may have, besides the field's own name and label.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "key": ("key", "issue key", "id", "issue id", "number", "ticket", "reference"),
    "title": ("title", "name", "summary", "initiative", "epic", "epic name", "project"),
    "problem": ("problem", "description", "why", "background", "motivation", "body"),
    "scope_in": ("in scope", "scope", "goals"),
    "scope_out": ("out of scope", "non goals"),
    "team": ("team", "squad", "owning team", "group"),
    "owner": ("owner", "assignee", "lead", "responsible"),
    "sponsor": ("sponsor", "requested by"),
    "status": ("status", "state", "stage"),
    "status_reason": ("reason", "status reason", "resolution"),
    "category": ("category", "type", "kind", "theme"),
    "cycle": ("cycle", "quarter", "period"),
    "objective": ("objective", "okr"),
    "starts_on": ("start", "start date", "starts", "begin"),
    "ends_likely": ("end", "end date", "due", "due date", "target date", "deadline", "finish"),
    "started_on": ("started", "actual start"),
    "delivered_on": ("delivered", "done on", "completed", "resolved", "actual end"),
    "done_percent": ("done", "progress", "percent done", "complete"),
    "effort_days": ("effort", "estimate", "person days", "days"),
    "cost": ("cost", "budget", "price"),
    "goal": ("business goal", "goal", "outcome"),
}
# What other tools call a status of ours.
STATUSES: Mapping[str, Status] = {
    "new": Status.IDEA, "backlog": Status.IDEA, "proposed": Status.IDEA, "to do": Status.PLANNED,
    "todo": Status.PLANNED, "open": Status.PLANNED, "ready": Status.PLANNED, "selected for development": Status.PLANNED,
    "doing": Status.IN_PROGRESS, "started": Status.IN_PROGRESS, "active": Status.IN_PROGRESS,
    "in review": Status.IN_PROGRESS, "on hold": Status.PAUSED, "blocked": Status.PAUSED, "done": Status.DONE,
    "closed": Status.DONE, "completed": Status.DONE, "resolved": Status.DONE, "shipped": Status.DONE,
    "cancelled": Status.DROPPED, "canceled": Status.DROPPED, "rejected": Status.DROPPED, "won t do": Status.DROPPED,
}  # fmt: skip
DATES = (
    ("%Y-%m-%d", "2026-11-22"), ("%d.%m.%Y", "22.11.2026"), ("%d/%m/%Y", "22/11/2026"), ("%m/%d/%Y", "11/22/2026"),
    ("%d %b %Y", "22 Nov 2026"),
)  # fmt: skip


def columns_of(rows: Iterable[Row]) -> dict[str, str]:
    """Every path with a value in the rows, with the first such value as an example, in the order they appear."""
    found: dict[str, str] = {}
    for row in rows:
        for path, value in _paths(row.value):
            if not path.startswith("$") and len(found) < MOST_COLUMNS and not found.get(path):
                found[path] = value
    return found


def _paths(value: Any, before: str = "", depth: int = 1) -> Iterable[tuple[str, str]]:
    for name, each in value.items():
        path = f"{before}{name}"
        if isinstance(each, dict) and depth < DEEPEST:
            yield from _paths(each, f"{path}.", depth + 1)
        elif isinstance(each, list):
            yield path, ", ".join(str(part) for part in each[:3] if not isinstance(part, dict | list))[:80]
        elif not isinstance(each, dict):
            yield path, "" if each is None else str(each)[:80]


def guess(columns: Iterable[str]) -> dict[str, str]:
    """Field, or key, → the column that seems to be meant. No column is taken twice, but the key may be the title."""
    plain = {_plain(column): column for column in reversed(list(columns))}
    found: dict[str, str] = {}
    for target in ("key", *TARGETS):
        names = (*_own_names(target), *_OTHER_NAMES.get(target, ()))
        column = next((plain[name] for name in names if name in plain and plain[name] not in found.values()), "")
        if column:
            found[target] = column
    if "key" not in found and "title" in found:
        found["key"] = found["title"]
    return found


def _own_names(target: str) -> tuple[str, ...]:
    return (target.replace("_", " "), _plain(label_of(target)))


def label_of(target: str) -> str:
    """What a field is called on the page."""
    if target == "key":
        return "What names a row for good"
    label = str(getattr(Initiative._meta.get_field(target), "verbose_name", target))
    return label[:1].upper() + label[1:]


def _plain(name: str) -> str:
    return _WORDS.sub(" ", name.lower()).strip()


def source_of(file: str) -> str:
    """What a file is called as a source: its name without the ending."""
    return file.rpartition("/")[2].rpartition(".")[0][:LONGEST_SOURCE] or "upload"


def chosen(asked: Mapping[str, str], file: str) -> FieldMapping:
    """The mapping that somebody has chosen on the page: field → column, how days are written, what to leave out."""
    dates = tuple(each for each, _ in DATES if each == asked.get("dates")) or (DATES[0][0],)
    leaves_out = asked.get("unknown") == "leave out"
    rules = tuple(
        Rule(
            name, sources=(asked[name],), dates=dates, leaves_out=leaves_out and name != "title", chosen=True,
            usual_words=STATUSES if name == "status" else None,
        )
        for name in TARGETS if asked.get(name)
    )  # fmt: skip
    key = Rule("key", sources=(asked.get("key") or asked.get("title", ""),), chosen=True)
    source = asked.get("source", "").replace("\x00", "").strip()[:LONGEST_SOURCE]
    return FieldMapping(source or source_of(file), key, rules)
