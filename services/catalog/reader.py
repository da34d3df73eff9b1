"""From the bytes of a file to its documents, each with what became of it. Nothing here touches the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.catalog.asides import reason_to_set_aside
from services.catalog.files import LoadedFile
from services.catalog.kinds import Kind
from services.catalog.relations import Declared, declared
from services.catalog.substitutions import Substitutions
from services.catalog.validate import Problem, reference_of, validate
from services.catalog.yaml12 import YamlDocument, read_documents

ACCEPTED = "accepted"
REJECTED = "rejected"
FOREIGN = "foreign"
ASIDE = "aside"
EMPTY = "empty"


@dataclass(slots=True)
class ReadDocument:
    """One document of a file: its verdict, and when it was taken, what it says.

    ``lines`` maps each declared field to its line in the file; ``notes`` hold what is worth knowing of a taken one.
    """

    file: str
    number: int
    status: str
    line: int | None = None
    reference: str | None = None
    error: str = ""
    notes: tuple[str, ...] = ()
    entity: dict[str, Any] = field(default_factory=dict)
    kind: Kind | None = None
    relations: list[Declared] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    digest: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status in (ACCEPTED, FOREIGN)


def read_file(loaded: LoadedFile) -> Iterator[ReadDocument]:
    """The documents of one file; a file that cannot be read is one rejected document."""
    file = loaded.found.file
    text, problem = _decoded(loaded)
    if problem:
        status = ASIDE if loaded.found.is_link else REJECTED
        yield ReadDocument(file, 0, status, error=problem, digest=loaded.digest)
        return
    is_empty = True
    for document in read_documents(text):
        is_empty = False
        yield _judge(document, loaded)
    if is_empty:
        yield ReadDocument(file, 0, EMPTY, error="The file holds no document.", digest=loaded.digest)


def _decoded(loaded: LoadedFile) -> tuple[str, str]:
    """The text of a file, or why it has none."""
    if loaded.problem:
        return "", loaded.problem
    if b"\0" in loaded.data:
        return "", "This is a binary file or not UTF-8. Save it as UTF-8 text."
    try:
        return loaded.data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = loaded.data.count(b"\n", 0, error.start) + 1
        return (
            "",
            f"Line {line} holds bytes that are not UTF-8. Save the file as UTF-8 text.",
        )


def _judge(document: YamlDocument, loaded: LoadedFile) -> ReadDocument:
    read = ReadDocument(
        loaded.found.file,
        document.number,
        EMPTY,
        line=document.line,
        digest=loaded.digest,
    )
    if document.error:
        _set_aside_or_reject(read, None, document, f"Line {document.error.line}: {document.error}")
        read.line = document.error.line
    elif document.value is None:
        read.error = "The document is empty."
    else:
        _judge_value(read, document, loaded)
    return read


def _judge_value(read: ReadDocument, document: YamlDocument, loaded: LoadedFile) -> None:
    value, notes = document.value, []
    if loaded.has_substitutions and isinstance(value, dict):
        substitutions = Substitutions(loaded.found.root, loaded.found.path)
        value, notes = (
            substitutions.resolve(value),
            [Problem(*note) for note in substitutions.notes],
        )
        read.digest = hashlib.sha256(loaded.digest.encode() + substitutions.digest()).hexdigest()
    verdict = validate(value)
    read.reference, read.kind = reference_of(value), verdict.kind
    if not verdict.is_valid:
        reason = "\n".join(_with_line(problem, document.lines) for problem in verdict.problems)
        _set_aside_or_reject(read, value, document, reason)
        return
    read.status = ACCEPTED if verdict.kind else FOREIGN
    read.entity, read.lines = (
        value,
        {path: line for path, line in document.lines.items() if _is_shown(path)},
    )
    read.relations, unread = declared(value, verdict.kind)
    read.notes = tuple(_with_line(note, document.lines) for note in (*verdict.notes, *notes, *unread))


def _is_shown(path: str) -> bool:
    """Whether the line of this field is kept: whole fields, and the entries of those that hold values by name."""
    return path.count(".") < 2 or path.startswith(("metadata.annotations.", "metadata.labels.", "spec.profile."))


def _set_aside_or_reject(read: ReadDocument, value: Any, document: YamlDocument, reason: str) -> None:
    aside = reason_to_set_aside(value, document.text)
    read.status, read.error = (ASIDE, aside) if aside else (REJECTED, reason)


def _with_line(problem: Problem, lines: dict[str, int]) -> str:
    """The message with the line of the field, or of the nearest field above it that exists."""
    path = problem.path.partition("[")[0]
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return f"Line {lines[path]}: {problem.message}" if path else problem.message
