"""The timeline of one incident as people and machines wrote it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from incidents.demo.course import ALERTED, REPORTED, Course
from incidents.demo.scenes import Scene
from incidents.demo.stories import event, phrases
from incidents.models import EventKind
from portal.references.models import Reference
from services.demo.health.world import HOUR, MINUTE

CI, ALERTMANAGER, PROBER, DESK = "Deployments", "Alertmanager, eu-central", "Health", "Support desk"
# How often somebody adds how they know.
MORE = 0.6
# Nobody is silent for longer, unless that is what is odd about it.
LONGEST_SILENCE = 95 * MINUTE
ROLES = ("Lead", "Operations", "Communication", "Scribe")
_WORSE = ("More are hit than we thought.", "All countries are hit.", "Payments are hit as well.")
_BETTER = ("It is one region only.", "There is a way around.", "Most get through at the second try.")
AGAIN = "Two more reports came in, of the same kind."


@dataclass(frozen=True)
class Told:
    """One event. ``by`` is who wrote it, or else ``source`` what noted it, under a key of its own."""

    kind: str
    text: str
    at: int
    by: Reference | None = None
    source: str = ""
    source_key: str = ""
    is_about: bool = False
    is_key: bool = False
    quote: str = ""
    link: str = ""
    late_s: int = 20


def timeline(course: Course) -> list[Told]:
    """Everything that was written, oldest first."""
    scene = course.scene
    if scene.ending == "merged" and scene.into:
        found = [_declared(course), _status(course, scene.began + 6 * MINUTE, f"Merged into {_name(scene.into)}.")]
    elif not scene.is_real:
        found = [*_called_off(course)]
    else:
        found = [*_machines(course), *_status_changes(course), *_roles(course), *_people(course)]
        found += _silences(course, found)
    return sorted(found, key=lambda each: each.at)


def _name(scene: Scene) -> str:
    return f"{scene.name} {scene.title}"


def _declared(course: Course) -> Told:
    word = "Triage" if not course.scene.is_real else "Investigating"
    at = course.declared if course.scene.is_real else course.scene.began
    return _status(course, at, f"Declared as {word}.")


def _status(course: Course, at: float, text: str) -> Told:
    return Told(EventKind.STATUS, text, int(at), by=course.lead)


def _called_off(course: Course) -> Iterator[Told]:
    scene = course.scene
    yield _declared(course)
    for place, each in enumerate(scene.story.look, start=1):
        kind, text = event(scene.say(each))
        yield Told(kind, text, scene.began + place * 7 * MINUTE, by=course.lead)
    word = scene.ending.capitalize()
    yield _status(course, scene.began + 40 * MINUTE, f"Status changed: Triage to {word}. {reason(scene)}")


def reason(scene: Scene) -> str:
    return scene.draw("reason").choice(scene.story.reasons)


def _machines(course: Course) -> Iterator[Told]:
    """What CI, the checks and the senders of alerts noted."""
    scene = course.scene
    if scene.rollouts:
        broken, back = scene.rollouts
        yield Told(
            EventKind.DEPLOYMENT, f"Deployed {scene.part.name} {broken.version}.", broken.finished, source=CI,
            source_key=broken.key, is_about=True, is_key=True,
        )  # fmt: skip
        taken_back = f"Rolled back {scene.part.name} from {broken.version} to {back.version}."
        yield Told(
            EventKind.ROLLBACK, taken_back, back.finished, source=CI, source_key=back.key, is_about=True, is_key=True
        )  # fmt: skip
    if scene.spell and scene.spell.way != "slow":
        yield from _health(course)
    if course.detection in ALERTED:
        yield Told(
            EventKind.ALERT, alert_title(course), course.detected, source=ALERTMANAGER, is_about=True, is_key=True,
            source_key=f"alert {scene.key}",
        )  # fmt: skip


def alert_title(course: Course) -> str:
    scene, draw = course.scene, course.scene.draw("alert")
    words = {
        "det-slo": "{service} burns its error budget at <6|9|14.4|11> times what it can stand",
        "det-cause": "<Pool|Queue|Disk|Memory> of {service} above <80|90|85> %",
        "det-synthetic": "Synthetic buyer cannot get past {service}",
        "det-canary": "Canary of {service}: more errors than the build before",
        "det-anomaly": "{service}: unlike the same hour of last week",
    }[course.detection]
    return scene.say(words, f"alert {draw.random()}")


def _health(course: Course) -> Iterator[Told]:
    scene = course.scene
    noted = {"source": PROBER, "is_about": True}
    down = scene.began + 2 * MINUTE
    yield Told(EventKind.HEALTH, f"{scene.part.name} is failing.", down, source_key=f"down {down}", **noted)  # type: ignore[arg-type]
    if course.scene.ending != "active":
        up = scene.mended + 3 * MINUTE
        yield Told(EventKind.HEALTH, f"{scene.part.name} is healthy.", up, source_key=f"up {up}", **noted)  # type: ignore[arg-type]


def _status_changes(course: Course) -> Iterator[Told]:
    scene = course.scene
    yield _declared(course)
    if scene.kind == "retrospective":
        yield _status(course, written_at(course), "Status changed: Investigating to Resolved.")
        yield _status(course, course.closed, "Status changed: Resolved to Closed.")
        return
    if len(course.severities) == 2:
        before, after = course.severities
        way, why = ("raised", _WORSE) if after < before else ("lowered", _BETTER)
        text = f"Severity {way} from SEV-{before} to SEV-{after}. {scene.draw('why').choice(why)}"
        yield Told(EventKind.SEVERITY, text, severity_changed_at(course), by=course.lead, is_key=True)
    if scene.ending == "active":
        yield _status(course, identified_at(course), "Status changed: Investigating to Identified.")
        return
    yield _status(course, watched_at(course), "Status changed: Investigating to Monitoring.")
    yield from _ends(course)


def written_at(course: Course) -> int:
    """When what was over long before was written down."""
    return course.declared + 25 * MINUTE


def watched_at(course: Course) -> int:
    """When it was said to be mitigated: some were before anybody declared them."""
    return max(course.mended + MINUTE, course.declared + 2 * MINUTE)


def identified_at(course: Course) -> int:
    return min(course.acknowledged + 40 * MINUTE, course.over - 5 * MINUTE)


def severity_changed_at(course: Course) -> int:
    return course.acknowledged + max((course.mended - course.acknowledged) // 4, 30)


def _ends(course: Course) -> Iterator[Told]:
    over = course.over
    if not course.is_over:
        return
    if course.reopened:
        early = reopened_at(course)
        yield _status(course, early - 9 * MINUTE, "Status changed: Monitoring to Resolved.")
        yield _status(
            course, early, "Opened again: Resolved to Monitoring. Two more reports came in, of the same kind."
        )
    yield _status(course, over, "Status changed: Monitoring to Resolved.")
    if course.scene.ending == "closed":
        yield _status(course, course.closed, "Status changed: Resolved to Closed.")


def reopened_at(course: Course) -> int:
    return course.over - (course.over - course.mended) // 3


def holders(course: Course) -> list[tuple[str, Reference, int, int | None]]:
    """Role, person, from when until when: the lead is handed over where it takes long."""
    if course.scene.kind == "retrospective":
        return [("Lead", course.lead, course.declared + MINUTE, None)]
    found: list[tuple[str, Reference, int, int | None]] = [("Lead", course.lead, course.acknowledged, None)]
    if course.mended - course.acknowledged > 3 * HOUR and course.odd != "gap":
        change = course.acknowledged + (course.mended - course.acknowledged) // 2
        found = [("Lead", course.lead, course.acknowledged, change), ("Lead", course.others[0], change, None)]
    wanted = 3 if course.severities[-1:] in ((1,), (2,)) else course.scene.draw("roles").randint(0, 2)
    for place, role in enumerate(ROLES[1 : 1 + wanted], start=1):
        found.append((role, course.others[place], course.acknowledged + place * 90, None))
    return found


def _roles(course: Course) -> Iterator[Told]:
    held: dict[str, Reference] = {}
    for role, person, since, _ in holders(course):
        taken = f"{role}: {person.label} takes it over from {held[role].label}." if role in held else ""
        yield Told(EventKind.ROLE, taken or f"{role}: {person.label} takes it.", since, by=person)
        held[role] = person


def _people(course: Course) -> Iterator[Told]:
    """What people wrote: looking, deciding, and what came after."""
    scene, draw = course.scene, course.scene.draw("people")
    if course.detection in REPORTED and not _is_report(scene):
        yield _said(course, draw.choice(phrases()["report"]), course.detected, source=DESK)
    if course.odd == "seen_earlier":
        told = _said(course, draw.choice(phrases()["report"]), course.detected - 2 * MINUTE, source=DESK)
        yield replace(told, late_s=17 * MINUTE)
    look, decide = list(scene.story.look), list(scene.story.decide)
    asked = draw.sample(phrases()["ask"], 2 if scene.kind == "real" else 0)
    for each in asked:
        look.insert(draw.randint(1, len(look)), each)
    # Of the live one people outside read.
    if (draw.random() < 0.6 or scene.ending == "active") and scene.kind == "real":
        look.insert(len(look) - 1, draw.choice(phrases()["update"]))
    end = max(course.mended, course.acknowledged + 12 * MINUTE) if course.odd == "mitigated_first" else course.mended
    if scene.ending == "active":
        decide, end = [], scene.over - 3 * MINUTE
    looked = (end - course.acknowledged) // (8 if course.odd == "gap" else 1.25)
    yield from _written(course, look, course.acknowledged + 40, course.acknowledged + looked, draw)
    yield from _written(course, decide, end - (end - course.acknowledged) // 6, end - 20, draw, is_key=True)
    if scene.ending != "active":
        after = [*scene.story.after, *draw.sample(phrases()["before_over"], 1 if scene.kind == "real" else 0)]
        yield from _written(course, after, max(end, course.mended) + 4 * MINUTE, course.over - 60, draw)


def _is_report(scene: Scene) -> bool:
    return bool(scene.story.look) and scene.story.look[0].startswith("r ")


def _written(
    course: Course, texts: Sequence[str], begin: float, end: float, draw: random.Random, *, is_key: bool = False
) -> Iterator[Told]:
    """Texts spread over a time, by those who are there. What people were told first is what told them."""
    step = max(end - begin, len(texts) + 1) / (len(texts) + 1)
    for place, text in enumerate(texts):
        at = begin + step * (place + draw.uniform(0.6, 1.2))
        if place == 0 and text.startswith("r ") and course.detection in REPORTED:
            at = course.detected
        more = f"{text} {draw.choice(phrases()['also'])}" if text[0] == "o" and draw.random() < MORE else text
        yield replace(_said(course, more, at), is_key=is_key)


def _said(course: Course, text: str, at: float, source: str = "") -> Told:
    draw = course.scene.draw(f"said {text} {at}")
    kind, words = event(course.scene.say(text))
    by = None if source else draw.choice((course.lead, course.lead, *course.others[:3]))
    late = draw.choice((15, 25, 40, 60, 90, 8 * MINUTE))
    return Told(kind, words, int(at), by=by, source=source, late_s=late)


def _silences(course: Course, found: Sequence[Told]) -> Iterator[Told]:
    """What somebody notes where nothing happens for long, so that whoever reads it knows that it was looked at."""
    if course.odd == "gap":
        return
    draw = course.scene.draw("silences")
    begin = course.scene.began if course.odd == "missing detected" else course.detected
    end = course.over if course.odd == "missing mitigated" else course.mended
    moments = sorted({begin, end, *(each.at for each in found if begin < each.at < end)})
    for before, after in pairwise(moments):
        for part in range(1, (after - before) // LONGEST_SILENCE + 1):
            yield _said(course, draw.choice(phrases()["still"]), before + part * LONGEST_SILENCE)
