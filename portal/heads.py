"""The head of a detail page: what answers "who owns it, how do I reach them" before anything else.

An app registers a function for its model; a record without one shows its name alone.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Fact:
    """One cell of the strip below the head: what it is called, the answer, and a note under it."""

    term: str
    html: SafeString | str
    note: SafeString | str = ""


@dataclass(frozen=True)
class Pill:
    """The one status of a record: a value that an app gave its look (portal.looks), its word, why in words, since when,
    and the page that says more."""

    value: str
    label: str
    text: str = ""
    since: dt.datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Head:
    """``pill`` is the status that matters most, ``over`` what stands above the title, such as a number, ``more`` the
    whole text that ``subtitle`` begins; ``reach`` are up to four facts. ``menu`` holds the acts beside the one or two
    of ``actions``, and then editing too. ``unowned`` is ``{"text", "actions"}`` when nobody answers for the record;
    ``notes`` are facts that want a decision. Both as ``record_detail.html`` shows them.
    """

    title: str
    subtitle: str = ""
    more: str = ""
    pill: Pill | None = None
    tags: list[str] = field(default_factory=list)
    reach: list[Fact] = field(default_factory=list)
    unowned: Mapping[str, Any] | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    actions: list[Mapping[str, str]] = field(default_factory=list)
    menu: list[Mapping[str, str]] = field(default_factory=list)
    over: str = ""
    tabs: list[Mapping[str, Any]] = field(default_factory=list)


LONGEST_LEAD = 300


def lead(text: str) -> tuple[str, str]:
    """The first line of a description for the head, and the whole of it where that is not all."""
    text = text.strip()
    first = text.partition("\n")[0].strip()
    shown = first if len(first) <= LONGEST_LEAD else f"{first[: LONGEST_LEAD - 1].rstrip()}…"
    return shown, "" if shown == text else text


Fill = Callable[[HttpRequest, Any], Head]
FillPill = Callable[[HttpRequest, Any], Pill | None]
_heads: dict[type[models.Model], Fill] = {}
_pills: dict[type[models.Model], FillPill] = {}


def head(*, on: type[models.Model]) -> Callable[[Fill], Fill]:
    def decorate(fill: Fill) -> Fill:
        _heads[on] = fill
        return fill

    return decorate


def pill(*, on: type[models.Model]) -> Callable[[FillPill], FillPill]:
    """Register what gives the status of a record, which may be a higher app than the one of its head."""

    def decorate(fill: FillPill) -> FillPill:
        _pills[on] = fill
        return fill

    return decorate


def head_of(request: HttpRequest, record: models.Model) -> Head:
    fill = _heads.get(type(record))
    made = fill(request, record) if fill else Head(str(record))
    return replace(made, pill=pill_of(request, record))


def pill_of(request: HttpRequest, record: models.Model) -> Pill | None:
    fill = _pills.get(type(record))
    return fill(request, record) if fill else None
