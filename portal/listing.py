"""A list page, put together from a query: header links, rows of cells, filter chips, menus, pages."""

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.cells import as_text, cell, cut
from portal.collections import Collection
from portal.columns import Field
from portal.kinds import BOOLEAN, DATE, DATETIME, JSON, TAGS
from portal.query import DEEPEST_PAGE, EXACT_TOTAL, Filter, Query, Sort
from portal.shapes import shapes_of

# On a phone: the name, then at most this many columns.
SHOWN_ON_A_PHONE = 3
# Their values say nothing without the name of the column: a day of what, and yes to what?
BARE = (BOOLEAN, DATE, DATETIME)


def with_params(params: QueryDict, /, **changes: str | list[str] | tuple[str, ...] | None) -> str:
    """The same query string with some parameters set, or left out where None; always back on the first page."""
    kept = {name: values for name, values in params.lists() if name not in {"page", "cursor", *changes}}
    for name, value in changes.items():
        kept[name] = [] if value is None else [value] if isinstance(value, str) else list(value)
    pairs = [(name, value) for name, values in kept.items() for value in values if value]
    return "?" + urlencode(pairs, safe=",*:/", quote_via=quote)


def list_context(request: HttpRequest, query: Query) -> dict[str, Any]:
    """Everything ``collection_list.html`` shows of a query that could be read."""
    read = list(query.rows().values_list(*query.paths)[_offset(query) : _offset(query) + query.size + 1])
    rows = read[: query.size]
    total = query.total()
    is_empty = not rows and not query.collection.visible(query.reader).exists()
    return {
        **asking(request, query),
        "columns": list(_headers(request, query)),
        "rows": _rows(query, rows),
        "total": _total(request, query, total),
        "pager": _pager(request, query, len(rows), more=len(read) > query.size),
        "empty": is_empty,
        "beyond": None if rows or query.page == 1 else _beyond(request, query),
        "nothing_matches": not rows and not is_empty,
    }


def asking(request: HttpRequest, query: Query) -> dict[str, Any]:
    """What a list says besides its rows, and what may be asked of it: also for its other shapes."""
    return {
        **_head(request, query.collection),
        **_menus(request, query),
        "chips": [_chip(request, query, each) for each in query.filters],
        "filter_names": [each.field.label.lower() for each in query.filters],
        "q": query.text,
        "errors": [],
    }


def table(request: HttpRequest, query: Query) -> dict[str, Any]:
    """Only the table of a query, for a page that shows a few rows of a list: headings without sorting."""
    rows = query.rows().values_list(*query.paths)[: query.size]
    columns = [
        {"label": field.label, "numeric": field.kind.numeric, "bare": field.kind in BARE, "low": at > 1}
        for at, field in enumerate(query.columns)
    ]
    return {"columns": columns, "rows": _rows(query, rows)}


def broken_context(request: HttpRequest, collection: Collection, problems: list[str]) -> dict[str, Any]:
    """The list page of a query string that could not be read: what is wrong, over an empty table."""
    nothing: dict[str, Any] = dict.fromkeys(("columns", "rows", "chips", "addable", "columns_menu", "exports"), ())
    asked = {
        "hidden": (),
        "q": "",
        "total": None,
        "pager": None,
        "errors": problems,
        "shapes": shapes_of(collection, ""),
    }
    return {**_head(request, collection), **nothing, **asked}


