"""Names for the large catalog: unlike each other, alike to those people give, the same on every run."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import yaml

_WORDS = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
AREAS, THINGS, CITIES = (tuple(_WORDS[name].split()) for name in ("areas", "things", "cities"))
FIRST_NAMES, LAST_NAMES = _WORDS["first_names"].split(), _WORDS["last_names"].split()
ENDINGS = {
    "website": ("web", "console", "portal", "desk", "studio"),
    "service": ("api", "worker", "service", "gateway", "bff", "runner", "sync", "hub", "engine", "proxy"),
    "library": ("lib", "kit", "client", "sdk"),
    "api": ("api-v1", "api-v2", "api-v3", "events", "graph", "grpc"),
    "resource": ("db", "cache", "queue", "topic", "bucket", "index", "replica", "stream"),
    "system": ("system", "suite", "flow"),
    "domain": ("domain", "business"),
}


def unique_names(style: str, taken: set[str], chance: random.Random) -> Iterator[str]:
    """Names in the style of a kind or type, each once and none that is taken; after the short ones, longer ones."""
    for words in _ever_longer(style, chance):
        name = "-".join(words)
        if name not in taken:
            taken.add(name)
            yield name


def _ever_longer(style: str, chance: random.Random) -> Iterator[tuple[str, ...]]:
    endings = ENDINGS[style]
    plain = len(AREAS) * len(THINGS) * len(endings)
    for number in _each_once(plain, chance):
        yield _compose(number, endings)
    for city in CITIES:
        for number in _each_once(plain, chance):
            yield (*_compose(number, endings), city)


def _each_once(count: int, chance: random.Random) -> Iterator[int]:
    """Every number below ``count`` in scattered order: steps of about the golden ratio from a chosen start."""
    step = next(n for n in range(int(count * 0.618), count) if math.gcd(n, count) == 1)
    start = chance.randrange(count)
    return ((start + turn * step) % count for turn in range(count))


def _compose(number: int, endings: tuple[str, ...]) -> tuple[str, ...]:
    number, ending = divmod(number, len(endings))
    area, thing = divmod(number, len(THINGS))
    return AREAS[area], THINGS[thing], endings[ending]


def team_names(count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Short and display names of teams: ``ticket-routing`` is Ticket Routing."""
    pairs = chance.sample([(area, thing) for area in AREAS for thing in THINGS], count)
    return [(f"{area}-{thing}", f"{area} {thing}".replace("-", " ").title()) for area, thing in pairs]


def full_names() -> list[tuple[str, str]]:
    """Short and display names: ``nora-tamm`` is Nora Tamm. Neighbours in the list share no name."""
    count = len(FIRST_NAMES) * len(LAST_NAMES)
    pairs = (
        (FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[(number + number // len(LAST_NAMES)) % len(LAST_NAMES)])
        for number in range(count)
    )
    unique = dict.fromkeys(pairs)
    return [(f"{first}-{last}".lower(), f"{first} {last}") for first, last in unique]
