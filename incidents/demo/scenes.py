"""The incidents of two years: which story, of which service, when, and how it ended. Nothing is written here.

How many there are of each is fixed; when they were follows from the moment of loading and from the world.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from incidents.demo.company import Company, Part
from incidents.demo.spells import Spell, spells, turn_at
from incidents.demo.stories import Story, stories, tell
from portal.references.models import Reference
from services.demo.health.deployments import Rollout
from services.demo.health.span import DAYS as HEALTH_DAYS
from services.demo.health.world import DAY, HOUR, MINUTE, number_of

DAYS = 730
# How many incidents each way of going wrong gave, of those that the world knows and of those that no check can see.
SEEN = {"outage": 80, "slow": 24, "hard": 9, "nag": 5}
OWN, NEAR_MISSES, DRILLS, RETROSPECTIVES = 40, 25, 12, 6
DECLINED, CANCELLED, MERGED, PRIVATE = 7, 4, 6, 4
WAYS = {"outage": "rollouts", "slow": "slow", "hard": "slow", "nag": "slow"}
# What Larkspur has not mended yet, and so meets again.
RECURRING = frozenset({"pool-halved", "half-rolled", "pool-creep", "retry-storm"})
ONLY = {"hard": "long-day", "nag": "one-in-eight"}
PROVIDERS = {"seller-verification": "the identity check provider", "venue-registry": "the national venue register"}
ARTISTS = ("Nova Lind", "The Harbour Lights", "Kestrel", "Ana Ferro", "Salt & Iron", "Marlo", "Die Abendgäste")
VENUES = ("Arena Nord", "Teatro Azul", "Halle 9", "Kings Dock", "Palais Ravel", "Stadion West")
PARTNERS = ("Tickethaus", "Voyagio", "Northstage", "Fanpass", "Billetto Sud")
COUNTRIES = ("Ireland", "Spain", "Norway", "Portugal", "Austria", "Sweden", "France", "Poland")
# What no check of ours can see lies where it may; the rest only where the checks have no say any more.
_UNSEEN = frozenset({"fm-wrong", "fm-stale", "fm-data-corrupt", "fm-data-loss", "fm-control"})


@dataclass
class Scene:
    """One incident. ``began``, ``mended`` and ``over`` are seconds since 1970; ``ending`` is the category it ended in.
    ``name`` is given in the order of declaring."""

    key: str
    story: Story
    part: Part
    began: int
    mended: int
    over: int
    ending: str = "closed"
    spell: Spell | None = None
    rollouts: tuple[Rollout, Rollout] | None = None
    into: "Scene | None" = None
    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def chance(self) -> random.Random:
        """Chance of its own, the same whenever it is asked for."""
        return random.Random(number_of(self.key))  # noqa: S311

    def draw(self, about: str) -> random.Random:
        return random.Random(number_of(f"{self.key} {about}"))  # noqa: S311

    @property
    def kind(self) -> str:
        return self.story.kind if self.story.kind in {"near_miss", "drill", "retrospective"} else "real"

    @property
    def team(self) -> Reference:
        return self.part.team

    @property
    def is_real(self) -> bool:
        """A whole incident, with times and a timeline of its own."""
        return self.ending not in {"declined", "cancelled", "merged"}

    def say(self, text: str, about: str = "") -> str:
        return tell(text, self.values, self.draw(about or text))


def scenes(company: Company, now: dt.datetime) -> list[Scene]:
    """Every incident up to now, oldest first, with its values."""
    end = int(now.timestamp())
    found = [*_seen(company, end), *_told(company, end), *_open(company, end)]
    found += _merged(found)
    for each in found:
        each.values = _values(company, each)
        each.title = each.say(each.draw("title").choice(each.story.titles), "title")[:200]
    return sorted(found, key=lambda each: (each.began, each.key))


def _seen(company: Company, end: int) -> Iterator[Scene]:
    """Those that lie where the world has trouble."""
    world = spells(company.parts.values(), end - DAYS * DAY, end - 5 * DAY)
    world += [turn_at(company.parts, end - day * DAY) for day in range(20, DAYS - 20, 3)]
    used: dict[str, int] = {}
    for way, count in SEEN.items():
        left = [each for each in world if each.way == way]
        told = cycle(_stories(WAYS[way], ONLY.get(way, "")))
        for at in _moments(end, count):
            spell = min(left, key=lambda each: _unfit(each, at, used))
            left.remove(spell)
            used[spell.part.name] = used.get(spell.part.name, 0) + 1
            yield _of_spell(next(told), spell)


def _unfit(spell: Spell, at: int, used: dict[str, int]) -> float:
    """How little a spell is what is looked for near a moment: far away, unimportant, short, or of whom we heard."""
    length = (spell.ends - spell.begins) / HOUR if spell.way == "outage" else 0.0
    return abs(spell.begins - at) / DAY + 2 * spell.part.tier + 3 * used.get(spell.part.name, 0) - 4 * length


def _stories(family: str, only: str = "") -> list[Story]:
    found = [
        each
        for each in stories()
        if each.family == family and (each.key == only if only else each.key not in ONLY.values())
    ]
    return found + [each for each in found if each.key in RECURRING]


def _moments(end: int, count: int) -> Iterator[int]:
    """Moments spread over the two years, a little denser towards now."""
    for place in range(count):
        yield end - int((1 - (place + 0.5) / count) ** 1.15 * (DAYS - 12) * DAY) - 6 * DAY


def _of_spell(story: Story, spell: Spell) -> Scene:
    key = f"{story.key} {spell.part.name} {spell.begins}"
    return Scene(
        key, story, spell.part, spell.begins, spell.ends, _over(key, spell.begins, spell.ends), spell=spell,
        rollouts=spell.rollouts(),
    )  # fmt: skip


def _over(key: str, began: int, mended: int) -> int:
    """When somebody called it resolved: log-normal since it began, and some time after it was mended."""
    draw = random.Random(number_of(f"{key} over"))  # noqa: S311
    lasts = draw.lognormvariate(3.75, 1.3) * MINUTE
    return int(max(began + min(lasts, 40 * HOUR), mended + draw.uniform(8, 45) * MINUTE))


def _told(company: Company, end: int) -> Iterator[Scene]:
    """Those that the world does not know: what only some services can tell, and what did not, or nearly, happen."""
    own = _stories("own")
    rare = _stories("rare")
    for kind, count in (("near_miss", NEAR_MISSES), ("drill", DRILLS), ("retrospective", RETROSPECTIVES)):
        yield from _free(company, [each for each in rare if each.kind == kind], end, count)
    yield from _free(company, own, end, OWN)
    yield from _free(company, [each for each in rare if each.is_private], end, PRIVATE)
    for ending, count in (("declined", DECLINED), ("cancelled", CANCELLED)):
        for scene in _free(company, [each for each in rare if each.kind == ending], end, count):
            scene.ending = ending
            yield scene


def _free(company: Company, told: list[Story], end: int, count: int) -> Iterator[Scene]:
    unseen = [each for each in told if _UNSEEN & set(each.tags)]
    for number, (at, first) in enumerate(zip(_moments(end, count), islice(cycle(told), count), strict=True), start=1):
        draw = random.Random(number_of(f"{first.key} {number}"))  # noqa: S311
        is_seen = at > end - HEALTH_DAYS * DAY and first.family == "own" and first not in unseen
        story = draw.choice(unseen) if is_seen else first
        part = company.parts[story.services[number % len(story.services)]]
        began = _hour_of_day(at, story.hours, draw)
        lasts = min(max(draw.lognormvariate(4.0, 1.0), 12), 1500) * MINUTE
        mended = began + int(lasts * draw.uniform(0.4, 0.85))
        yield Scene(f"{story.key} {number}", story, part, began, mended, began + int(lasts))


def _hour_of_day(at: int, hours: tuple[int, int], draw: random.Random) -> int:
    """Some minute of that day, mostly by day; on a weekday mostly."""
    day = at // DAY
    if (day + 3) % 7 >= 5 and draw.random() < 0.7:
        day -= 2
    hour = draw.triangular(*hours)
    return day * DAY + int(hour * HOUR)


def _open(company: Company, end: int) -> Iterator[Scene]:
    """What is going on now: the turn of whoever is nagged, and the last outage, which is being watched."""
    turn = turn_at(company.parts, end)
    if end - turn.begins < 50 * MINUTE:
        turn = turn_at(company.parts, turn.begins - 1)
    story = _stories("slow", "one-in-eight")[0]
    yield Scene(f"live {turn.begins}", story, turn.part, turn.begins, end, end, ending="active", spell=turn)
    recent = spells(company.parts.values(), end - 5 * DAY, end - 25 * MINUTE)
    last = max((each for each in recent if each.way == "outage"), key=lambda each: (each.ends, each.part.name))
    scene = _of_spell(_stories("rollouts")[0], last)
    scene.ending, scene.over = "mitigated", end
    yield scene


def _merged(found: list[Scene]) -> Iterator[Scene]:
    """What somebody else declared a few minutes later, and was the same."""
    real = [each for each in found if each.ending == "closed" and each.kind == "real" and not each.story.is_private]
    for place in range(MERGED):
        into = real[(2 * place + 1) * len(real) // (2 * MERGED)]
        began = into.began + into.draw("merged").randint(2, 6) * MINUTE
        yield Scene(
            f"merged {into.key}", into.story, into.part, began, into.mended, into.over, ending="merged", into=into
        )


def _values(company: Company, scene: Scene) -> dict[str, Any]:
    draw, part = scene.draw("values"), scene.part
    week = dt.datetime.fromtimestamp(scene.began, dt.UTC).isocalendar()
    version, before = f"{week[0] % 100}.{week[1]}.{week[2]}0", f"{week[0] % 100}.{max(week[1] - 1, 1)}.{week[2]}0"
    if scene.rollouts:
        version, before = scene.rollouts[0].version, scene.rollouts[1].version
    team = company.people.get(scene.team.pk) or company.everybody
    return {
        "service": part.name, "team": scene.team.label, "version": version, "before": before,
        "peer": draw.choice(part.peers or ("orders-api", "store-bff")),
        "db": draw.choice(part.stores or ("orders-db",)),
        "n": f"{draw.choice((1, 1, 2, 3, 5)) * draw.randint(90, 990):,}", "percent": draw.randint(2, 17),
        "few": draw.randint(3, 9), "minutes": max((scene.mended - scene.began) // MINUTE, 1),
        "zone": draw.choice(("Frankfurt", "Dublin", "eu-central", "eu-west")), "country": draw.choice(COUNTRIES),
        "dimension": draw.choice(("country", "date", "currency", "price level")), "partner": draw.choice(PARTNERS),
        "artist": draw.choice(ARTISTS), "venue": draw.choice(VENUES), "clock": clock(scene.began),
        "until": clock(scene.mended), "provider": PROVIDERS.get(part.name, "the provider"),
        "person": draw.choice(team).label, "host": f"{part.name}-{draw.randrange(16**5):05x}",
        "trace": f"{draw.randrange(16**8):08x}",
    }  # fmt: skip


def clock(at: int) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%H:%M}"
