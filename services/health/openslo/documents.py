"""Reading OpenSLO v1 documents: what is in a file, and what is wrong with it, by document, line and field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.catalog.yaml12 import read_documents

API_VERSION = "openslo/v1"
KINDS = ("DataSource", "SLO", "SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget", "Service")
MOST_DOCUMENTS = 2000
MOST_PROBLEMS = 50
LONGEST_DESCRIPTION = 1050
# What a document may hold once its aliases are expanded, in characters: it is kept.
MOST_CHARACTERS = 100_000
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# Of a path such as spec.objectives[0].target: the last name or number.
_LAST_PART = re.compile(r"(\.?[^.\[\]]+|\[\d+\])$")


@dataclass
class Document:
    """One document: ``value`` as it is written, ``lines`` of its fields. ``number`` counts from 1."""

    number: int
    line: int
    value: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.value.get("kind", ""))

    @property
    def name(self) -> str:
        return str(self.value["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def problem(self, path: str, text: str) -> str:
        """``text`` with the document, the line and the field it is about; the line of what is around a missing one."""
        nearest = path
        while nearest and nearest not in self.lines:
            nearest = _LAST_PART.sub("", nearest)
        where = f"Document {self.number}, line {self.lines.get(nearest, self.line)}"
        return f"{where}, {path}: {text}" if path else f"{where}: {text}"


class Problems(list[str]):
    """What is wrong with a file. It keeps count, and says when it has heard enough."""

    def add(self, document: Document, path: str, text: str) -> None:
        if len(self) == MOST_PROBLEMS:
            self.append("There is more; mend these first.")
        elif len(self) < MOST_PROBLEMS:
            self.append(document.problem(path, text))


def read(text: str, problems: Problems) -> list[Document]:
    """The sound documents of a file; what is wrong with the others is in ``problems``."""
    found = [document for document in _read(text, problems) if _is_sound(document, problems)]
    seen: dict[tuple[str, str], Document] = {}
    for document in found:
        first = seen.setdefault((document.kind, document.name), document)
        if first is not document:
            problems.add(document, "metadata.name", f"Document {first.number} has this name already. Rename one.")
    if not found and not problems:
        problems.append("The file holds no document.")
    return found


def _read(text: str, problems: Problems) -> Iterator[Document]:
    for each in read_documents(text, all_lines=True):
        document = Document(each.number + 1, each.line, lines=each.lines)
        if each.number >= MOST_DOCUMENTS:
            problems.add(document, "", f"The file holds more than {MOST_DOCUMENTS:,} documents. Split it.")
            return
        if each.error is not None:
            document.line = each.error.line or each.line
            problems.add(document, "", str(each.error))
        elif isinstance(each.value, dict):
            document.value = each.value
            yield document
        elif each.value is not None:
            problems.add(document, "", "A document is a mapping that begins with apiVersion and kind.")


def _is_sound(document: Document, problems: Problems) -> bool:
    """Whether it is of a version and kind that we know, with a name and a spec."""
    before, value = len(problems), document.value
    if value.get("apiVersion") != API_VERSION:
        told = f"“{value.get('apiVersion', '')}” is not read here; {API_VERSION} is. Convert the document first."
        problems.add(document, "apiVersion", told)
        return False
    if value.get("kind") not in KINDS:
        problems.add(document, "kind", f"“{value.get('kind', '')}” is no kind of {API_VERSION}: {', '.join(KINDS)}.")
        return False
    if _size(value) > MOST_CHARACTERS:
        problems.add(document, "", f"It holds more than {MOST_CHARACTERS:,} characters, aliases expanded. Shorten it.")
        return False
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        told = f"“{name or ''}” is no name: up to 63 small letters, digits and dashes, no dash at either end."
        problems.add(document, "metadata.name", told)
    if not isinstance(value.get("spec"), dict):
        problems.add(document, "spec", "is missing.")
    for key in value.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        problems.add(document, key, "is no field of a document.")
    return len(problems) == before


def _size(value: Any) -> int:
    """Characters of the texts within a value, counted until it is clear that they are too many."""
    left, size = [value], 0
    while left and size <= MOST_CHARACTERS:
        each = left.pop()
        size += 1 + (len(each) if isinstance(each, str) else 0)
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
    return size


class Reader:
    """Fields of one mapping of a document, read one by one; what is wrong is noted with its place."""

    def __init__(self, document: Document, path: str, value: Any, problems: Problems) -> None:
        self.document, self.path, self.problems = document, path, problems
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.wrong("", "is missing, or is no mapping.")

    def at(self, key: str) -> str:
        return ".".join(filter(None, (self.path, key))) if not key.startswith("[") else f"{self.path}{key}"

    def wrong(self, key: str, text: str) -> None:
        self.problems.add(self.document, self.at(key), text)

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def only(self, *known: str) -> None:
        """Refuse fields that nobody reads: they mean something to whoever wrote them."""
        for key in self.value.keys() - set(known):
            self.wrong(key, f"is not known here. There are: {', '.join(known)}.")

    def text(self, key: str, *, needed: bool = False, longest: int = 10_000) -> str:
        found = self.value.get(key)
        if found is None:
            if needed:
                self.wrong(key, "is missing.")
            return ""
        if not isinstance(found, str) or len(found) > longest:
            self.wrong(key, f"is a text of at most {longest:,} characters; put it in quotes if it looks like a number.")
            return ""
        return found

    def mapping(self, key: str) -> "Reader":
        return Reader(self.document, self.at(key), self.value.get(key), self.problems)

    def items(self, key: str) -> list["Reader"]:
        found = self.value.get(key)
        if not isinstance(found, list):
            self.wrong(key, "is missing, or is no list.")
            return []
        return [Reader(self.document, f"{self.at(key)}[{n}]", each, self.problems) for n, each in enumerate(found)]
