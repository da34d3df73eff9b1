"""The query string: one grammar for page, API, file and feed (docs/query-grammar.md is its public contract).

Nothing is dropped silently: an unknown name or a value that cannot be read raises BadQuery, which says what is wrong
and which names there are.
"""

import base64
import binascii
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

import orjson
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict

from portal.collections import Collection, unknown_to
from portal.columns import Field
from portal.kinds import BOOLEAN, REFERENCE, BadValue, Operator
from portal.search.index import matching
from portal.search.words import too_much

RESERVED = ("q", "sort", "columns", "page", "size", "cursor", "format")
# Asked once or not at all. Columns may be named in several parameters.
SINGLE = ("q", "sort", "page", "size", "cursor", "format")
EXACT_TOTAL = 1000
LARGEST_PAGE = 500
DEEPEST_PAGE = 10_000
# A cursor holds whole values, such as a description that was sorted by. Of longer ones the pages are counted instead.
LONGEST_CURSOR = 8192


class BadQuery(ValueError):  # noqa: N818  it names what is bad, as PermissionDenied does
    """A query string that cannot be answered; ``problems`` says why, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Filter:
    """One condition: a column, a question and the values asked for, both as written and as read."""

    field: Field
    operator: Operator
    texts: tuple[str, ...]
    values: tuple[Any, ...]
    default: bool = False

    @property
    def name(self) -> str:
        return f"{self.field.name}.{self.operator.name}" if self.operator.name else self.field.name

    def condition(self) -> Q:
        return self.operator.build(self.field.path, list(self.values))


@dataclass(frozen=True)
class Sort:
    field: Field
    descending: bool = False

    @property
    def text(self) -> str:
        return f"-{self.field.name}" if self.descending else self.field.name

    def order(self) -> OrderBy | str:
        """Empty values come last either way; where there are none, the plain order is kept, which indexes serve."""
        path = self.field.sort_path
        if not self.field.nullable:
            return f"-{path}" if self.descending else path
        return F(path).desc(nulls_last=True) if self.descending else F(path).asc(nulls_last=True)


@dataclass(frozen=True)
class Query:
    """A read query string. ``columns`` are what to show, in order."""

    collection: Collection
    reader: Any
    available: Mapping[str, Field]
    columns: tuple[Field, ...]
    filters: tuple[Filter, ...]
    sort: tuple[Sort, ...]
    text: str = ""
    page: int = 1
    size: int = 50
    cursor: tuple[Any, ...] | None = None

    def matching(self) -> QuerySet[Any]:
        """The visible rows that meet every condition, in no order yet."""
        rows = self.collection.visible(self.reader)
        asked = [
            *(each.field for each in self.filters),
            *(each.field for each in self.sort),
            *self.columns,
        ]
        rows = annotated(rows, self.reader, asked)
        for each in self.filters:
            rows = rows.filter(each.condition())
        if self.text:
            rows = rows.filter(self._has_words())
        return rows

    def _has_words(self) -> Q:
        """Has every word that was typed: by the search index, or in any text of what the index does not have."""
        if self.collection.is_searched:
            return matching(self.collection.model, self.text)
        texts = [each.sort_path for each in self.available.values() if each.is_text]
        return reduce(and_, (_in_any(texts, word) for word in self.text.split()))

    def rows(self) -> QuerySet[Any]:
        """The matching rows in the asked order, which always ends in the primary key, so that pages do not overlap."""
        ordered = self.matching().order_by(*(each.order() for each in self.sort), self._last_key())
        return ordered.filter(self._after_cursor()) if self.cursor is not None else ordered

    def _last_key(self) -> str:
        return "-pk" if self.sort and self.sort[0].descending and not self.sort[0].field.nullable else "pk"

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """What to read of each row: primary key, the parts of its address, then the columns' own paths."""
        return (
            "pk",
            *self.collection.key_paths,
            *(path for field in self.columns for path in field.paths),
        )

    def split(self, row: tuple[Any, ...]) -> tuple[str, list[tuple[Any, ...]]]:
        """Take one row of ``paths`` apart: its key, and for each column the tuple of its values."""
        at = 1 + len(self.collection.key_paths)
        key, values = self.collection.key(*row[1:at]), []
        for field in self.columns:
            width = len(field.paths)
            values.append(row[at : at + width])
            at += width
        return key, unnamed(self.columns, values, self.hidden) if self.hidden else values

    @cached_property
    def hidden(self) -> frozenset[str]:
        """What the rows may point at and the reader may not see."""
        points = any(field.kind is REFERENCE for field in self.columns)
        return frozenset(unknown_to(self.reader).values()) if points else frozenset()

    def total(self) -> int | None:
        """How many rows match: exact up to EXACT_TOTAL, None beyond."""
        found = self.matching().order_by()[: EXACT_TOTAL + 1].count()
        return found if found <= EXACT_TOTAL else None

    # Cursors: the sort values and primary key of the last row seen.

    def cursor_after(self, record_values: Iterable[Any]) -> str:
        """Empty where it would be too long for an address."""
        text = base64.urlsafe_b64encode(orjson.dumps([*record_values], default=str)).decode().rstrip("=")
        return text if len(text) <= LONGEST_CURSOR else ""

    @property
    def cursor_paths(self) -> tuple[str, ...]:
        return (*(each.field.sort_path for each in self.sort), "pk")

    def _after_cursor(self) -> Q:
        keys = [(each.field.sort_path, each.descending, each.field.nullable) for each in self.sort]
        keys.append(("pk", self._last_key() == "-pk", False))
        beyond, equal = Q(), Q()
        for (path, descending, nullable), value in zip(keys, self.cursor or (), strict=True):
            beyond |= equal & _past(path, value, descending=descending, nullable=nullable)
            equal &= Q(**{f"{path}__isnull": True}) if value is None else Q(**{path: value})
        return beyond


