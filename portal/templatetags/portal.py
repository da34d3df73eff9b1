"""Template tags of every page, built in: no ``{% load %}`` is needed. Python code may call them as well."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.db.models import Model
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.cells import initials, owner_html, share_html
from portal.collections import collection_of, reference_url
from portal.icons import bundle, icon
from portal.looks import STATUS_ICONS, look_of, status
from portal.moments import moment_html
from portal.references.models import Reference

register = template.Library()

NOT_SET = mark_safe('<span class="gw-muted">not set</span>')

register.simple_tag(bundle)
register.simple_tag(icon)
register.simple_tag(status)


@register.simple_tag
def cell_status(value: str, label: object, pill: bool = False) -> SafeString:
    """A value as the lists show it: in the state and with the icon that its app gave it (portal.looks)."""
    state, name = look_of(value)
    return status(state, label, name, pill)


@register.simple_tag
def percent(share: float) -> SafeString:
    """A fraction as percent, as the lists show it."""
    return share_html(share)


_ITEM = '<li><a href="{}"{}>{}{}{}</a></li>'
_CURRENT = SafeString(' aria-current="page"')


@register.simple_tag
def navigation_items(items: Iterable[Mapping[str, Any]]) -> SafeString:
    """The entries of one group of the side navigation; in Python, because every page has them all."""
    rows = (
        (item["url"], _CURRENT if item.get("current") else "", icon(item["icon"]), item["label"], _count(item))
        for item in items
    )
    return format_html_join("\n", _ITEM, rows)


_COUNT = '<span class="gw-count" data-s="{}">{}{}</span>'
_COUNTS = '<span class="visually-hidden"> {}</span>'


def _count(item: Mapping[str, Any]) -> SafeString | str:
    """``counts`` says what is counted, where that is not what the list has."""
    if not (count := item.get("count")):
        return ""
    counts = format_html(_COUNTS, item["counts"]) if "counts" in item else ""
    return format_html(_COUNT, item.get("count_status", ""), count, counts)


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """The icon of a status."""
    return icon(STATUS_ICONS[state])


@register.filter
def problem_count(form: BaseForm) -> int:
    """How many things are wrong with a form: of one field, or of all of it, there can be several."""
    return sum(len(texts) for texts in form.errors.values())


@register.filter
def message_state(level: str) -> str:
    """The status of a message: how Django's level looks here."""
    return {"error": "bad", "warning": "warn", "info": "info"}.get(level, "ok")


@register.simple_tag
def when(value: dt.datetime | dt.date | None) -> SafeString:
    """A moment as people say it, with the exact time behind it; a day as ``19 Nov 2026``."""
    if value is None:
        return NOT_SET
    if isinstance(value, dt.datetime):
        return moment_html(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), f"{value.day} {value:%b %Y}")


@register.simple_tag
def avatar(name: object, kind: str = "person") -> SafeString:
    """Initials in a circle, or in a square for a team. The name itself must stand beside it or in a label."""
    shape = mark_safe(' data-t="team"') if kind == "team" else ""
    return format_html('<span class="gw-av"{} aria-hidden="true">{}</span>', shape, initials(str(name)))


@register.simple_tag
def who(name: object, url: str = "", kind: str = "person") -> SafeString:
    """A person or a team: initials and name, linked when there is an address."""
    inside = format_html("{}<span>{}</span>", avatar(name, kind), name)
    if not url:
        return format_html('<span class="gw-who">{}</span>', inside)
    return format_html('<a class="gw-who" href="{}">{}</a>', url, inside)


@register.simple_tag
def reference_link(reference: Reference) -> SafeString:
    """What a reference names, linked to its page."""
    url = reference_url(reference.canonical, reference.attached)
    return owner_html(reference.label or reference.name, url, reference.kind, reference.attached)


@register.simple_tag
def record_url(record: Model) -> str:
    """The page of a record."""
    collection = collection_of(record)
    return collection.url_of(record) if collection else ""


@register.simple_tag
def control(field: BoundField, **attributes: str) -> SafeString:
    """A form field in our look: ``{% control form.email autocomplete="email" %}``; an underscore stands for a dash."""
    attrs: dict[str, str | bool] = {name.replace("_", "-"): value for name, value in attributes.items()}
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        attrs.setdefault("class", "form-check-input")
    elif not isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        attrs.setdefault("class", "gw-field")
    html = field.as_widget(attrs=attrs)
    return SafeString(html.replace(">---------</option>", ">not set</option>"))  # Django's dashes, in words
