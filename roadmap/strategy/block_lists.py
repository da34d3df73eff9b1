"""The live block of a list: the first rows of any collection, asked for as its address has it. All lists of a document
are read by one query."""

import datetime as dt
from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField
from django.db.models.functions import JSONArray
from django.http import QueryDict

from portal.cells import as_text, number_text, share_text
from portal.collections import Collection, collections, get_collection
from portal.columns import Field
from portal.query import BadQuery, Query, parse
from roadmap.models import StrategySection
from roadmap.strategy.blocks import Answer, Asked, Figure, Kind, register
from roadmap.strategy.markdown import link, table, words
from services.health.samples import organisation_zone
from services.health.saying import day_in_words, moment_in_words

ROWS, MOST_ROWS = 5, 20
MOST_COLUMNS = 5
MOST_NEAR = 3
_Rows = Sequence[tuple[Any, ...]]


def lists(arguments: Several[str], asked: Asked) -> dict[str, Answer]:
    """The slug of a list with its query string, or its whole address."""
    read = {each: _query_of(each, asked) for each in arguments}
    queries = {each: found for each, found in read.items() if isinstance(found, Query)}
    rows, totals = _rows_of(queries), _totals_of(queries) if asked.frozen else {}
    return {
        each: _shown(each, found, rows[each], totals.get(each)) if isinstance(found, Query) else Answer(problem=found)
        for each, found in read.items()
    }


def _query_of(argument: str, asked: Asked) -> Query | str:
    """The question that a block asks, or what is wrong with it."""
    try:
        parts = urlsplit(argument)
        slug = parts.path.strip("/")
    except ValueError:
        return "This is no address of a list. Copy one from the address bar, such as initiatives?status=in_progress."
    collection = get_collection(slug)
    if collection is None or not collection.may(asked.reader, "view"):
        return f"There is no list “{slug[:60]}” that you may see. {_near(slug, asked.reader)}"
    try:
        query = parse(collection, asked.reader, QueryDict(parts.query), size=ROWS)
    except BadQuery as problem:
        return " ".join(problem.problems)
    if query.size > MOST_ROWS:
        return f"size={query.size}: a block shows {MOST_ROWS} rows at most. Its last line leads to all of them."
    return query


def _near(slug: str, reader: Any) -> str:
    """Where the name is found: that of a list which is called nearly so, or in the address of any."""
    near = get_close_matches(slug, sorted(each.slug for each in _open_lists(reader)), MOST_NEAR)
    if near:
        return f"Called nearly so: {', '.join(near)}."
    return "Take the name from the address of a list: initiatives, of /initiatives/."


def _open_lists(reader: Any) -> list[Collection]:
    return [each for each in collections() if each.listed and each.may(reader, "view")]


def _rows_of(queries: Mapping[str, Query]) -> dict[str, _Rows]:
    """The first rows of each, one more than are shown. One query: a row of an array for each list."""
    found = _at_once({argument: ArraySubquery(_first(query)) for argument, query in queries.items()})
    return {
        argument: [_as_read(query, row) for row in found.get(argument) or ()] for argument, query in queries.items()
    }


def _totals_of(queries: Mapping[str, Query]) -> dict[str, int]:
    """How many rows each has as a whole. One query."""
    wholes = {argument: ArraySubquery(query.matching().order_by().values("pk")) for argument, query in queries.items()}
    return _at_once({
        argument: Func(whole, function="CARDINALITY", output_field=IntegerField()) for argument, whole in wholes.items()
    })  # fmt: skip


def _at_once(parts: Mapping[str, Any]) -> dict[str, Any]:
    """What each expression gives, in one query. Any one row will do to hang them on; there are always sections."""
    if not parts:
        return {}
    names = {f"list_{at}": argument for at, argument in enumerate(parts)}
    annotations = {name: parts[argument] for name, argument in names.items()}
    found = StrategySection.objects.order_by("pk").annotate(**annotations).values(*annotations).first() or {}
    return {names[name]: value for name, value in found.items()}


def _first(query: Query) -> Any:
    start = (query.page - 1) * query.size
    row = JSONArray(*(F(path) for path in query.paths))
    return query.rows().annotate(block_row=row).values("block_row")[start : start + query.size + 1]


def _as_read(query: Query, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row out of JSON as the database would have given it: days and moments are texts there."""
    at = 1 + len(query.collection.key_paths)
    values = list(row)
    for field in query.columns:
        if values[at] is not None and field.kind.name == "date":
            values[at] = dt.date.fromisoformat(values[at])
        elif values[at] is not None and field.kind.name == "datetime":
            values[at] = dt.datetime.fromisoformat(values[at])
        at += len(field.paths)
    return tuple(values)


def _shown(argument: str, query: Query, rows: _Rows, total: int | None) -> Answer:
    shown, more = rows[: query.size], len(rows) > query.size
    title = query.collection.title
    url = _address(argument, query)
    figures = () if total is None else (_figure(argument, query, total),)
    if not shown:
        said = f"Nothing of {link(title, url)} meets this question"
        return Answer(whole=f"{said}.", inline=said, figures=figures)
    columns = _columns(query)
    read = [query.split(row) for row in shown]
    cells = [[_cell(query, key, at, field, values[at]) for at, field in columns] for key, values in read]
    end = (
        f"The first {len(shown)}. {link(f'All of them under {title}', url)}"
        if more
        else link(f"As a list: {title}", url)
    )
    head = [words(field.label) for _, field in columns]
    named = ", ".join(_name(query, key, values) for key, values in read) + (" and more" if more else "")
    return Answer(whole=f"{table(head, cells)}\n\n{end}", inline=named, figures=figures)


def _address(argument: str, query: Query) -> str:
    asks = urlsplit(argument).query
    return f"{query.collection.url}?{asks}" if asks else query.collection.url


def _figure(argument: str, query: Query, total: int) -> Figure:
    return Figure(f"{query.collection.title}: {argument}", f"{total:,}", "", float(total), "rows")


def _link_at(query: Query) -> int:
    return next((at for at, field in enumerate(query.columns) if field.cell == "link"), 0)


def _columns(query: Query) -> list[tuple[int, Field]]:
    """The columns that have room, the one that names a row first."""
    first = _link_at(query)
    order = [first, *(at for at in range(len(query.columns)) if at != first)]
    return [(at, query.columns[at]) for at in order[:MOST_COLUMNS]]


def _cell(query: Query, key: str, at: int, field: Field, values: tuple[Any, ...]) -> str:
    return _name(query, key, None, values) if at == _link_at(query) else words(_text(field, values))


def _name(query: Query, key: str, row: Sequence[Any] | None, values: tuple[Any, ...] = ()) -> str:
    at = _link_at(query)
    said = _text(query.columns[at], row[at] if row is not None else values) or key
    return link(said, query.collection.record_url(key))


def _text(field: Field, values: tuple[Any, ...]) -> str:
    value = values[0]
    if isinstance(value, dt.datetime):
        return moment_in_words(value.astimezone(organisation_zone()))
    if isinstance(value, dt.date):
        return day_in_words(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float) and not field.labels:
        return share_text(value) if field.cell == "share" else number_text(value)
    return as_text(field, values)


register(Kind("list", "{{list: initiatives?status=in_progress}}", "The first rows of any list.", lists))
