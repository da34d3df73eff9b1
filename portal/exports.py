"""Lists as files: streamed row by row, so that memory does not grow with the file."""

import csv
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from portal.cells import as_json, as_text
from portal.query import Query
from portal.rest import to_json

CHUNK = 2000
# What stands at the end of a CSV file that is not whole. JSON that breaks off is none by itself.
BROKEN_OFF = "This file is incomplete: it broke off here. Ask for it again."
# A spreadsheet takes text that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def guarded(text: str) -> str:
    """Text that a spreadsheet shows as it is instead of running it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_lines(query: Query) -> Iterator[str]:
    """The header line, then blocks of lines. Every cell is text; text that could be a formula is guarded."""
    return _csv_lines(query, timezone.get_current_timezone())


def _csv_lines(query: Query, zone: tzinfo) -> Iterator[str]:
    """The lines are written when the request is over, and with it the time zone of the reader."""
    write = csv.writer(_Echo()).writerow
    before = "\ufeff" + write([field.name for field in query.columns])
    try:
        for block in _blocks(query):
            with timezone.override(zone):
                lines = [write(_csv_cells(query, row)) for row in block]
            yield before + "".join(lines)
            before = ""
    except Exception:
        # The web server ends an answer that breaks off as it ends a whole one.
        if not before:
            yield write([BROKEN_OFF])
        raise
    if before:
        yield before


def _csv_cells(query: Query, row: tuple[Any, ...]) -> list[str]:
    _, values = query.split(row)
    return [_csv_cell(field, value) for field, value in zip(query.columns, values, strict=True)]


def _csv_cell(field: Any, values: tuple[Any, ...]) -> str:
    text = as_text(field, values)
    return text if field.kind.numeric else guarded(text)


def json_blocks(query: Query) -> Iterator[bytes]:
    """``{"items": […]}`` with the columns as the API gives them."""
    before = b'{"items": ['
    for block in _blocks(query):
        yield before + b",\n".join(to_json(item(query, row)) for row in block)
        before = b",\n"
    yield (b"" if before == b",\n" else before) + b"]}\n"


def item(query: Query, row: tuple[Any, ...]) -> dict[str, Any]:
    """One record as the API gives it: a value by column name."""
    _, values = query.split(row)
    return {field.name: as_json(field, value) for field, value in zip(query.columns, values, strict=True)}


def _blocks(query: Query) -> Iterable[list[tuple[Any, ...]]]:
    block: list[tuple[Any, ...]] = []
    for row in query.rows().values_list(*query.paths).iterator(chunk_size=CHUNK):
        block.append(row)
        if len(block) == CHUNK:
            yield block
            block = []
    if block:
        yield block


FORMATS = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "json": ("application/json", json_blocks),
}


def export(query: Query, format_name: str) -> StreamingHttpResponse:
    """The whole list as a file to download. Raises what is wrong with its first rows, before anything is answered."""
    content_type, lines = FORMATS[format_name]
    name = f"{query.collection.slug}-{timezone.localdate():%Y-%m-%d}.{format_name}"
    blocks = iter(lines(query))
    begun = list(islice(blocks, 1))
    response = StreamingHttpResponse(chain(begun, blocks), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
