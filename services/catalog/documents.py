"""The rows kept of what was read: which row a document continues, and writing them.

A row follows the reference it describes, also into another place of the file or another file, so that what hangs on it
(the entity, its relations) moves along. A document that can no longer be read keeps the row of its place: its entity
stays as it last was, with the error beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F

from services.catalog import bulk
from services.catalog.reader import ReadDocument
from services.models import Document, DocumentStatus, Run, Source

BATCH = 1000
GONE = "The document is no longer in the source. What it described is kept until somebody decides about it."
# Numbers out of the way while rows change places, so that no two ever claim one.
ELSEWHERE = 1_000_000
_COLUMNS = ("run", "file", "number", "line", "status", "reference", "error", "conflict", "digest", "fields", "read_at")
TAKEN = (DocumentStatus.ACCEPTED, DocumentStatus.FOREIGN)


@dataclass(slots=True)
class Row:
    """A document row as it was before this run."""

    pk: int
    file: str
    number: int
    status: str
    canonical: str | None
    attached: bool
    error: str
    conflict: str
    digest: str
    line: int | None = None

    @property
    def is_holder(self) -> bool:
        """Whether it keeps its reference."""
        return self.status in TAKEN and not self.conflict


@dataclass(slots=True)
class Reading:
    """A document of this run: as read, the row it continues, what became of its claim, and the values it declares."""

    document: ReadDocument
    row: Row | None = None
    conflict: str = ""
    pk: int | None = None
    reference_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    fields_before: dict[str, int] = field(default_factory=dict)

    @property
    def is_winner(self) -> bool:
        return self.document.is_taken and not self.conflict

    @property
    def kind(self) -> str:
        """The kind in lower case, as references have it."""
        return (self.document.reference or "").partition(":")[0]

    @property
    def namespace(self) -> str:
        return (self.document.reference or "").partition(":")[2].partition("/")[0]


_ROW = ("pk", "file", "number", "status", "reference__canonical", "reference__attached", "error", "conflict", "digest")


def rows_of(source: Source) -> list[Row]:
    """Every row of a source. Rows whose document is gone are among them: it may come back."""
    values = Document.objects.filter(source=source).values_list(*_ROW, "line")
    return [Row(*row) for row in values.iterator(chunk_size=5000)]


def is_unchanged(rows: list[Row], digest: str) -> bool:
    """Whether a file with this digest says what its rows say, and every record they made still stands."""
    return bool(rows) and all(
        row.digest == digest and (row.status == DocumentStatus.EMPTY or (row.is_holder and row.attached))
        for row in rows
    )


def match(rows: Iterable[Row], readings: list[Reading]) -> list[Row]:
    """Give each reading the row it continues; return the rows that no reading continues."""
    unused = _Unused(rows)
    for find in (unused.same, unused.moved, unused.unnamed):
        for reading in readings:
            if reading.row is None:
                reading.row = unused.take(find(reading.document))
    return list(unused.rows.values())


class _Unused:
    """The rows that no reading has taken yet, and the ways to find the one a document continues."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = {row.pk: row for row in rows}
        self.by_place = {(row.file, row.number): row for row in self.rows.values()}
        self.by_reference: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows.values():
            self.by_reference[row.canonical or ""].append(row)

    def take(self, row: Row | None) -> Row | None:
        return self.rows.pop(row.pk, None) if row else None

    def same(self, document: ReadDocument) -> Row | None:
        """The row of this place, where it describes the same reference."""
        row = self.by_place.get((document.file, document.number))
        return row if row and row.canonical and row.canonical == document.reference else None

    def moved(self, document: ReadDocument) -> Row | None:
        """A row of the same reference from another place, one of the same file first."""
        rows = self.by_reference[document.reference] if document.reference else []
        return min(
            (row for row in rows if row.pk in self.rows), key=lambda row: row.file != document.file, default=None
        )

    def unnamed(self, document: ReadDocument) -> Row | None:
        """The row of this place, where either of the two does not say what it describes."""
        row = self.by_place.get((document.file, document.number))
        return row if row and (row.canonical is None or document.reference is None) else None


def write(source: Source, run: Run, readings: list[Reading], now: datetime) -> None:
    """Write the rows of all readings; afterwards each has its ``pk`` and the fields its row declared before."""
    before = Document.objects.in_bulk([reading.row.pk for reading in readings if reading.row])
    made, changed = [], []
    for reading in readings:
        row = before.get(reading.row.pk) if reading.row else None
        if row is None:
            made.append(Document(source=source, **_values(reading, run, now)))
            continue
        reading.pk, reading.fields_before = row.pk, row.fields
        if _update(row, reading, run, now):
            changed.append(row)
    bulk.insert(Document, made)
    Document.objects.bulk_update(changed, _COLUMNS, batch_size=BATCH)
    for reading, document in zip((each for each in readings if each.pk is None), made, strict=True):
        reading.pk = document.pk


def mark_gone(rows: list[Row], live: dict[str, int], run: Run) -> int:
    """Mark the rows whose documents vanished and return how many are newly so.

    ``live`` counts the documents that each file has now; a vanished one is numbered behind them.
    """
    fresh = [row for row in rows if row.status != DocumentStatus.GONE or row.number < live.get(row.file, 0)]
    documents = Document.objects.in_bulk([row.pk for row in fresh])
    after = _first_free_numbers(rows, live)
    for row in fresh:
        document = documents[row.pk]
        document.status, document.error, document.conflict, document.run = DocumentStatus.GONE, GONE, "", run
        if document.number < live.get(row.file, 0):
            document.number = after[row.file]
            after[row.file] += 1
    Document.objects.bulk_update(documents.values(), ("status", "error", "conflict", "run", "number"), batch_size=BATCH)
    return sum(row.status != DocumentStatus.GONE for row in fresh)


def _first_free_numbers(rows: list[Row], live: dict[str, int]) -> dict[str, int]:
    """Per file, the first number behind its live documents and its vanished ones."""
    free = defaultdict(int, live)
    for row in rows:
        free[row.file] = max(free[row.file], row.number + 1)
    return free


def make_room(readings: Iterable[Reading]) -> None:
    """Take rows that change places out of the way of each other. Comes before everything else is written."""
    moving = [
        r.row.pk for r in readings if r.row and (r.row.file, r.row.number) != (r.document.file, r.document.number)
    ]
    if moving:
        Document.objects.filter(pk__in=moving).update(number=F("number") + ELSEWHERE)


def _values(reading: Reading, run: Run, now: datetime) -> dict[str, Any]:
    document = reading.document
    return {
        "run": run,
        "file": document.file,
        "number": document.number,
        "line": document.line,
        "status": document.status,
        "reference_id": reading.reference_id,
        "error": document.error or "\n".join(document.notes),
        "conflict": reading.conflict,
        "digest": document.digest,
        "fields": document.lines,
        "read_at": now,
    }


def _update(row: Document, reading: Reading, run: Run, now: datetime) -> bool:
    """Bring a row up to date; whether that changed anything it says."""
    values = _values(reading, run, now)
    if reading.reference_id is None:
        del values["reference_id"]  # what cannot be read any more was still about the same thing
    if not reading.document.is_taken and row.reference_id:
        values["fields"] = row.fields  # the record still shows where its values came from
    said = {name: value for name, value in values.items() if name not in ("run", "read_at")}
    if all(getattr(row, name) == value for name, value in said.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    return True
