"""The course of one incident: its moments, who led it, how bad it was, and what is odd about its times.

Some accounts are as real ones are: a time is missing, known roughly, or cannot be true. How many there are of each is
planned here, and the lint finds exactly these.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from incidents.demo.company import Company
from incidents.demo.scenes import Scene
from incidents.models import Point, Precision
from portal.references.models import Reference
from services.demo.health.world import DAY, HOUR, MINUTE

# How many accounts are odd in each way.
ODD = {"order": 3, "year": 1, "mitigated_first": 3, "seen_earlier": 4, "gap": 2}
MISSING = 18
LONG = 4 * HOUR
YEAR = dt.timedelta(days=365)
_ALERTS = ("det-slo", "det-slo", "det-slo", "det-cause", "det-cause", "det-synthetic")
_OTHERS = ("det-customer", "det-customer", "det-other-team", "det-during-work", "det-luck", "det-unknown")
ALERTED = frozenset({"det-slo", "det-cause", "det-synthetic", "det-anomaly", "det-canary"})
REPORTED = frozenset({"det-customer", "det-social", "det-provider", "det-researcher", "det-other-team"})
_ROUGHLY = ("the first tickets", "the graph", "what people remember")
_SPREAD = (HOUR, 15 * MINUTE, 10 * MINUTE, 5 * MINUTE, 3 * MINUTE)


@dataclass(frozen=True)
class Known:
    """One of the five times as somebody says it."""

    at: dt.datetime
    source: str
    precision: str = Precision.EXACT
    until: dt.datetime | None = None
    give_or_take_s: int | None = None


@dataclass
class Course:
    """Seconds since 1970; ``odd`` names what is odd about its times. ``severities`` are ranks, one after the other."""

    scene: Scene
    detected: int
    declared: int
    acknowledged: int
    closed: int
    detection: str
    lead: Reference
    others: tuple[Reference, ...]
    severities: tuple[int, ...]
    odd: str = ""
    reopened: bool = False
    times: Mapping[str, Known] = field(default_factory=dict)

    @property
    def mended(self) -> int:
        return self.scene.mended

    @property
    def over(self) -> int:
        return self.scene.over

    @property
    def is_over(self) -> bool:
        return self.scene.ending not in {"active", "mitigated"}


def courses(company: Company, told: Sequence[Scene], now: dt.datetime) -> list[Course]:
    """The course of each, the odd ones among them."""
    found = [_course(company, scene) for scene in told]
    for each, odd in _odd_ones(found):
        each.odd = odd
        if odd == "mitigated_first":
            each.detected = each.mended + 4 * MINUTE
            each.declared, each.acknowledged = each.detected + MINUTE, each.detected + 3 * MINUTE
            each.scene.over = max(each.over, each.acknowledged + 15 * MINUTE)
    for each in _plain(found)[7::31][:5]:
        each.reopened = True
    for each in found:
        if each.scene.ending == "closed" and each.closed > now.timestamp() - 4 * DAY:
            each.scene.ending = "resolved"
        each.times = _times(each) if each.scene.is_real else {}
    return found


def _course(company: Company, scene: Scene) -> Course:
    draw = scene.draw("course")
    lasts = scene.mended - scene.began
    detected = scene.began + min(int(lasts * 0.3), int(draw.lognormvariate(1.5, 0.8) * MINUTE) + 90)
    if scene.kind == "retrospective":
        scene.began -= draw.randint(16, 34) * DAY
        detected = scene.mended - 70 * MINUTE
    room = max(scene.mended - detected, 5 * MINUTE)
    declared = detected + min(int(room * 0.15), draw.randint(20, 240))
    acknowledged = declared + min(int(room * 0.15), draw.randint(30, 400))
    if scene.kind == "retrospective":
        declared = scene.over + draw.randint(2, 12) * DAY
    team = [*company.people.get(scene.team.pk, ()), *company.everybody]
    lead = team[draw.randrange(min(3, len(team)))]
    others = tuple(each for each in draw.sample(company.everybody, 6) if each.pk != lead.pk)
    closed = max(scene.over, declared) + int(draw.uniform(0.2, 7) * DAY)
    return Course(
        scene, detected, declared, acknowledged, closed, _detection(scene), lead, others, _severities(scene)
    )  # fmt: skip


def _detection(scene: Scene) -> str:
    draw = scene.draw("detection")
    if scene.ending == "active":
        return "det-slo"
    if scene.story.detection:
        return scene.story.detection
    return draw.choice(_ALERTS if draw.random() < 0.72 or scene.ending in {"active", "mitigated"} else _OTHERS)


def _severities(scene: Scene) -> tuple[int, ...]:
    """The ranks that were said, the last one stands; nothing where nobody said one."""
    draw = scene.draw("severity")
    if scene.ending == "active":
        return (3, 2)
    if scene.ending == "mitigated":
        return (2,)
    if scene.kind != "real" or not scene.is_real:
        return draw.choice(((), (3,), (4,)))
    shares = {0: (20, 50, 28, 2), 1: (5, 35, 50, 10)}.get(scene.part.tier, (1, 12, 60, 27))
    last = draw.choices((1, 2, 3, 4), shares)[0]
    if draw.random() < 0.06:
        return ()
    if draw.random() < 0.22:
        return (min(last + 1, 4), last) if draw.random() < 0.7 and last < 4 else (max(last - 1, 1), last)
    return (last,)


def _plain(found: Sequence[Course]) -> list[Course]:
    """Whole, public ones that are over."""
    return [
        each for each in found
        if each.scene.kind == "real" and each.scene.ending == "closed" and not each.scene.story.is_private
    ]  # fmt: skip


def _odd_ones(found: Sequence[Course]) -> list[tuple[Course, str]]:
    """Which accounts are odd and how: those that can be, spread over the two years."""
    left = [each for each in _plain(found) if each.mended - each.scene.began > 8 * MINUTE]
    chosen = list[tuple[Course, str]]()
    for odd, count in ODD.items():
        fit = [each for each in left if _can_be(odd, each)]
        for place in range(count):
            one = fit[(2 * place + 1) * len(fit) // (2 * count)]
            left.remove(one)
            chosen.append((one, odd))
    points = cycle(("detected", "acknowledged", "mitigated", "detected", "mitigated", "started"))
    for place, point in zip(range(MISSING), points, strict=False):
        chosen.append((left[(2 * place + 1) * len(left) // (2 * MISSING)], f"missing {point}"))
    return chosen


def _can_be(odd: str, course: Course) -> bool:
    if odd == "mitigated_first":
        return course.scene.rollouts is not None and course.detection in ALERTED
    if odd == "seen_earlier":
        return course.detection in ALERTED and course.detected - course.scene.began > 3 * MINUTE
    if odd == "gap":
        return course.mended - course.detected > LONG
    return True


def _times(course: Course) -> dict[str, Known]:
    """The five times as they are said, without what is missing."""
    scene, draw = course.scene, course.scene.draw("times")
    found = {
        Point.STARTED: _started(course),
        Point.DETECTED: Known(moment(course.detected), "the alert" if course.detection in ALERTED else "the report"),
        Point.ACKNOWLEDGED: Known(moment(course.acknowledged), f"{course.lead.label} took the lead"),
    }
    if scene.ending != "active":
        source = "the pipeline" if scene.rollouts else "status set by the lead"
        found[Point.MITIGATED] = Known(moment(scene.mended), source)
        if not scene.rollouts and course.is_over and draw.random() < 0.12:
            found[Point.MITIGATED] = _about(found[Point.MITIGATED], 5 * MINUTE, "from memory")
    if course.is_over:
        found[Point.RESOLVED] = Known(moment(scene.over), "status set by the lead")
    return _made_odd(course, found)


def _started(course: Course) -> Known:
    scene, draw = course.scene, course.scene.draw("started")
    exact = Known(moment(scene.began), "the pipeline" if scene.rollouts else "the logs")
    if scene.rollouts or draw.random() < 0.4:
        return exact
    if draw.random() < 0.7:
        return _about(
            exact, draw.choice(_SPREAD), draw.choice(("the first tickets", "the graph", "what people remember"))
        )
    until = exact.at + dt.timedelta(seconds=max((course.detected - scene.began) // 2, 60))
    return replace(exact, precision=Precision.INTERVAL, until=until, source="between two looks at the dashboard")


def _about(known: Known, give_or_take_s: int, source: str) -> Known:
    return replace(known, precision=Precision.ABOUT, give_or_take_s=give_or_take_s, source=source)


def _made_odd(course: Course, found: dict[Point, Known]) -> dict[str, Known]:
    if course.odd.startswith("missing "):
        found.pop(Point(course.odd.removeprefix("missing ")))
    elif course.odd == "order":
        found[Point.ACKNOWLEDGED] = replace(
            found[Point.DETECTED], at=found[Point.DETECTED].at - dt.timedelta(minutes=14)
        )
    elif course.odd == "year":
        found[Point.STARTED] = Known(found[Point.STARTED].at - YEAR, "typed by hand")
    return {point.value: known for point, known in found.items()}


def moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(at), dt.UTC)
