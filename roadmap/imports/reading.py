"""Reading rows of a source, before anything is understood: YAML files below a folder, one CSV, or what was uploaded."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from roadmap.imports.mapping import look_up
from services.catalog.files import SUFFIXES, MissingPathError, find_files, load
from services.catalog.yaml12 import read_documents
from services.health.uploads import text_of

MOST_ROWS = 100_000
# Of an archive, unpacked.
MOST_FILES, MOST_BYTES = 5_000, 50 * 2**20
CSV_SUFFIXES = (".csv", ".tsv")


class UnreadableSource(Exception):  # noqa: N818  it names what it is
    """A source of which nothing can be read; the message is for people."""


@dataclass(frozen=True)
class Row:
    """One row of a source: the line of a CSV, or a document of a YAML file, counted from 1. ``problem`` says why it has
    no value."""

    file: str
    number: int
    value: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def read_path(path: Path, *, files: str = "", rows: str = "") -> Iterator[Row]:
    """Every row of a CSV file, a YAML file, or the YAML files below a folder; ``files`` narrows them by a pattern such
    as */kep.yaml, and ``rows`` is the path to a list of rows in a document. Raises UnreadableSource."""
    if path.is_file() and path.suffix.lower() in CSV_SUFFIXES:
        yield from read_csv(path.name, path.read_bytes())
        return
    try:
        for found in find_files(path):
            if files and not fnmatch(found.file, files):
                continue
            loaded = load(found)
            if loaded.problem:
                yield Row(found.file, 1, problem=loaded.problem)
            else:
                yield from read_yaml(found.file, loaded.data, rows)
    except MissingPathError:
        raise UnreadableSource(f"There is no folder and no file “{path}” that can be read.") from None


def read_upload(name: str, body: bytes, *, files: str = "", rows: str = "") -> Iterator[Row]:
    """Every row of a file that somebody sent: CSV, YAML, or a ZIP archive of such. Raises UnreadableSource."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in CSV_SUFFIXES:
        yield from read_csv(name, body)
    elif suffix in SUFFIXES:
        yield from read_yaml(name, body, rows)
    elif suffix == ".zip":
        yield from _read_zip(name, body, files, rows)
    else:
        raise UnreadableSource(f"“{name}” is not taken. Choose a .csv, a .yaml, or a .zip of YAML files.")


def _read_zip(name: str, body: bytes, files: str, rows: str) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            wanted = [each for each in archive.infolist() if _is_wanted(each.filename, files)]
            size = sum(each.file_size for each in wanted)
            if len(wanted) > MOST_FILES or size > MOST_BYTES:
                told = f"{len(wanted):,} files with {size / 2**20:,.0f} MiB"
                raise UnreadableSource(
                    f"{name} has {told}; at most {MOST_FILES:,} with {MOST_BYTES // 2**20} MiB are taken. Split it."
                )
            for each in sorted(wanted, key=lambda entry: entry.filename):
                yield from read_upload(each.filename, archive.read(each), rows=rows)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as problem:
        raise UnreadableSource(f"{name} cannot be unpacked: {problem}. Pack it anew, without a password.") from None


def _is_wanted(name: str, files: str) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    return not hidden and name.lower().endswith((*SUFFIXES, *CSV_SUFFIXES)) and (not files or fnmatch(name, files))


def read_yaml(file: str, body: bytes, rows: str = "") -> Iterator[Row]:
    """Each document, or each entry of the list that a document has at ``rows`` or is itself."""
    try:
        text = text_of(body)
    except ValueError as problem:
        yield Row(file, 1, problem=str(problem))
        return
    number = 0
    for document in read_documents(text):
        if document.error:
            number += 1
            line = f"Line {document.error.line}: " if document.error.line else ""
            yield Row(file, number, problem=f"{line}{document.error}")
            continue
        for value in _entries(document.value, rows):
            number += 1
            yield _row(file, number, value)


def _entries(value: Any, rows: str) -> Iterable[Any]:
    found = look_up(value, rows) if rows else value
    if found is None:
        # A document without anything is none; one without the list is missing it.
        return () if value is None else (found,)
    return found if isinstance(found, list) else (found,)


def _row(file: str, number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(
            file, number, problem="Here stands no “name: value”. A row is a YAML mapping; see rows in the mapping."
        )
    return Row(file, number, {**value, **_about(file, number)})


def _about(file: str, number: int) -> dict[str, Any]:
    """What every row has besides: where it stands."""
    return {"$file": file, "$folder": PurePosixPath(file).parent.name, "$row": number}


def read_csv(file: str, body: bytes) -> Iterator[Row]:
    """Each line below the first, which names the columns. Commas, semicolons or tabs stand between."""
    try:
        lines = text_of(body).splitlines(keepends=True)
    except ValueError as problem:
        raise UnreadableSource(f"{file}: {problem}") from None
    reader = csv.reader(lines, delimiter=_delimiter(lines[0] if lines else ""), strict=True)
    columns: list[str] = []
    begun = 1
    try:
        columns = _columns(file, next(reader, []))
        for cells in reader:
            first, begun = begun + 1, reader.line_num
            if first > MOST_ROWS:
                raise UnreadableSource(f"{file} has more than {MOST_ROWS:,} lines. Split it.")
            if any(cell.strip() for cell in cells):
                yield _line(file, first, columns, cells)
    except csv.Error as problem:
        yield Row(file, reader.line_num, problem=f"This is no CSV: {problem}. Nothing below it is read.")


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)


def _columns(file: str, cells: list[str]) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if not any(columns):
        raise UnreadableSource(f"{file} is empty. The first line names the columns, each further line is one row.")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise UnreadableSource(f"{file}: the column “{twice[0]}” stands twice. Keep one of the two.")
    return columns


def _line(file: str, number: int, columns: list[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        told = f"{len(cells)} values for {len(columns)} columns. Put values with a separator in them in quotes."
        return Row(file, number, problem=told)
    value = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name}
    return Row(file, number, {**value, **_about(file, number)})
