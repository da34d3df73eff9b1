"""My work: apps register what waits for somebody, and the tables of the home page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from portal.people.models import Membership

Section = Mapping[str, Any]
# So many of each kind are found, and so many of these shown at once: the others unfold below them, and are counted.
MOST, SHOWN = 100, 5


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for the reader: what it is, why, and the page where it is mended."""

    title: str
    note: str
    url: str
    label: str
    icon: str
    status: str = "idle"
    when: str = ""


# What is broken stands before what wants care, and that before the rest.
_FIRST = {"bad": 0, "warn": 1}
_waiting: list[Callable[[Any], Iterable[Waiting]]] = []
_sections: list[Callable[[HttpRequest], Section]] = []


def register_waiting(find: Callable[[Any], Iterable[Waiting]]) -> Callable[[Any], Iterable[Waiting]]:
    """Register a function of the reader that finds what waits for them."""
    _waiting.append(find)
    return find


def register_home(fill: Callable[[HttpRequest], Section]) -> Callable[[HttpRequest], Section]:
    """Register a function that adds to the context of the home page."""
    _sections.append(fill)
    return fill


def home_context(request: HttpRequest) -> dict[str, Any]:
    reader: Any = request.user
    reference = reader.person.reference_id if reader.person else None
    teams = Membership.objects.current().filter(person=reference).select_related("team").order_by("team__label")
    found = [list(find(reader)) for find in _waiting]
    context: dict[str, Any] = {
        "today": timezone.localdate(),
        "waiting": _worst_first(each for rows in found for each in rows[:SHOWN]),
        "waiting_more": _worst_first(each for rows in found for each in rows[SHOWN:]),
        "waiting_total": sum(map(len, found)),
        "waiting_is_cut": any(len(rows) >= MOST for rows in found),
        "teams": [membership.team for membership in teams],
        "crumbs": [{"label": "My work", "url": request.path}],
    }
    for fill in _sections:
        context.update(fill(request))
    return context


def _worst_first(waiting: Iterable[Waiting]) -> list[Waiting]:
    return sorted(waiting, key=lambda each: _FIRST.get(each.status, len(_FIRST)))
