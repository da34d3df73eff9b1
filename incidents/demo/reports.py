"""Postmortems of the demo: published ones with their editions, some in review, drafts, and some that are overdue."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from incidents.blameless.engine import hints
from incidents.demo.course import Course, moment
from incidents.demo.history import Past
from incidents.demo.rows import Writer
from incidents.demo.scenes import clock
from incidents.demo.stories import phrases
from incidents.models import (
    Comment,
    DismissedHint,
    Edition,
    Postmortem,
    PostmortemSection,
    PostmortemState,
    PostmortemTemplate,
)
from incidents.postmortems.content import as_text, of_the_record
from services.catalog import bulk
from services.demo.health.world import DAY, MINUTE

REPORTS, IN_REVIEW, RECENT_DRAFTS, OVERDUE = 92, 6, 6, 7
SECOND_EDITIONS, BEING_REVISED, BLAMEFUL = 9, 2, 4


@dataclass(frozen=True)
class Report:
    """One postmortem to be: which state it is in, how many editions it has, and whether its words blame."""

    course: Course
    state: str
    editions: int
    is_blameful: bool = False

    @property
    def begun(self) -> dt.datetime:
        return moment(self.course.over + DAY // 2)

    def published_at(self, number: int) -> dt.datetime:
        draw = self.course.scene.draw(f"edition {number}")
        days = draw.uniform(2, 9) if number == 1 else draw.uniform(14, 40)
        return self.begun + dt.timedelta(days=days)


def reports(told: Sequence[Course], now: dt.datetime) -> list[Report]:
    """Which incidents have one, worst first, and how far it is. The newest are still being written."""
    over = [each for each in told if each.scene.ending in {"closed", "resolved"}]
    chosen = sorted(over, key=_rank)[:REPORTS]
    chosen.sort(key=lambda each: each.over)
    lately = sum(moment(each.over) >= now - dt.timedelta(days=60) for each in chosen)
    # On a quiet day two months hold fewer than are still being written and reviewed.
    kept = max(lately, RECENT_DRAFTS + IN_REVIEW)
    old, new = chosen[:-kept], chosen[-kept:]
    states = _states(len(new))
    found = [Report(each, state, 0, False) for each, state in zip(new, states, strict=True)]
    found = [Report(each.course, each.state, int(each.state == PostmortemState.PUBLISHED), False) for each in found]
    return [*_old(old), *_with_blame(found)]


def _rank(course: Course) -> tuple[int, int, int]:
    """By severity; a few near misses and drills are worth a report as well."""
    rank = course.severities[-1] if course.severities else 4
    is_lesson = course.scene.kind != "real" and course.scene.draw("report").random() < 0.3
    return (2 if is_lesson else rank, course.scene.draw("report order").randint(0, 99), course.over)


def _states(count: int) -> list[str]:
    """Of the newer ones: the last are drafts, those before in review, the rest is published."""
    published = count - RECENT_DRAFTS - IN_REVIEW
    return [
        *[PostmortemState.PUBLISHED] * published, *[PostmortemState.IN_REVIEW] * IN_REVIEW,
        *[PostmortemState.DRAFT] * RECENT_DRAFTS,
    ]  # fmt: skip


def _old(old: Sequence[Course]) -> Iterator[Report]:
    """All published but those that nobody finished; some a second time, or about to be."""
    overdue = {len(old) - 1 - 3 * place for place in range(OVERDUE)}
    rest = [place for place in range(len(old)) if place not in overdue]
    twice = {rest[(2 * place + 1) * len(rest) // (2 * SECOND_EDITIONS)] for place in range(SECOND_EDITIONS)}
    revised = sorted(set(range(len(old))) - overdue - twice)[5 : 5 + BEING_REVISED]
    for place, course in enumerate(old):
        if place in overdue:
            yield Report(course, PostmortemState.DRAFT, 0, place == max(overdue))
        elif place in revised:
            yield Report(course, PostmortemState.DRAFT, 1)
        else:
            yield Report(course, PostmortemState.PUBLISHED, 2 if place in twice else 1)


def _with_blame(found: Sequence[Report]) -> Iterator[Report]:
    drafts = [each.course for each in found if each.state == PostmortemState.DRAFT][: BLAMEFUL - 1]
    for each in found:
        yield Report(each.course, each.state, each.editions, each.course in drafts)


class Library:
    """Writes reports with their sections, editions, comments and what was dismissed."""

    def __init__(self, writer: Writer, past: Past, now: dt.datetime) -> None:
        self.writer, self.past, self.now = writer, past, now
        self.written: Sequence[tuple[Report, Postmortem, list[PostmortemSection]]] = ()
        self.template = PostmortemTemplate.objects.filter(is_default=True).first()

    def write(self, told: Sequence[Report]) -> None:
        rows = [(self._report(each), each.begun) for each in told]
        made = self.past.insert(Postmortem, rows)
        written = [(each, row, self._sections(each, row)) for each, row in zip(told, made, strict=True)]
        sections = [(section, each.begun) for each, _, found in written for section in found]
        self.past.insert(PostmortemSection, sections)
        self._write_out(written)
        self._move(written)
        self._discuss(written)
        self.written = written

    def _report(self, each: Report) -> Postmortem:
        incident = self.writer.incidents[each.course.scene.key]
        days = incident.severity.postmortem_days if incident.severity else None
        due_on = (moment(each.course.over) + dt.timedelta(days=days)).date() if days else None
        return Postmortem(incident=incident, template=self.template, due_on=due_on)

    def _sections(self, each: Report, row: Postmortem) -> list[PostmortemSection]:
        asked = self.template.sections if self.template else []
        return [
            PostmortemSection(
                postmortem=row, key=one["key"], title=one["title"], questions=one.get("questions", ""), place=place
            )
            for place, one in enumerate(asked)
        ]

    def _write_out(self, written: Sequence[tuple[Report, Postmortem, list[PostmortemSection]]]) -> None:
        """What was written in the days after."""
        changed = []
        for each, _, sections in written:
            texts = _texts(each)
            for place, section in enumerate(sections):
                if text := texts.get(section.key, ""):
                    section.text = text
                    changed.append((section, each.begun + dt.timedelta(hours=2 + 3 * place)))
        self.past.change(PostmortemSection, ("text",), changed)

    def publish(self) -> None:
        """Freeze what was written as editions, once there is all that they tell of."""
        editions = [
            self._edition(each, row, sections, number)
            for each, row, sections in self.written for number in range(1, each.editions + 1)
        ]  # fmt: skip
        bulk.insert(Edition, editions)
        last = Edition.objects.filter(postmortem=OuterRef("pk")).order_by("-number").values("pk")[:1]
        Postmortem.objects.filter(pk__in=[row.pk for _, row, _ in self.written]).update(latest=Subquery(last))

    def _move(self, written: Sequence[tuple[Report, Postmortem, list[PostmortemSection]]]) -> None:
        moved = []
        for each, row, _ in written:
            if each.editions or each.state == PostmortemState.IN_REVIEW:
                row.state = PostmortemState.PUBLISHED if each.editions else each.state
                moved.append((row, each.published_at(1)))
        self.past.change(Postmortem, ("state",), moved)
        again = [(row, each.published_at(1) + dt.timedelta(days=9)) for each, row, _ in written
                 if each.editions and each.state == PostmortemState.DRAFT]  # fmt: skip
        for row, _ in again:
            row.state = PostmortemState.DRAFT
        self.past.change(Postmortem, ("state",), again)

    def _edition(self, each: Report, row: Postmortem, sections: list[PostmortemSection], number: int) -> Edition:
        note = each.course.scene.draw("note").choice(phrases()["second_edition"]) if number > 1 else ""
        incident = self.writer.incidents[each.course.scene.key]
        # The first edition did not say yet what the second one adds.
        later = {"luck", "well"} if number < each.editions else set()
        text = as_text(str(incident), [one for one in sections if one.key not in later])
        text = "\n\n".join([text, *of_the_record(incident)])
        return Edition(
            postmortem=row, number=number, title=str(incident)[:300], markdown=text, note=note,
            published_at=each.published_at(number),
            published_by=self.writer.user(each.course.lead) or incident.declared_by,
        )  # fmt: skip

    def _discuss(self, written: Sequence[tuple[Report, Postmortem, list[PostmortemSection]]]) -> None:
        users = list(self.writer.company.users.values())
        comments, dismissed = [], []
        for each, row, sections in written:
            draw = each.course.scene.draw("discussion")
            for section in draw.sample(sections, draw.choice((0, 0, 1, 2))):
                at = each.begun + dt.timedelta(days=1, minutes=draw.randint(0, 900))
                comments.append(
                    Comment(
                        section=section, text=draw.choice(phrases()["comments"]), by=draw.choice(users), at=at,
                        settled_at=at + dt.timedelta(hours=7) if each.editions else None,
                    )
                )  # fmt: skip
            found = hints(as_text("", sections))
            dismissed += [DismissedHint(postmortem=row, key=hint.key) for hint in found[:1] if draw.random() < 0.3]
        bulk.insert(Comment, comments)
        DismissedHint.objects.bulk_create(dismissed, ignore_conflicts=True)


def _texts(each: Report) -> dict[str, str]:
    """What stands in the sections; a draft stops somewhere."""
    course, scene = each.course, each.course.scene
    said = {key: scene.say(text, key) for key, text in scene.story.said.items()}
    texts = {
        "surprise": said.get("surprise", ""), "impact": _impact(course), "story": _story(course, said.get("story", "")),
        "conditions": _as_list(said.get("conditions", "")), "detection": _detection(course),
        "mitigation": _mitigation(course), "well": scene.draw("well").choice(phrases()["well"]),
        "luck": said.get("luck", ""), "follow-ups": scene.say(phrases()["follow_ups"]),
    }  # fmt: skip
    if each.is_blameful:
        texts["story"] += "\n\n" + scene.say(scene.draw("blame").choice(phrases()["shown"]), "blame")
    if each.state == PostmortemState.DRAFT and not each.editions:
        kept = scene.draw("kept").randint(1, 5)
        return dict(list(texts.items())[: max(kept, 3 if each.is_blameful else 1)])
    return texts


def _as_list(text: str) -> str:
    sentences = [each.strip() for each in text.split(". ") if each.strip()]
    return "\n".join(f"- {each.rstrip('.')}." for each in sentences)


def _impact(course: Course) -> str:
    scene = course.scene
    if scene.kind in {"near_miss", "drill"}:
        return str(phrases()["impact_none"])
    return scene.say(scene.draw("felt").choice(phrases()["impact"]), "felt")


def _story(course: Course, said: str) -> str:
    scene = course.scene
    begun = ""
    if scene.rollouts:
        broken = scene.rollouts[0]
        begun = f"{scene.part.name} {broken.version} was rolled out at {clock(broken.finished)}. "
    summary = scene.say(scene.story.summary, "summary")
    lead = f"It was detected at {clock(course.detected)}, and somebody led from {clock(course.acknowledged)} on."
    return "\n\n".join(each for each in (f"{begun}{summary}", lead, said) if each)


def _values(course: Course) -> dict[str, object]:
    scene = course.scene
    return {
        **scene.values, "to_detect": max((course.detected - scene.began) // MINUTE, 1),
        "to_mitigate": max((scene.mended - scene.began) // MINUTE, 1), "mitigated_at": clock(scene.mended),
    }  # fmt: skip


def _detection(course: Course) -> str:
    scene = course.scene
    scene.values = _values(course)
    return scene.say(phrases()["detected"][course.detection], "detected")


def _mitigation(course: Course) -> str:
    scene, said = course.scene, phrases()["mitigated"]
    scene.values = _values(course)
    slug = scene.story.mitigation[0] or ("mit-rollback-deploy" if scene.rollouts else "other")
    return scene.say(said.get(slug, said["other"]), "mitigated")
