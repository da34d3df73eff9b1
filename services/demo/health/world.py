"""How everything at Larkspur behaves at any moment: a function of a name and a time, without memory.

Nothing is drawn when the demo is loaded: chance is a hash of a name and a number. So any span can be written at any
time, again and again, with the same result, and the target server answers now as the past would have it.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from services.demo.health import cast
from services.health.models import Outcome

Seconds = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
MINUTE, HOUR, DAY = 60, 3600, 86_400
# Every turn begins while the one before it still goes on, so that there is always one that is hours old.
TURN, TURN_LASTS = 8 * HOUR, 11 * HOUR
NAG_CYCLE = 8 * MINUTE
FLAP_CYCLE, FLAP_DOWN = 45 * MINUTE, 13 * MINUTE
LEAK_CYCLE = 100 * MINUTE
HARD_CYCLE, HARD_LASTS = 24 * DAY, 5 * HOUR
OUTAGES_A_DAY, SLOW_SPELLS_A_DAY = 1 / 55, 1 / 30
STRAY_FAILURES = 0.00008


def number_of(name: str) -> int:
    """A number that follows from a name."""
    return zlib.crc32(name.encode())


def chance(name: str, at: npt.NDArray[np.int64] | int) -> Numbers:
    """Evenly spread numbers from 0 up to 1 that follow from a name and whole numbers (splitmix64)."""
    seed = np.uint64(number_of(name) * 0x9E37_79B9 & (1 << 63) - 1)
    with np.errstate(over="ignore"):
        x = np.asarray(at).astype(np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15) + seed
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) / (1 << 53)


@dataclass(frozen=True)
class Nature:
    """How one check's target is: ``base_ms`` on a quiet morning, ``slow_from_ms`` where the check calls it slow."""

    service: str
    check: str
    base_ms: float
    slow_from_ms: int

    @property
    def key(self) -> str:
        return f"{self.service}/{self.check}"

    @property
    def is_port(self) -> bool:
        return self.check.startswith("Port ")


@dataclass(frozen=True)
class Answers:
    """What would be answered at the moments asked about; ``latency_ms`` is NaN where there is no connection."""

    outcome: npt.NDArray[np.int8]
    latency_ms: Numbers


@lru_cache(maxsize=1024)
def nature_of(service: str, check: str) -> Nature:
    key = f"{service}/{check}"
    if check.startswith("Port "):
        return Nature(service, check, 0.8, 0)
    base = 22 + 110 * float(chance(key, 1)) * (2 if check == "Front page" else 1)
    return Nature(service, check, base, int(base * 6 // 50 + 1) * 50)


def answers(nature: Nature, at: Seconds) -> Answers:
    """What a target answers at these moments (seconds since 1970)."""
    down = _down(nature, at)
    latency = nature.base_ms * _pace(nature, at) * np.exp(0.22 * _bell(nature.key, at))
    if nature.is_port:
        return Answers(np.where(down, Outcome.DOWN, Outcome.UP).astype(np.int8), np.where(down, np.nan, latency))
    # What fails, fails fast.
    latency = np.where(down, nature.base_ms * 0.4, latency)
    slow = latency >= nature.slow_from_ms
    return Answers(np.where(down, Outcome.DOWN, np.where(slow, Outcome.DEGRADED, Outcome.UP)).astype(np.int8), latency)


def _bell(key: str, at: Seconds) -> Numbers:
    """Numbers around nought, roughly normal: one for each second."""
    return (chance(f"{key} a", at) + chance(f"{key} b", at) + chance(f"{key} c", at) - 1.5) * 2


def _pace(nature: Nature, at: Seconds) -> Numbers:
    """How many times slower than on a quiet morning: evenings, Friday's on-sale, slow spells, who is always slow."""
    hour = at % DAY / HOUR
    pace = 1 + 0.45 * np.exp(-(((hour - 19) / 2.5) ** 2))
    is_friday = (at // DAY + 3) % 7 == 4
    pace += np.where(is_friday, 1.1 * np.exp(-(((hour - 10) / 0.6) ** 2)), 0)
    if nature.is_port:
        return np.asarray(pace)
    for begins, ends in slow_spells(nature.key, at):
        pace = np.where((at >= begins) & (at < ends), pace * 11, pace)
    if nature.service in cast.ALWAYS_SLOW:
        pace = pace * 12
    return np.asarray(np.where(_nagged(nature.service, at), pace * 1.8, pace))


def _down(nature: Nature, at: Seconds) -> Mask:
    service = nature.service
    if service in cast.BROKEN:
        return np.ones(at.shape, dtype=bool)
    down = chance(f"{nature.key} stray", at) < STRAY_FAILURES
    for begins, ends in outages(service, at):
        down |= (at >= begins) & (at < ends)
    if service in cast.FLAPPING:
        down |= (at + number_of(service)) % FLAP_CYCLE < FLAP_DOWN
    if service in cast.LEAKING:
        down |= (at + number_of(service)) % LEAK_CYCLE < MINUTE
    if service in cast.HARD_DAYS:
        shift = cast.HARD_DAYS.index(service) * HARD_CYCLE // 2
        down |= (at + shift) % HARD_CYCLE < HARD_LASTS
    return np.asarray(down | (_nagged(service, at) & (at % NAG_CYCLE < MINUTE)))


def _nagged(service: str, at: Seconds) -> Mask:
    """Whether it is its turn: the turns of eight hours go round, and each runs on into the next."""
    if service not in cast.NAGGED:
        return np.zeros(at.shape, dtype=bool)
    place, count = cast.NAGGED.index(service), len(cast.NAGGED)
    turn = at // TURN
    ran_on = (at % TURN < TURN_LASTS - TURN) & (_whose(turn - 1, count) == place)
    return np.asarray((_whose(turn, count) == place) | ran_on)


def _whose(turn: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    # Eleven and thirty have no divisor in common, so that everybody has a turn before anybody has another.
    return np.asarray(turn * 11 % count)


Spell = tuple[int, int]


def outages(service: str, at: Seconds) -> Iterable[Spell]:
    """Outages that could touch these moments: of some minutes, mostly by day, as what people deploy goes wrong."""
    return _spells(f"{service} outage", at, OUTAGES_A_DAY, first_hour=8, hours=11, shortest=4, longest=38)


def slow_spells(key: str, at: Seconds) -> Iterable[Spell]:
    """Hours in which everything takes its time."""
    return _spells(f"{key} slow", at, SLOW_SPELLS_A_DAY, first_hour=6, hours=14, shortest=50, longest=240)


def _spells(
    name: str, at: Seconds, a_day: float, *, first_hour: int, hours: int, shortest: int, longest: int
) -> Iterable[Spell]:
    if not at.size:
        return
    days = np.arange(at.min() // DAY - 1, at.max() // DAY + 1)
    for day in days[chance(name, days) < a_day]:
        begins = day * DAY + first_hour * HOUR + int(chance(f"{name} begins", day) * hours * HOUR)
        minutes = shortest + (longest - shortest) * float(chance(f"{name} lasts", day)) ** 2
        yield int(begins), int(begins + minutes * MINUTE)
