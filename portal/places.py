"""Pages of the navigation that are no list of a collection, by group, how many of a list are late for the reader, and
commands: what one may do from every page. An app registers them in its ``work.py``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
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


@dataclass(frozen=True)
class Command:
    """Something one may begin from every page: a button in the top bar, a key, and a line of the palette. ``view`` is
    the name of the URL of its page, ``words`` are others that people may look for it by."""

    label: str
    view: str
    icon: str
    key: str
    words: str = ""

    @property
    def url(self) -> str:
        return reverse(self.view)


_commands: list[Command] = []


def register_command(command: Command) -> None:
    _commands.append(command)


def commands() -> tuple[Command, ...]:
    return tuple(_commands)


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


LATE_FOR_SECONDS = 60


@dataclass(frozen=True)
class Late:
    """How many of a list want somebody now, in the state that they are shown in."""

    number: int
    state: str = "bad"


_late: dict[str, Callable[[Any], Late]] = {}


def register_late(slug: str) -> Callable[[Callable[[Any], Late]], Callable[[Any], Late]]:
    """Register a function of the reader that counts what of the collection ``slug`` is late for them."""

    def decorate(count: Callable[[Any], Late]) -> Callable[[Any], Late]:
        _late[slug] = count
        return count

    return decorate


def late_counts(reader: Any, slugs: Iterable[str]) -> dict[str, Late]:
    """What is late for the reader of these collections, by slug; nothing stands for none. From the cache of the
    reader, as every page has them."""
    keys = {slug: f"late:{slug}:{reader.pk}" for slug in slugs if slug in _late}
    found = cache.get_many(keys.values())
    missing = {keys[slug]: _late[slug](reader) for slug in keys if keys[slug] not in found}
    if missing:
        cache.set_many(missing, LATE_FOR_SECONDS)
    counts = {slug: (found | missing)[key] for slug, key in keys.items()}
    return {slug: each for slug, each in counts.items() if each.number}
