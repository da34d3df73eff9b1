"""A list page, put together from a query: header links, rows of cells, filter chips, menus, pages."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html

from portal.cells import as_text, cell
from portal.collections import Collection
from portal.columns import Field
from portal.query import DEEPEST_PAGE, EXACT_TOTAL, Filter, Query, Sort

# On a phone: the name, then at most this many columns.
SHOWN_ON_A_PHONE = 3


def with_params(params: QueryDict, **changes: str | list[str] | tuple[str, ...] | None) -> str:
    """The same query string with some parameters set, or left out where None; always back on the first page."""
    changed = params.copy()
    for name in ("page", "cursor"):
        changed.pop(name, None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None:
            changed.setlist(name, [value] if isinstance(value, str) else list(value))
    kept = [(name, value) for name, values in changed.lists() for value in values if value]
    query = QueryDict(mutable=True)
    for name, value in kept:
        query.appendlist(name, value)
    return "?" + query.urlencode(safe=",*:/")


def list_context(request: HttpRequest, query: Query) -> dict[str, Any]:
    """Everything ``collection_list.html`` shows of a query that could be read."""
    read = list(query.rows().values_list(*query.paths)[_offset(query) : _offset(query) + query.size + 1])
    rows = read[: query.size]
    total = query.total()
    filtered = query.is_filtered
    return {
        **_head(request, query.collection),
        **_menus(request, query),
        "columns": list(_headers(request, query)),
        "rows": [_row(query, row) for row in rows],
        "chips": [_chip(request, query, each) for each in query.filters],
        "filter_names": [each.field.label.lower() for each in query.filters],
        "q": query.text,
        "total": _total(request, query, total),
        "pager": _pager(request, query, len(rows), more=len(read) > query.size),
        "errors": [],
        "empty": not rows and query.page == 1 and not filtered and not query.filters,
        "nothing_matches": not rows and bool(filtered or query.filters or query.page > 1),
    }


def broken_context(request: HttpRequest, collection: Collection, problems: list[str]) -> dict[str, Any]:
    """The list page of a query string that could not be read: what is wrong, over an empty table."""
    nothing: dict[str, Any] = dict.fromkeys(("columns", "rows", "chips", "addable", "columns_menu", "exports"), ())
    asked = {"hidden": (), "q": "", "total": None, "pager": None, "errors": problems}
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
        "create_label": f"New {collection.title_one}",
        "api_url": collection.api_url + with_params(request.GET, format=None),
        "clear_url": collection.url + _cleared(collection),
    }


def _offset(query: Query) -> int:
    return (query.page - 1) * query.size


def _row(query: Query, row: tuple[Any, ...]) -> dict[str, Any]:
    key, values = query.split(row)
    cells = [cell(field, value) for field, value in zip(query.columns, values, strict=True)]
    url = query.collection.record_url(key)
    at = next((at for at, field in enumerate(query.columns) if field.cell == "link"), 0)
    cells[at] = format_html('<a class="gw-name" href="{}">{}</a>', url, _link_text(query.columns[at], values[at], key))
    return {"url": url, "cells": cells}


def _link_text(field: Field, values: tuple[Any, ...], key: str) -> str:
    """What stands for the record: the value as text, or its key where there is none."""
    return as_text(field, values) or key


def _headers(request: HttpRequest, query: Query) -> Iterable[dict[str, Any]]:
    by_name = {each.field.name: each for each in query.sort}
    for at, field in enumerate(query.columns):
        sort = by_name.get(field.name)
        yield {
            "name": field.name,
            "label": field.label,
            "sort_url": with_params(request.GET, sort=_next_sort(field, sort)) if field.kind.sortable else "",
            "aria_sort": _aria_sort(sort) if sort is query.sort[0] else "",
            "numeric": field.kind.numeric,
            "low": at >= SHOWN_ON_A_PHONE,
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


def _page_url(request: HttpRequest, page: int) -> str:
    address = with_params(request.GET, page=None)
    return address if page == 1 else f"{address}{'&' if address != '?' else ''}page={page}"


def filter_from_form(collection: Collection, params: QueryDict) -> str | None:
    """The address that a filter's form asks for, once it says how to compare: ``filter.*`` become one parameter."""
    if "filter.field" not in params or "filter.op" not in params:
        return None
    field, operator = str(params["filter.field"]), str(params["filter.op"])
    given = [text.strip() for value in params.getlist("filter.value") for text in value.split(",") if text.strip()]
    name = f"{field}.{operator}" if operator else field
    texts: list[str] = ["true"] if operator == "set" and not given else given
    changes: dict[str, list[str] | None] = {name: texts or None}
    rest = params.copy()
    for parameter in ("filter.field", "filter.op", "filter.value"):
        rest.pop(parameter, None)
    return collection.url + with_params(rest, **changes)