def _head(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    return {
        "title": collection.title,
        "title_one": collection.title_one,
        "description": collection.description,
        "slug": collection.slug,
        "url": collection.url,
        "empty_text": collection.empty,
        "can_create": collection.may(request.user, "add"),
        "create_url": reverse("record-new", args=[collection.slug]),
        "create_label": collection.begin or f"New {collection.title_one}",
        "tools": [
            {"label": each.label, "icon": each.icon, "url": reverse(each.name)}
            for each in collection.tools
            if each.act and collection.may(request.user, each.act)
        ],
        "api_url": collection.api_url + with_params(request.GET, format=None),
        "clear_url": collection.url + _cleared(collection),
        "shapes": shapes_of(collection, with_params(request.GET)),
    }


def _offset(query: Query) -> int:
    return (query.page - 1) * query.size


def _rows(query: Query, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    link_at = _link_at(query)
    makers = [_cell_maker(field) for field in query.columns]
    return [_row(query, row, makers, link_at) for row in rows]


def _link_at(query: Query) -> int:
    """Where the column is that names a row."""
    return next((at for at, field in enumerate(query.columns) if field.cell == "link"), 0)


def _cell_maker(field: Field) -> Callable[[tuple[Any, ...]], SafeString]:
    """``cell`` for one column of one page. It remembers: the same owners, types and tiers stand in many rows."""
    make = partial(cell, field)
    return make if field.kind in (TAGS, JSON) else cache(make)


def _row(
    query: Query, row: tuple[Any, ...], makers: list[Callable[[tuple[Any, ...]], SafeString]], link_at: int
) -> dict[str, Any]:
    key, values = query.split(row)
    url = query.collection.record_url(key)
    cells = [
        _link(url, query.columns[at], value, key) if at == link_at else makers[at](value)
        for at, value in enumerate(values)
    ]
    return {"url": url, "cells": cells}


def _link(url: str, field: Field, values: tuple[Any, ...], key: str) -> SafeString:
    return format_html('<a class="gw-name" href="{}">{}</a>', url, cut(_link_text(field, values, key)))


def _link_text(field: Field, values: tuple[Any, ...], key: str) -> str:
    """What stands for the record: the value as text, or its key where there is none."""
    return as_text(field, values) or key


def _headers(request: HttpRequest, query: Query) -> Iterable[dict[str, Any]]:
    by_name = {each.field.name: each for each in query.sort}
    link_at = _link_at(query)
    for at, field in enumerate(query.columns):
        sort = by_name.get(field.name)
        yield {
            "name": field.name,
            "label": field.label,
            "sort_url": with_params(request.GET, sort=_next_sort(field, sort)) if field.kind.sortable else "",
            "aria_sort": _aria_sort(sort) if sort is query.sort[0] else "",
            "numeric": field.kind.numeric,
            "bare": field.kind in BARE,
            "low": at >= SHOWN_ON_A_PHONE,
            "head": at == link_at,
        }


def _next_sort(field: Field, sort: Sort | None) -> str:
    return f"-{field.name}" if sort and not sort.descending else field.name


def _aria_sort(sort: Sort | None) -> str:
    if sort is None:
        return ""
    return "descending" if sort.descending else "ascending"


def _cleared(collection: Collection) -> str:
    """The query that asks for everything, default filters lifted too."""
    return "?" + "&".join(f"{name}=*" for name in collection.defaults) if collection.defaults else ""


def _menus(request: HttpRequest, query: Query) -> dict[str, Any]:
    shown = {field.name for field in query.columns}
    order = [*(field.name for field in query.columns), *(name for name in query.available if name not in shown)]
    return {
        "addable": [_editor(each) for each in query.available.values()],
        "columns_menu": [
            {"name": name, "label": query.available[name].label, "shown": name in shown} for name in order
        ],
        "exports": [
            {"label": "CSV, these columns", "icon": "file-type-csv", "url": with_params(request.GET, format="csv")},
            {"label": "JSON, these columns", "icon": "braces", "url": with_params(request.GET, format="json")},
            *(
                {
                    "label": each.label,
                    "icon": each.icon,
                    "url": reverse(each.name) + with_params(request.GET),
                    "is_page": each.is_page,
                }
                for each in query.collection.tools
                if not each.act
            ),
        ],
        "hidden": _kept(request, "page"),
    }


def _kept(request: HttpRequest, *left_out: str) -> list[tuple[str, str]]:
    """The parameters that a form of the list carries along."""
    out = {"cursor", *left_out}
    return [(name, value) for name, values in request.GET.lists() for value in values if value and name not in out]


def _editor(field: Field, chosen: Filter | None = None) -> dict[str, Any]:
    """What a filter's own form needs: its questions, and its choices or its input."""
    choices = [*field.choices] or ([(True, "Yes"), (False, "No")] if field.kind is BOOLEAN else [])
    asks_set = chosen is not None and chosen.operator.name == "set"
    return {
        "field": field.name,
        "label": field.label,
        "operators": [
            {"value": each.name, "label": each.label, "selected": chosen is not None and each is chosen.operator}
            for each in field.kind.operators
        ],
        "choices": None if asks_set or not choices else [_choice(value, label, chosen) for value, label in choices],
        "input_type": "text",
        "input_value": _in_one_line(chosen) if chosen else "",
        "kinds": field.kinds or None,
    }


def _choice(value: Any, label: str, chosen: Filter | None) -> dict[str, Any]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {"value": text, "label": label, "selected": chosen is not None and value in chosen.values}


def _in_one_line(chosen: Filter) -> str:
    """The values as they stand in one input: with commas between, in quotes where a value has a comma itself."""
    if not chosen.operator.many:
        return chosen.texts[0]
    return ", ".join(
        f'"{text.replace(_QUOTE, _QUOTE * 2)}"' if _LIST_MARK.search(text) else text for text in chosen.texts
    )


_QUOTE = '"'
_LIST_MARK = re.compile(r'[,"]')
_ITEM = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?=,|$)|([^,]+)')


def _items(line: str) -> list[str]:
    """The values of an input that takes several; the way back from ``_in_one_line``."""
    found = (quoted.replace(_QUOTE * 2, _QUOTE) or plain for quoted, plain in _ITEM.findall(line))
    return [text.strip() for text in found if text.strip()]


def _chip(request: HttpRequest, query: Query, each: Filter) -> dict[str, Any]:
    return {
        "label": each.field.label,
        "operator": _operator_label(each),
        "value": "" if each.operator.name == "set" else _value_label(each),
        "remove_url": with_params(request.GET, **_without(query, each)),
        "edit": _editor(each.field, each),
        "hidden": [*_kept(request, "page", each.name), ("filter.part", each.name)],
    }


def _operator_label(each: Filter) -> str:
    if each.operator.name == "set":
        return "is set" if each.values[0] else "is not set"
    return each.operator.label.replace(" any of", "") if len(each.values) == 1 else each.operator.label


def _value_label(each: Filter) -> str:
    if each.field.kind.name == "boolean":
        return "yes" if each.values[0] else "no"
    return ", ".join(each.field.labels.get(value, text) for value, text in zip(each.values, each.texts, strict=True))


def _without(query: Query, each: Filter) -> dict[str, str | None]:
    """Parameters that lift this filter; a default one is lifted by asking for anything."""
    if each.default:
        return {each.name: "*"}
    others = [other for other in query.filters if other.field is each.field and other is not each]
    if each.field.name in query.collection.defaults and not others:
        return {each.name: None, each.field.name: "*"}
    return {each.name: None}


def _total(request: HttpRequest, query: Query, total: int | None) -> dict[str, Any]:
    if total is not None:
        return {"text": f"{total:,}", "count": total, "lazy_url": None}
    url = reverse("collection-total", args=[query.collection.slug]) + with_params(request.GET)
    return {"text": f"more than {EXACT_TOTAL:,}", "count": None, "lazy_url": url}


def _pager(request: HttpRequest, query: Query, shown: int, *, more: bool) -> dict[str, Any]:
    first = _offset(query) + 1 if shown else 0
    return {
        "first": first,
        "last": _offset(query) + shown,
        "previous_url": _page_url(request, query.page - 1) if query.page > 1 else None,
        "next_url": _page_url(request, query.page + 1) if more and query.page < DEEPEST_PAGE else None,
    }


def _beyond(request: HttpRequest, query: Query) -> dict[str, Any] | None:
    """What a page after the last one says, where there are rows at all."""
    last = -(-query.matching().order_by().count() // query.size)
    return {"page": query.page, "last": last, "url": _page_url(request, last)} if last else None


def _page_url(request: HttpRequest, page: int) -> str:
    address = with_params(request.GET, page=None)
    return address if page == 1 else f"{address}{'&' if address != '?' else ''}page={page}"


def filter_from_form(collection: Collection, params: QueryDict) -> str | None:
    """The address that a filter's form asks for, once it says how to compare: ``filter.*`` become one parameter.

    The form of a chip names the part of the question that it changes (``filter.part``); the other parts stay.
    """
    if "filter.field" not in params or "filter.op" not in params:
        return None
    column, asked, part = str(params["filter.field"]), str(params["filter.op"]), params.get("filter.part")
    name = f"{column}.{asked}" if asked else column
    rest = params.copy()
    for parameter in ("filter.field", "filter.op", "filter.value", "filter.part"):
        rest.pop(parameter, None)
    many = _takes_many(collection, column, asked)
    texts = _texts_given(params.getlist("filter.value"), asked, many=many)
    if part and not texts:
        return collection.url + with_params(rest, **_lifted(collection, column, rest))
    if part and many:
        texts = [*dict.fromkeys([*rest.getlist(name), *texts])]
    return collection.url + with_params(rest, **{name: texts or None})


def _takes_many(collection: Collection, column: str, asked: str) -> bool:
    field = collection.fields.get(column)
    operator = field.kind.operator(asked) if field else None
    return operator is not None and operator.many


def _texts_given(given: list[str], asked: str, *, many: bool) -> list[str]:
    texts = [text for line in given for text in (_items(line) if many else [line.strip()]) if text]
    return ["true"] if asked == "set" and not texts else texts


def _lifted(collection: Collection, column: str, rest: QueryDict) -> dict[str, str]:
    """What lifts a question that was emptied: nothing more, unless a default would come back in its place."""
    others = any(name.partition(".")[0] == column for name in rest)
    return {column: "*"} if column in collection.defaults and not others else {}
