"""Mapping files: which field of an initiative comes from where in a source. docs/roadmap-import.md describes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from roadmap.collections import INITIATIVES
from services.catalog.yaml12 import read_documents

# What an import may write: what the form takes, and where an initiative stands already.
BESIDE_THE_FORM = ("status", "status_reason", "started_on", "delivered_on")
TARGETS = (*INITIATIVES.form, *BESIDE_THE_FORM)
LEAVE_OUT, REFUSE = "leave out", "refuse"
LONGEST_SOURCE = 60
_TOP = ("source", "files", "rows", "key", "fields", "tables")
_OF_A_RULE = ("from", "text", "value", "map", "table", "default", "dates", "unknown")
_PART = re.compile(r"\{([^{}]+)\}")


class MappingError(Exception):
    """A mapping that cannot be used; ``problems`` are for people."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Rule:
    """Where one field comes from: the first of the paths ``sources`` that has a value, a ``text`` with paths in braces,
    or a constant ``value``. ``table`` says what its words mean here; ``leaves_out`` that what cannot be understood is
    left empty, where it would keep the row out. One that was ``chosen`` on the page has no file that could be mended;
    its ``usual_words`` are taken in one of our meanings."""

    name: str
    sources: tuple[str, ...] = ()
    text: str = ""
    value: Any = None
    table: Mapping[str, Any] | None = None
    default: Any = None
    dates: tuple[str, ...] = ()
    leaves_out: bool = False
    chosen: bool = False
    usual_words: Mapping[str, Any] | None = None

    def raw(self, row: Mapping[str, Any]) -> Any:
        """What the row has for it, as it stands there."""
        if self.value is not None:
            return self.value
        if self.text:
            return _filled(self.text, row)
        found = (found for each in self.sources if (found := look_up(row, each)) not in (None, "", [], {}))
        return next(found, None)


@dataclass(frozen=True)
class FieldMapping:
    """How rows of one source become initiatives. ``key`` is what names a row there for good."""

    source: str
    key: Rule
    fields: tuple[Rule, ...]
    files: str = ""
    rows: str = ""


@dataclass
class _Reading:
    problems: list[str] = field(default_factory=list)
    tables: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def look_up(row: Any, path: str) -> Any:
    """The value at ``path``, such as milestone.stable or authors.0; a name with points in it comes first."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    first, _, rest = path.partition(".")
    found = None
    if isinstance(row, Mapping):
        found = row.get(first)
    elif isinstance(row, list) and first.isdecimal() and int(first) < len(row):
        found = row[int(first)]
    return look_up(found, rest) if rest and found is not None else found if not rest else None


def _filled(text: str, row: Mapping[str, Any]) -> str:
    """The text with what stands at its paths; nothing where none of them has a value."""
    found = {path: look_up(row, path.strip()) for path in _PART.findall(text)}
    if found and all(each in (None, "") for each in found.values()):
        return ""
    return _PART.sub(lambda part: "" if found[part[1]] is None else str(found[part[1]]), text)


def read_mapping(text: str) -> FieldMapping:
    """The mapping that a YAML file says. Raises MappingError with all that is wrong with it."""
    documents = list(read_documents(text))
    if len(documents) != 1:
        raise MappingError([f"A mapping is one YAML document; the file has {len(documents)}."])
    (document,) = documents
    if document.error:
        line = f"Line {document.error.line}: " if document.error.line else ""
        raise MappingError([f"{line}{document.error}"])
    if not isinstance(document.value, dict):
        raise MappingError([f"A mapping has the fields {', '.join(_TOP)}; the file has none of them."])
    reading = _Reading()
    found = _mapping(document.value, reading)
    if reading.problems or found is None:
        raise MappingError(reading.problems)
    return found


def _mapping(value: Mapping[str, Any], reading: _Reading) -> FieldMapping | None:
    _check_names(value, _TOP, "", reading)
    _take_tables(value.get("tables") or {}, reading)
    source = str(value.get("source") or "")
    if not source or len(source) > LONGEST_SOURCE:
        told = f"say in up to {LONGEST_SOURCE} letters what the source is called, such as jira-platform"
        reading.problems.append(f"source: {told}. What is imported is known again by it.")
    key = _rule("key", value.get("key"), reading) if value.get("key") else None
    if key is None:
        reading.problems.append(
            "key: say which value names a row for good, such as its number. It is known again by it."
        )
    fields = value.get("fields")
    if not isinstance(fields, dict) or "title" not in fields:
        reading.problems.append("fields: say at least where the title comes from, such as “title: name”.")
        return None
    rules = tuple(_rules(fields, reading))
    if key is None:
        return None
    return FieldMapping(source, key, rules, str(value.get("files") or ""), str(value.get("rows") or ""))


def _rules(fields: Mapping[str, Any], reading: _Reading) -> Iterator[Rule]:
    for name, said in fields.items():
        if name not in TARGETS:
            there = ", ".join(TARGETS)
            reading.problems.append(
                f"fields.{name}: an initiative has no such field that can be imported. There are: {there}."
            )
            continue
        if rule := _rule(name, said, reading):
            yield rule


def _rule(name: str, said: Any, reading: _Reading) -> Rule | None:
    """One rule: a path alone, paths, or a mapping of what _OF_A_RULE names."""
    if isinstance(said, str | list):
        said = {"from": said}
    if not isinstance(said, dict):
        reading.problems.append(f"{name}: say a path such as “{name}: summary”, or from, text or value.")
        return None
    _check_names(said, _OF_A_RULE, f"{name}.", reading)
    if sum(each in said for each in ("from", "text", "value")) != 1:
        reading.problems.append(f"{name}: say one of from, text and value, and only one.")
        return None
    unknown = said.get("unknown", REFUSE)
    if unknown not in (LEAVE_OUT, REFUSE):
        reading.problems.append(f"{name}.unknown: this is “{LEAVE_OUT}” or “{REFUSE}”, not “{unknown}”.")
    return Rule(
        name, _texts(said.get("from")), str(said.get("text") or ""), said.get("value"), _table(name, said, reading),
        said.get("default"), _texts(said.get("dates")), unknown == LEAVE_OUT,
    )  # fmt: skip


def _texts(said: Any) -> tuple[str, ...]:
    return tuple(map(str, said)) if isinstance(said, list) else (str(said),) if said is not None else ()


def _table(name: str, said: Mapping[str, Any], reading: _Reading) -> Mapping[str, Any] | None:
    """What the words of the source mean: from the rule itself, or from one of the tables."""
    if (own := said.get("map")) is not None:
        if isinstance(own, dict):
            return folded(own)
        reading.problems.append(f"{name}.map: say what each word means, such as “{{accepted: planned}}”.")
    if (table := said.get("table")) is None:
        return None
    if str(table) not in reading.tables:
        there = ", ".join(reading.tables) or "none"
        reading.problems.append(f"{name}.table: there is no table “{table}” below tables. There are: {there}.")
    return reading.tables.get(str(table))


def _take_tables(tables: Any, reading: _Reading) -> None:
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        reading.problems.append("tables: each is a name and below it what each word means.")
        return
    reading.tables = {name: folded(each) for name, each in tables.items()}


def folded(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table as words are looked up in it: without regard to capitals and spaces around."""
    return {str(word).strip().casefold(): meaning for word, meaning in table.items()}


def _check_names(said: Mapping[str, Any], known: tuple[str, ...], where: str, reading: _Reading) -> None:
    for name in said:
        if name not in known:
            reading.problems.append(f"{where}{name} is not known here. There are: {', '.join(known)}.")