def _in_any(paths: list[str], word: str) -> Q:
    return reduce(or_, (Q(**{f"{path}__icontains": word}) for path in paths), Q(pk__in=[]))


def unnamed(fields: Iterable[Field], values: list[tuple[Any, ...]], hidden: frozenset[str]) -> list[tuple[Any, ...]]:
    """The values of a row, references to what is hidden from the reader left out."""
    return [
        (None,) * len(value) if field.kind is REFERENCE and value[1] in hidden else value
        for field, value in zip(fields, values, strict=True)
    ]


def annotated(rows: QuerySet[Any], reader: Any, fields: Iterable[Field]) -> QuerySet[Any]:
    """The rows with what these columns compute, as the reader may see it."""
    expressions = {path: expr for field in fields for path, expr in field.annotation(reader).items()}
    return rows.annotate(**expressions) if expressions else rows


def _past(path: str, value: Any, *, descending: bool, nullable: bool) -> Q:
    if value is None:
        return Q(pk__in=[])
    past = Q(**{f"{path}__{'lt' if descending else 'gt'}": value})
    return past | Q(**{f"{path}__isnull": True}) if nullable else past


def parse(
    collection: Collection,
    reader: Any,
    params: QueryDict,
    *,
    size: int = 50,
    every_column: bool = False,
) -> Query:
    """Read a query string for this reader. Raises BadQuery naming every problem at once.

    ``every_column`` shows all columns the reader may see unless ``columns`` picks some (API, JSON).
    """
    return _Parser(collection, reader, params).parse(size, every_column)


