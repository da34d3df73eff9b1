"""Template tags of every page, built in: no ``{% load %}`` is needed. Python code may call them as well."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.cells import initials, owner_html
from portal.collections import reference_url
from portal.moments import moment_html
from portal.references.models import Reference

register = template.Library()

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"
NOT_SET = mark_safe('<span class="gw-muted">not set</span>')

STATUS_ICONS = {
    "ok": "circle-check",
    "warn": "alert-triangle",
    "bad": "circle-x",
    "info": "info-circle",
    "plan": "pencil",
    "idle": "circle-dashed",
}


@register.simple_tag
def bundle(name: str) -> str:
    """The address of a built file, such as ``portal.css``: its name with the hash of its content."""
    if settings.DEBUG:
        _address.cache_clear()
    return _address(DIST, name)


@cache
def _address(dist: Path, name: str) -> str:
    """Kept for as long as the process lives: WhiteNoise, too, looks once at what has been built."""
    manifest = dist / "manifest.json"
    try:
        names: dict[str, str] = json.loads(manifest.read_text("utf-8"))
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"The front end is not built: {manifest} is missing. Build it with: npm ci && node assets/build.mjs"
        ) from None
    if name not in names:
        raise ImproperlyConfigured(f"The front end has no file “{name}”. It has: {', '.join(sorted(names))}.")
    return static(f"dist/{names[name]}")


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon from the sprite, hidden from screen readers: a word always stands beside it or in an aria-label."""
    return _icon(name, bundle("icons.svg"))


@cache
def _icon(name: str, sprite: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#i-{}"/></svg>', sprite, name)


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


def _count(item: Mapping[str, Any]) -> SafeString | str:
    count = item.get("count")
    return (
        format_html('<span class="gw-count" data-s="{}">{}</span>', item.get("count_status", ""), count)
        if count
        else ""
    )


@register.simple_tag
def state_icon(state: str) -> SafeString:
    """The icon of a status."""
    return icon(STATUS_ICONS[state])


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
def status(state: str, label: object, name: str = "", pill: bool = False) -> SafeString:
    """A status: icon and word. ``state`` is ok, warn, bad, info, plan or idle; ``name`` another icon than its own."""
    if state not in STATUS_ICONS:
        raise ValueError(f"There is no status “{state}”. Use one of {', '.join(STATUS_ICONS)}.")
    look = "gw-st gw-pill" if pill else "gw-st"
    return format_html(
        '<span class="{}" data-s="{}">{}{}</span>',
        look,
        state,
        icon(name or STATUS_ICONS[state]),
        label,
    )


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
