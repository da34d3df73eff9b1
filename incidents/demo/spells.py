"""When things went wrong at Larkspur: taken from the same world that its checks and deployments are of, so that an
incident lies where a check failed and a rollout was taken back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from incidents.demo.company import Part
from services.demo.health import cast
from services.demo.health.checks import FRONT_PAGE, HEALTH, WATCHED_TYPES
from services.demo.health.deployments import Rollout, rollouts_of
from services.demo.health.world import (
    DAY,
    HARD_CYCLE,
    HARD_LASTS,
    MINUTE,
    TURN,
    TURN_LASTS,
    outages,
    slow_spells,
)

SHORTEST_OUTAGE, SHORTEST_SLOW = 9 * MINUTE, 50 * MINUTE
LOWEST_TIER = 2


@dataclass(frozen=True)
class Spell:
    """A service was troubled from a second until another, in the way of a family of stories."""

    way: str
    part: Part
    begins: int
    ends: int

    def rollouts(self) -> tuple[Rollout, Rollout] | None:
        """What was rolled out before an outage, and what took it back."""
        day = self.begins // DAY
        found = [each for each in rollouts_of(self.part.name, day, day) if self.begins - DAY < each.finished]
        return (found[0], found[1]) if self.way == "outage" and len(found) == 2 else None


def spells(parts: Iterable[Part], begin: int, end: int) -> list[Spell]:
    """Whatever the world has between two moments that an incident could be of, oldest first."""
    watched = [part for part in parts if is_watched(part)]
    found = [spell for part in watched for spell in _of(part, begin, end)]
    found += _hard_days({part.name: part for part in watched}, begin, end)
    return sorted(found, key=lambda each: (each.begins, each.part.name))


def is_watched(part: Part) -> bool:
    entity = part.entity
    left_out = {*cast.UNWATCHED, *cast.BROKEN, *cast.FLAPPING, *cast.LEAKING, *cast.ALWAYS_SLOW}
    is_asked = entity.kind == "component" and entity.type in WATCHED_TYPES and entity.tier is not None
    return is_asked and entity.lifecycle != "deprecated" and entity.name not in left_out


def _of(part: Part, begin: int, end: int) -> Iterator[Spell]:
    if part.tier > LOWEST_TIER:
        return
    moments = np.array([begin, end], dtype=np.int64)
    check = FRONT_PAGE if part.entity.type == "website" else HEALTH
    for way, found, shortest in (
        ("outage", outages(part.name, moments), SHORTEST_OUTAGE),
        ("slow", slow_spells(f"{part.name}/{check}", moments), SHORTEST_SLOW),
    ):
        for begins, ends in found:
            if begin <= begins and ends <= end and ends - begins >= shortest:
                yield Spell(way, part, begins, ends)


def _hard_days(parts: dict[str, Part], begin: int, end: int) -> Iterator[Spell]:
    for place, name in enumerate(cast.HARD_DAYS):
        shift = place * HARD_CYCLE // 2
        first = (begin + shift) // HARD_CYCLE + 1
        for number in range(first, (end + shift) // HARD_CYCLE + 1):
            begins = number * HARD_CYCLE - shift
            if name in parts and begins + HARD_LASTS <= end:
                yield Spell("hard", parts[name], begins, begins + HARD_LASTS)


def turn_at(parts: dict[str, Part], moment: int) -> Spell:
    """The turn of whoever is nagged at a moment."""
    turn = moment // TURN
    name = cast.NAGGED[int(turn * 11 % len(cast.NAGGED))]
    return Spell("nag", parts[name], turn * TURN, turn * TURN + TURN_LASTS)
