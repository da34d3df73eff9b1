"""System checks of declarations: a wrong collection or panel fails in ``manage.py check``, with a hint."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from portal.collections import Collection, collections
from portal.columns import bind, resolve
from portal.panels import registered_panels

DOCS = "See docs/adding-a-collection.md."


def _error(number: int, message: str, hint: str, collection: Collection | None = None) -> CheckMessage:
    where = f"Collection “{collection.slug}”: " if collection else ""
    return Error(f"{where}{message}", hint=f"{hint} {DOCS}", id=f"portal.E{number:03d}")


@register()
def check_collections(**kwargs: Any) -> list[CheckMessage]:
    """Every declared name leads somewhere and means one thing."""
    return [problem for each in collections() for check in _CHECKS for problem in check(each)]


def _columns_resolve(collection: Collection) -> Iterable[CheckMessage]:
    for column in collection.columns:
        try:
            bind(column, collection.model)
            for path in column.beside:
                resolve(collection.model, path)
        except (FieldDoesNotExist, AttributeError) as problem:
            yield _error(
                1,
                f"column “{column.name}” cannot be read: {problem}",
                "Name a field path or give an expr.",
                collection,
            )


def _names_are_free(collection: Collection) -> Iterable[CheckMessage]:
    from portal.query import RESERVED

    seen: set[str] = set()
    for column in collection.columns:
        if column.name in RESERVED or "." in column.name:
            yield _error(
                2,
                f"the column name “{column.name}” means something else in an address.",
                "Rename it.",
                collection,
            )
        if column.name in seen:
            yield _error(
                3,
                f"two columns are called “{column.name}”.",
                "A name is an identity.",
                collection,
            )
        seen.add(column.name)


def _order_is_sortable(collection: Collection) -> Iterable[CheckMessage]:
    name = collection.order.removeprefix("-")
    if name not in {column.name for column in collection.columns}:
        yield _error(
            4,
            f"its order “{name}” is none of its columns.",
            "Order by a column.",
            collection,
        )


def _form_fields_exist(collection: Collection) -> Iterable[CheckMessage]:
    own = {field.name for field in collection.model._meta.get_fields()}
    for name in collection.form:
        if name not in own:
            yield _error(
                5,
                f"its form names “{name}”, which the model does not have.",
                "Name model fields.",
                collection,
            )


def _cells_exist(collection: Collection) -> Iterable[CheckMessage]:
    from portal.cells import known_cells

    for column in collection.columns:
        if column.cell and column.cell not in known_cells():
            known = ", ".join(sorted(known_cells()))
            yield _error(
                6,
                f"column “{column.name}” wants the unknown cell “{column.cell}”.",
                known,
                collection,
            )


def _search_weights_are_known(collection: Collection) -> Iterable[CheckMessage]:
    for column in collection.columns:
        if column.search not in {"", "A", "B", "C", "D"}:
            yield _error(
                7,
                f"column “{column.name}” has search weight “{column.search}”.",
                "Use A to D.",
                collection,
            )


def _search_shows_what_is_hidden(collection: Collection) -> Iterable[CheckMessage]:
    """All search columns of a record are one entry of the index, which answers every reader alike."""
    for column in collection.columns:
        if column.search and column.perm:
            yield _error(
                9,
                f"column “{column.name}” is searched though it needs {column.perm}: everybody would find by it.",
                "Take search or perm away.",
                collection,
            )


def _text_box_finds_something(collection: Collection) -> Iterable[CheckMessage]:
    if not collection.is_sound or collection.is_searched:
        return
    if not any(each.is_text for each in collection.fields.values()):
        yield _error(
            10,
            "the text box of its list finds nothing: it has neither a search column nor one of text.",
            "Give a column search.",
            collection,
        )


def _names_lead_to_columns(collection: Collection) -> Iterable[CheckMessage]:
    names = {column.name for column in collection.columns}
    for name in (*collection.line, *collection.defaults):
        if name not in names:
            yield _error(
                8,
                f"“{name}” in line or defaults is none of its columns.",
                "Name a column.",
                collection,
            )


_CHECKS: tuple[Callable[[Collection], Iterable[CheckMessage]], ...] = (
    _columns_resolve,
    _names_are_free,
    _order_is_sortable,
    _form_fields_exist,
    _cells_exist,
    _search_weights_are_known,
    _search_shows_what_is_hidden,
    _text_box_finds_something,
    _names_lead_to_columns,
)


@register()
def check_panels(**kwargs: Any) -> list[CheckMessage]:
    """Every panel has a template that compiles, and a name of its own."""
    problems, seen = [], set()
    for each in registered_panels():
        try:
            get_template(each.template)
        except (TemplateDoesNotExist, TemplateSyntaxError) as problem:
            problems.append(
                _error(
                    20,
                    f"Panel “{each.title}”: {each.template}: {problem}",
                    "Write its template.",
                )
            )
        if each.name in seen:
            problems.append(
                _error(
                    21,
                    f"Two panels are called “{each.name}”.",
                    "Give one another title.",
                )
            )
        seen.add(each.name)
    return problems
