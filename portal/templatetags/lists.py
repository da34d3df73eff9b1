"""Rows and filter forms of list pages. In Python, because hundreds of cells and a form for each column would be the
slowest part of the page as templates (the figures are in docs/adr)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.portal import icon

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
    numeric = mark_safe(' class="n"') if column.get("numeric") else ""
    return format_html(_HEADING, numeric, format_html(' aria-sort="{}"', sort) if sort else "", label)


@register.simple_tag
def list_rows(columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> SafeString:
    """The rows of a table. Cells are safe HTML in the order of the columns; the first one names the row.

    On a phone a row becomes a block of a few lines: columns that are not ``low`` stand alternately right and left.
    """
    openings = _openings(columns)
    return format_html_join("\n", '<tr data-url="{}">{}</tr>', ((row["url"], _cells(openings, row)) for row in rows))


def _cells(openings: Sequence[str], row: Mapping[str, Any]) -> SafeString:
    name, *rest = (conditional_escape(cell) for cell in row["cells"])
    if "<a" not in name:
        name = format_html('<a href="{}">{}</a>', row["url"], name)
    cells = "".join(f"{opening}{cell}</td>" for opening, cell in zip(openings, rest, strict=True))
    return mark_safe(f'<th scope="row">{name}</th>{cells}')  # noqa: S308  every part is escaped


def _openings(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """The opening tag of each cell but the first."""
    openings, right = [], True
    for column in columns[1:]:
        numeric, low = column.get("numeric"), column.get("low")
        classes = [*(["n"] if numeric else []), *(["gw-lo"] if low else ["r"] if right else [])]
        right = right if low else not right
        label = format_html(' data-label="{}"', column["label"]) if numeric else ""
        openings.append(f'<td class="{" ".join(classes)}"{label}>' if classes else "<td>")
    return openings


@register.simple_tag
def hidden_inputs(pairs: Pairs, leave_out: str = "", form: str = "") -> SafeString:
    """Parameters that a GET form carries along."""
    owner = format_html(' form="{}"', form) if form else ""
    kept = ((owner, name, value) for name, value in pairs if name != leave_out)
    return format_html_join("", '<input type="hidden"{} name="{}" value="{}">', kept)


_EDITOR = """<form class="gw-editor" method="get" action="{url}" hx-get="{url}" aria-label="Filter on {label}">{kept}
<input type="hidden" name="filter.field" value="{field}">
<select class="gw-field" name="filter.op" aria-label="How to compare {label}">{operators}</select>
{value}
<button class="btn btn-primary">Apply</button></form>"""


@register.simple_tag
def filter_editor(url: str, edit: Mapping[str, Any], kept: SafeString) -> SafeString:
    """The form that adds or changes one filter. ``kept`` are the hidden inputs of the other parameters."""
    operators = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (each["value"], mark_safe(" selected") if each["selected"] else "", each["label"])
            for each in edit["operators"]
        ),
    )
    value = _choices(edit) if edit["choices"] is not None else _input(edit)
    return format_html(
        _EDITOR, url=url, label=edit["label"], kept=kept, field=edit["field"], operators=operators, value=value
    )


def _choices(edit: Mapping[str, Any]) -> SafeString:
    boxes = format_html_join(
        "",
        '<label><input class="form-check-input" type="checkbox" name="filter.value" value="{}"{}>{}</label>',
        ((each["value"], mark_safe(" checked") if each["selected"] else "", each["label"]) for each in edit["choices"]),
    )
    return format_html(
        '<fieldset class="gw-choices"><legend class="visually-hidden">{}</legend>{}</fieldset>', edit["label"], boxes
    )


def _input(edit: Mapping[str, Any]) -> SafeString:
    kinds = edit.get("kinds")
    suggested = format_html(' data-references="{}"', ",".join(kinds)) if kinds else ""
    return format_html(
        '<input class="gw-field" type="{}" name="filter.value" value="{}" aria-label="{}" autocomplete="off"{}>',
        edit.get("input_type") or "text",
        edit.get("input_value") or "",
        edit["label"],
        suggested,
    )
