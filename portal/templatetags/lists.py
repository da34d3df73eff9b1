"""Rows and filter forms of list pages. In Python, because hundreds of cells and a form for each column would be the
slowest part of the page as templates (the figures are in docs/adr)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from portal.icons import icon

register = template.Library()
Pairs = Iterable[tuple[str, str]]


_HEADING = '<th scope="col"{}{}>{}</th>'
_SORT = '<a href="{url}" hx-get="{url}" id="sort-{name}">{label}{arrow}</a>'
_ARROWS = {"ascending": "arrow-up", "descending": "arrow-down"}


@register.simple_tag
def list_heading(column: Mapping[str, Any]) -> SafeString:
    """The head of a column: a link that sorts by it, where it can be sorted."""
    sort, url, label = column.get("aria_sort"), column.get("sort_url"), column["label"]
    if url:
        label = format_html(_SORT, url=url, name=column["name"], label=label, arrow=icon(_ARROWS[sort]) if sort else "")
    numeric = SafeString(' class="n"') if column.get("numeric") else ""
    return format_html(_HEADING, numeric, format_html(' aria-sort="{}"', sort) if sort else "", label)


@register.simple_tag
def list_rows(columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> SafeString:
    """The rows of a table. Cells are safe HTML in the order of the columns.

    The column that is marked ``head``, else ``name``, else the first one, names the row and links to its record. On a
    phone a row becomes a block of a few lines: the name, then the columns that are not ``low``, right and left in turn;
    those that are ``numeric`` or ``bare`` say nothing without their label, and have it there.
    """
    names = [column.get("name") for column in columns]
    marked = [at for at, column in enumerate(columns) if column.get("head")]
    (head,) = marked[:1] or [names.index("name") if "name" in names else 0]
    openings = _openings(columns, head)
    return SafeString("\n".join(_row(openings, head, row) for row in rows))


def _row(openings: Sequence[str], head: int, row: Mapping[str, Any]) -> str:
    cells = [conditional_escape(cell) for cell in row["cells"]]
    if "<a" not in cells[head]:
        cells[head] = format_html('<a href="{}">{}</a>', row["url"], cells[head])
    return f"<tr>{''.join(opening + cell for opening, cell in zip(openings, cells, strict=True))}</tr>"


def _openings(columns: Sequence[Mapping[str, Any]], head: int) -> list[str]:
    """The opening tag of each cell. HTML lets a cell end where the next one begins, which saves a tenth of the page."""
    openings, right = [], True
    for at, column in enumerate(columns):
        if at == head:
            openings.append('<th scope="row">')
            continue
        numeric, low = column.get("numeric"), column.get("low")
        classes = [*(["n"] if numeric else []), *(["gw-lo"] if low else ["r"] if right else [])]
        right = right if low else not right
        says_little = numeric or (column.get("bare") and not low)
        label = format_html(' data-label="{}"', column["label"]) if says_little else ""
        styled = f' class="{" ".join(classes)}"' if classes else ""
        openings.append(f"<td{styled}{label}>")
    return openings


@register.simple_tag
def hidden_inputs(pairs: Pairs, leave_out: str = "", form: str = "") -> SafeString:
    """Parameters that a GET form carries along."""
    owner = format_html(' form="{}"', form) if form else ""
    kept = ((owner, name, value) for name, value in pairs if name != leave_out)
    return format_html_join("", '<input type="hidden"{} name="{}" value="{}">', kept)


_FORM = '<form class="gw-editor" method="get" action="{0}" hx-get="{0}" aria-label="Filter on {1}">{2}{3}</form>'
_FIELD = '<input type="hidden" name="filter.field" value="{}">'
_OPERATORS = '<select class="gw-field" name="filter.op" aria-label="How to compare {}">{}</select>'
_APPLY = SafeString('<button class="btn btn-primary">Apply</button>')
_CHOICES = '<fieldset class="gw-choices"><legend class="visually-hidden">{}</legend>{}</fieldset>'
_CHOICE = '<label><input class="form-check-input" type="checkbox" name="filter.value" value="{}"{}>{}</label>'
_INPUT = '<input class="gw-field" type="{}" name="filter.value" value="{}" aria-label="{}" autocomplete="off"{}>'
Options = tuple[tuple[str, str, bool], ...]


@register.simple_tag
def filter_editor(url: str, edit: Mapping[str, Any], kept: SafeString) -> SafeString:
    """The form that adds or changes one filter. ``kept`` are the hidden inputs of the other parameters."""
    choices = edit["choices"]
    controls = _controls(
        edit["field"],
        edit["label"],
        _options(edit["operators"]),
        None if choices is None else _options(choices),
        (edit.get("input_type") or "text", edit.get("input_value") or "", ",".join(edit.get("kinds") or ())),
    )
    return format_html(_FORM, url, edit["label"], kept, controls)


_FOLD = '<details class="gw-fold" name="add"><summary>{}</summary>{}</details>'


@register.simple_tag
def filter_menu(url: str, addable: Iterable[Mapping[str, Any]], kept: SafeString) -> SafeString:
    """Every filter one can add, each folded behind its name."""
    return format_html_join("\n", _FOLD, ((edit["label"], filter_editor(url, edit, kept)) for edit in addable))


_COLUMN = (
    '<div class="gw-columns-row"><label><input class="form-check-input" type="checkbox" name="columns" value="{}"{}>'
    "{}</label></div>"
)


@register.simple_tag
def column_boxes(columns: Iterable[Mapping[str, Any]]) -> SafeString:
    """A box for each column, ticked where the column is shown."""
    return _marked(_COLUMN, tuple((each["name"], each["label"], each["shown"]) for each in columns), " checked")


def _options(given: Iterable[Mapping[str, Any]]) -> Options:
    return tuple((each["value"], each["label"], each["selected"]) for each in given)


@lru_cache(maxsize=512)
def _controls(
    field: str, label: str, operators: Options, choices: Options | None, given: tuple[str, str, str]
) -> SafeString:
    """The controls of one filter, which are the same on every page that has it."""
    select = format_html(_OPERATORS, label, _marked('<option value="{}"{}>{}</option>', operators, " selected"))
    if choices is None:
        kind, text, references = given
        suggested = format_html(' data-references="{}"', references) if references else ""
        value = format_html(_INPUT, kind, text, label, suggested)
    else:
        value = format_html(_CHOICES, label, _marked(_CHOICE, choices, " checked"))
    return format_html("{}{}{}{}", format_html(_FIELD, field), select, value, _APPLY)


def _marked(template: str, options: Options, mark: str) -> SafeString:
    """Each option in ``template``, with the attribute ``mark`` where it is selected."""
    rows = ((value, SafeString(mark) if selected else "", label) for value, label, selected in options)
    return format_html_join("", template, rows)
