"""Pages of the navigation that are no list of a collection: an app registers them in its ``work.py``, by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Place:
    """A page that stands before the lists of ``group``. ``view`` is the name of its URL."""

    label: str
    view: str
    icon: str
    group: str


_places: list[Place] = []


def register_place(place: Place) -> None:
    _places.append(place)


def places(request: HttpRequest) -> list[tuple[str, Mapping[str, Any]]]:
    """(group, entry of the navigation) of every such page, in the order they were registered."""
    return [
        (
            each.group,
            {
                "label": each.label,
                "url": reverse(each.view),
                "icon": each.icon,
                "current": request.path == reverse(each.view),
            },
        )
        for each in _places
    ]