class _Parser:
    def __init__(self, collection: Collection, reader: Any, params: QueryDict) -> None:
        self.collection, self.reader = collection, reader
        self.params = {
            name: values for name, given in params.lists() if (values := [text for text in given if text.strip()])
        }
        self.available = collection.fields_for(reader)
        self.problems: list[str] = []

    def parse(self, size: int, every_column: bool) -> Query:
        self._refuse_repeated()
        sort = self._sort()
        query = Query(
            collection=self.collection,
            reader=self.reader,
            available=self.available,
            columns=self._columns(every_column),
            filters=tuple(self._filters()),
            sort=sort,
            text=self._text(),
            page=self._number("page", 1, DEEPEST_PAGE),
            size=self._number("size", size, LARGEST_PAGE),
            cursor=self._cursor(sort),
        )
        if self.problems:
            raise BadQuery(self.problems)
        return query

    def _refuse_repeated(self) -> None:
        for name in SINGLE:
            if (times := len(self.params.get(name, ()))) > 1:
                self.problems.append(f"{name} was given {times} times; it takes one value.")

    def _one(self, name: str) -> str:
        text = self.params.get(name, [""])[-1].strip()
        if "\x00" in text:
            self.problems.append(f"{name}: text cannot hold a null character.")
        return text

    def _text(self) -> str:
        text = self._one("q")
        if problem := too_much(text):
            self.problems.append(f"q: {problem}")
        return text

    def _number(self, name: str, default: int, largest: int) -> int:
        text = self._one(name)
        if not text:
            return default
        if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= largest:
            self.problems.append(f"{name}={text[:40]}: expected a whole number from 1 to {largest:,}.")
            return default
        return int(text)

    def _unknown(self, what: str, name: str, names: Iterable[str]) -> None:
        known = list(names)
        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean “{near[0]}”?" if near else ""
        self.problems.append(f"{what} “{name[:60]}” is not known here.{hint} There are: {', '.join(known)}.")

    def _columns(self, every_column: bool) -> tuple[Field, ...]:
        names = [name.strip() for text in self.params.get("columns", ()) for name in text.split(",") if name.strip()]
        if not names:
            return tuple(each for each in self.available.values() if every_column or each.column.shown)
        found: dict[str, Field] = {}
        for name in names:
            if name in found:
                self.problems.append(f"columns names “{name}” twice; each column is shown once.")
            elif name in self.available:
                found[name] = self.available[name]
            else:
                self._unknown("The column", name, self.available)
        return tuple(found.values())

    def _sort(self) -> tuple[Sort, ...]:
        sorts: dict[str, Sort] = {}
        sortable = {name: each for name, each in self.available.items() if each.kind.sortable}
        for text in (self._one("sort") or self.collection.order).split(","):
            name = text.strip().removeprefix("-")
            if name in sorts:
                self.problems.append(f"sort names “{name}” twice; each column is sorted by once.")
            elif name in sortable:
                sorts[name] = Sort(sortable[name], text.strip().startswith("-"))
            else:
                self._unknown("To sort by, the column", name, sortable)
        return tuple(sorts.values())

    def _filters(self) -> Iterable[Filter]:
        asked = {name: values for name, values in self.params.items() if name not in RESERVED}
        for name, texts in asked.items():
            yield from self._filter(name, texts)
        columns_asked = {name.partition(".")[0] for name in asked}
        for name, standard in self.collection.defaults.items():
            if name not in columns_asked and name in self.available:
                yield from self._filter(name, list(standard), default=True)

    def _filter(self, name: str, texts: list[str], *, default: bool = False) -> Iterable[Filter]:
        column, _, asked = name.partition(".")
        field = self.available.get(column)
        if field is None:
            return self._unknown("The filter", column, self.available)
        if texts == ["*"] and not asked:
            return None
        operator = field.kind.operator(asked)
        if operator is None:
            known = ", ".join(f"{column}.{each.name}" if each.name else column for each in field.kind.operators)
            self.problems.append(f"“{name[:80]}” is no question that can be asked of “{column}”. There are: {known}.")
            return None
        if not operator.many and len(texts) > 1:
            self.problems.append(f"{name} was given {len(texts)} times; it takes one value.")
        values = [self._value(name, field, operator, text) for text in texts]
        yield Filter(field, operator, tuple(texts), tuple(values), default)

    def _value(self, name: str, field: Field, operator: Operator, text: str) -> Any:
        try:
            value = (operator.parse or field.kind.parse)(text.strip())
        except BadValue as problem:
            self.problems.append(f"{name}={text[:60]}: {problem}.")
            return None
        if field.choices and operator.parse is None and value not in field.labels:
            choices = ", ".join(str(choice) for choice, _ in field.choices)
            self.problems.append(f"{name}={text[:60]}: there is no such value. There are: {choices}.")
        return value

    def _cursor(self, sort: tuple[Sort, ...]) -> tuple[Any, ...] | None:
        text = self._one("cursor")
        if not text:
            return None
        try:
            if len(text) > LONGEST_CURSOR:
                raise ValueError
            values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(values, list) or len(values) != len(sort) + 1 or not _is_key(values[-1]):
                raise ValueError
            read = [_read_back(each.field, value) for each, value in zip(sort, values[:-1], strict=True)]
        except (ValueError, TypeError, binascii.Error):
            self.problems.append("cursor: this cursor belongs to another list or is cut short; begin without it.")
            return None
        return (*read, values[-1])


def _is_key(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _read_back(field: Field, value: Any) -> Any:
    """Read a sort value out of a cursor. Raises ValueError for a value that such a column cannot have."""
    if value is None:
        return None
    if isinstance(value, bool) or field.kind is BOOLEAN:
        expected: tuple[type, ...] = (bool,) if field.kind is BOOLEAN else ()
    else:
        expected = (str, int, float) if field.kind.input_type == "number" else (str,)
    if not isinstance(value, expected):
        raise BadValue("a value of another column")
    return value if field.kind is BOOLEAN else field.kind.parse(str(value))
