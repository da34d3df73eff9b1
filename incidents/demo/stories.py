"""What is told of incidents at Larkspur: stories from files, with words and values that differ each time."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
FAMILIES = ("rollouts", "slow", "own", "rare")
_CHOICE = re.compile(r"<([^<>]+)>")
_KINDS = {"o": "observation", "n": "note", "d": "decision", "a": "action", "r": "report", "u": "update"}


@dataclass(frozen=True)
class Action:
    """A follow-up to be: what kind of work, and the factor it works against, by their slugs."""

    kind: str
    factor: str
    title: str
    text: str


@dataclass(frozen=True)
class Story:
    """One way in which things go wrong. ``services`` are those it can happen to; none means any.
    ``hours`` are those of the day at which it begins. Texts hold choices
    ``<a|b>`` and names of values ``{service}``."""

    key: str
    family: str
    titles: tuple[str, ...]
    summary: str
    tags: tuple[str, ...]
    kind: str = "real"
    is_private: bool = False
    services: tuple[str, ...] = ()
    detection: str = ""
    mitigation: tuple[str, str] = ("", "")
    look: tuple[str, ...] = ()
    decide: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    reasons: tuple[str, ...] = ()
    hours: tuple[int, int] = (5, 23)


SAID = ("surprise", "story", "conditions", "luck")


@cache
def stories() -> tuple[Story, ...]:
    """All of them, in the order of the files."""
    return tuple(_story(family, each) for family in FAMILIES for each in _read(family))


@cache
def phrases() -> dict[str, Any]:
    """What is said in many incidents, whatever they are about."""
    found: dict[str, Any] = _loaded("phrases")
    return found


def _read(family: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _loaded(family)
    return found


def _loaded(name: str) -> Any:
    """What a file holds; read by the parser in C, as the one in Python takes a second."""
    return yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _story(family: str, data: dict[str, Any]) -> Story:
    lists = {name: tuple(data.get(name, ())) for name in ("titles", "tags", "services", "look", "decide", "after")}
    return Story(
        key=data["key"], family=family, summary=data["summary"], kind=data.get("kind", "real"),
        is_private=data.get("is_private", False), detection=data.get("detection", ""),
        mitigation=tuple(data.get("mitigation", ("", ""))), reasons=tuple(data.get("reasons", ())),
        hours=tuple(data.get("hours", (5, 23))),
        said={name: data[name] for name in SAID if name in data},
        actions=tuple(Action(*each) for each in data.get("actions", ())), **lists,
    )  # fmt: skip


def tell(text: str, values: Mapping[str, Any], chance: random.Random) -> str:
    """A text with one of each choice taken and its values filled in."""
    chosen = _CHOICE.sub(lambda found: chance.choice(found[1].split("|")), text)
    return chosen.format_map(values)


def event(text: str) -> tuple[str, str]:
    """Kind and words of an event as the files write it, such as ``o The pool is full.``"""
    letter, _, words = text.partition(" ")
    return _KINDS[letter], words
