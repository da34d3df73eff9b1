"""The head of a detail page: what answers "who owns it, how do I reach them" before anything else.

An app registers a function for its model; a record without one shows its name alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
class Head:
    """``reach`` are up to four facts. ``unowned`` is ``{"text", "actions"}`` when nobody answers for the record;
    ``notes`` are facts that want a decision. Both as ``record_detail.html`` shows them.
    """

    title: str
    subtitle: str = ""
    tags: list[str] = field(default_factory=list)
    reach: list[Fact] = field(default_factory=list)
    unowned: Mapping[str, Any] | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    actions: list[Mapping[str, str]] = field(default_factory=list)
    tabs: list[Mapping[str, Any]] = field(default_factory=list)


Fill = Callable[[HttpRequest, Any], Head]
_heads: dict[type[models.Model], Fill] = {}


def head(*, on: type[models.Model]) -> Callable[[Fill], Fill]:
    def decorate(fill: Fill) -> Fill:
        _heads[on] = fill
        return fill

    return decorate


def head_of(request: HttpRequest, record: models.Model) -> Head:
    fill = _heads.get(type(record))
    return fill(request, record) if fill else Head(str(record))
