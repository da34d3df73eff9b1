"""Panels: the parts of a detail page, registered by the app that knows them.

``@panel(on=Entity, slot="main", order=30, title="Recent incidents", template="…")`` registers a function of
``(request, record)`` that returns the template's context, or None for no panel. A lazy panel loads by itself after the
page; a live one is asked for again and again while somebody looks at it (portal.live). A panel that fails says so and
leaves the rest of the page standing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core.exceptions import BadRequest
from django.db import DatabaseError, connection, models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify

log = structlog.get_logger(__name__)
Context = Mapping[str, Any]
Fill = Callable[[HttpRequest, Any], Context | None]


@dataclass(frozen=True)
class Panel:
    """One registered panel. ``slot`` is main, rail, or tab:<name> for a panel on a tab page of its own."""

    on: type[models.Model]
    slot: str
    order: int
    title: str
    template: str
    fill: Fill
    lazy: bool = False
    live: bool = False
    kinds: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return slugify(f"{self.on._meta.label_lower}-{self.title}")


@dataclass(frozen=True)
class Shown:
    """A panel as a page shows it: its HTML, or where to load that from, or that it failed. ``live_url`` is where to ask
    whether it changed."""

    title: str
    id: str
    html: SafeString | str = ""
    fact: str = ""
    link: Mapping[str, str] | None = None
    lazy_url: str = ""
    live_url: str = ""
    failed: bool = False


_panels: list[Panel] = []


def panel(
    *,
    on: type[models.Model],
    slot: str,
    order: int,
    title: str,
    template: str,
    lazy: bool = False,
    live: bool = False,
    kinds: tuple[str, ...] = (),
) -> Callable[[Fill], Fill]:
    """Register the decorated function as a panel of ``on``; of its records with one of ``kinds`` if any are named."""

    def decorate(fill: Fill) -> Fill:
        _panels.append(Panel(on, slot, order, title, template, fill, lazy, live, frozenset(kinds)))
        _panels.sort(key=lambda each: each.order)
        return fill

    return decorate


def panels_of(record: models.Model, slot: str = "") -> list[Panel]:
    kind = getattr(record, "kind", "")
    return [
        each
        for each in _panels
        if isinstance(record, each.on) and (not slot or each.slot == slot) and (not each.kinds or kind in each.kinds)
    ]


def registered_panels() -> tuple[Panel, ...]:
    return tuple(_panels)


def show(each: Panel, request: HttpRequest, record: models.Model, url: str, defer: bool = False) -> Shown | None:
    """Fill and render one panel, whose own address is ``url``; None when it has nothing to say about this record. With
    ``defer`` a lazy one only says where it is."""
    live_url = url if each.live else ""
    if defer and each.lazy:
        return Shown(each.title, each.name, lazy_url=url)
    try:
        context = each.fill(request, record)
        if context is None:
            return None
        html = render_to_string(each.template, {**context, "record": record}, request)
    except BadRequest:
        raise  # what was asked for is wrong, not the panel: the whole page says so
    except DatabaseError as problem:
        if _connection_lost(problem):
            raise
        return _failed(each, record, problem, live_url)
    except Exception as problem:  # noqa: BLE001  a broken panel must not take the page with it
        return _failed(each, record, problem, live_url)
    fact = str(context.get("fact", ""))
    return Shown(each.title, each.name, html, fact, context.get("link"), live_url=live_url)


def _connection_lost(problem: DatabaseError) -> bool:
    return connection.connection is None or connection.connection.closed


def _failed(each: Panel, record: models.Model, problem: Exception, live_url: str) -> Shown:
    """Say it to the log with the traceback, and to the reader in the panel's place."""
    log.error("panel_failed", panel=each.name, record=record.pk, exc_info=problem)
    return Shown(each.title, each.name, live_url=live_url, failed=True)
