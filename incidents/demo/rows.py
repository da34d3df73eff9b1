"""The rows of incidents: what each was at first and became later, its times, timeline, roles, impact and tags."""

import datetime as dt
from collections.abc import Iterator, Sequence

from incidents.automatic import key_of
from incidents.demo.company import Company
from incidents.demo.course import ALERTED, Course, moment
from incidents.demo.history import Past
from incidents.demo.scenes import Scene
from incidents.demo.steps import declared_at, steps
from incidents.demo.telling import Told, holders
from incidents.models import (
    Access,
    Assignment,
    Confidence,
    Effect,
    EventKind,
    Impact,
    ImpactLevel,
    Incident,
    IncidentRole,
    IncidentTime,
    Mode,
    Node,
    Severity,
    Status,
    Tag,
    TimelineEvent,
)
from portal.people.models import User
from portal.references.models import Reference
from services.catalog import bulk
from services.demo.health.world import MINUTE
from services.health.models import Deployment

LET_IN = ("group:default/security",)
UNTAGGED, UNKNOWN = 0.13, 0.09
_DOWN = frozenset({"fm-crash", "fm-unreachable"})
_PARTIAL = frozenset({"fm-overload", "fm-errors", "fm-cascade", "fm-auth"})
_SURE = (Confidence.SUSPECTED, Confidence.SUPPORTED, Confidence.SUPPORTED, Confidence.CONFIRMED)


class Writer:
    """Writes incidents and what hangs on them, in bulk."""

    def __init__(self, company: Company, past: Past) -> None:
        self.company, self.past = company, past
        self.severities = {each.rank: each for each in Severity.objects.all()}
        self.statuses = {each.slug: each for each in Status.objects.all()}
        self.roles = {each.name: each for each in IncidentRole.objects.all()}
        self.nodes = {each.slug: each for each in Node.objects.all()}
        self.incidents: dict[str, Incident] = {}
        self.events: dict[str, list[TimelineEvent]] = {}
        # What the portal knows itself is linked, and recognised when it is reported again.
        self.deployed: dict[str, Deployment] = {}

    def user(self, person: Reference | None) -> User | None:
        return self.company.users.get(person.pk) if person else None

    def write_incidents(self, told: Sequence[Course]) -> None:
        """Write each as it was declared, who is let in, and how it moved on."""
        references = Reference.objects.bulk_create(_reference(each.scene) for each in told)
        pairs = zip(told, references, strict=True)
        rows = [(self._incident(each, reference), moment(declared_at(each))) for each, reference in pairs]
        for course, incident in zip(told, self.past.insert(Incident, rows), strict=True):
            self.incidents[course.scene.key] = incident
        self._write_access([each.scene for each in told])
        self._move_on(told)

    def _incident(self, course: Course, reference: Reference) -> Incident:
        scene, users = course.scene, list(self.company.users.values())
        return Incident(
            reference=reference, name=scene.name, title=scene.title, summary=scene.say(scene.story.summary, "summary"),
            kind=scene.kind, is_private=scene.story.is_private, owner=scene.team,
            status=self.statuses["investigating" if scene.is_real else "triage"],
            severity=self.severities[course.severities[0]] if course.severities else None,
            declared_at=moment(declared_at(course)),
            declared_by=self.user(course.lead) or scene.draw("declares").choice(users),
        )  # fmt: skip

    def _write_access(self, scenes: Sequence[Scene]) -> None:
        let_in = list(Reference.objects.filter(canonical__in=LET_IN))
        rows = []
        for scene in scenes:
            if scene.story.is_private:
                incident = self.incidents[scene.key]
                author = getattr(incident.declared_by, "person", None)
                who = {each.pk: each for each in (*let_in, scene.team, *([author.reference] if author else ()))}
                rows += [(Access(incident=incident, who=each), incident.declared_at) for each in who.values()]
        self.past.insert(Access, rows)

    def _move_on(self, told: Sequence[Course]) -> None:
        """The first step of each, then the second one of each, and so on: one statement for all of them."""
        left = [(course.scene.key, steps(course)) for course in told]
        for number in range(max(len(each) for _, each in left)):
            changed = []
            for key, each in left:
                if number < len(each):
                    incident, step = self.incidents[key], each[number]
                    if step.severity:
                        incident.severity = self.severities[step.severity]
                    if step.status:
                        incident.status = self.statuses[step.status]
                    incident.reason = step.reason or incident.reason
                    incident.merged_into = self.incidents[step.into.key] if step.into else None
                    changed.append((incident, moment(step.at)))
            self.past.change(Incident, ("severity", "status", "reason", "merged_into"), changed)

    # What hangs on them

    def write_times(self, told: Sequence[Course]) -> None:
        rows = [
            (
                IncidentTime(
                    incident=self.incidents[course.scene.key], point=point, at=known.at, precision=known.precision,
                    until=known.until, give_or_take_s=known.give_or_take_s, source=known.source,
                ),
                max(known.at, moment(declared_at(course))) + dt.timedelta(seconds=30),
            )
            for course in told
            for point, known in course.times.items()
        ]  # fmt: skip
        self.past.insert(IncidentTime, rows)

    def write_timelines(self, told: Sequence[tuple[Course, Sequence[Told]]]) -> None:
        keys = {each.source_key for _, events in told for each in events}
        self.deployed = {each.key: each for each in Deployment.objects.filter(key__in=keys - {""})}
        rows = [self._event(course, each) for course, events in told for each in events]
        bulk.insert(TimelineEvent, rows)
        made = iter(rows)
        for course, events in told:
            self.events[course.scene.key] = [next(made) for _ in events]

    def _event(self, course: Course, told: Told) -> TimelineEvent:
        at, user, made = moment(told.at), self.user(told.by), self.deployed.get(told.source_key)
        written = (
            max(told.at + told.late_s, declared_at(course) + 40) if told.by or told.source == "Support desk" else 0
        )
        return TimelineEvent(
            incident=self.incidents[course.scene.key], kind=told.kind, text=told.text, happened_at=at,
            recorded_at=moment(written) if written else at + dt.timedelta(seconds=4), recorded_by=user,
            source=told.source or ("" if user or not told.by else told.by.label),
            source_key=key_of(made) if made else told.source_key,
            about=course.scene.part.entity.reference if told.is_about else None, is_key=told.is_key,
            actor_role="Lead" if told.by and told.by.pk == course.lead.pk and not told.source else "",
        )  # fmt: skip

    def write_roles(self, told: Sequence[Course]) -> None:
        rows = []
        for course in told:
            if course.scene.is_real:
                for role, person, since, until in holders(course):
                    row = Assignment(
                        incident=self.incidents[course.scene.key], role=self.roles[role], person=person,
                        from_at=moment(since), to_at=moment(until) if until else None,
                    )  # fmt: skip
                    rows.append((row, moment(since)))
        self.past.insert(Assignment, rows)

    def write_impacts(self, told: Sequence[Course]) -> None:
        rows = [(each, moment(course.acknowledged)) for course in told for each in self._impacts(course)]
        self.past.insert(Impact, rows)

    def _impacts(self, course: Course) -> Iterator[Impact]:
        scene, draw = course.scene, course.scene.draw("impact")
        incident, subject = self.incidents[scene.key], scene.part.entity.reference
        if not scene.is_real or scene.kind in {"near_miss", "drill"}:
            yield Impact(incident=incident, subject=subject, level=ImpactLevel.NONE)
            return
        is_open = scene.ending == "active"
        customers = int(scene.values["n"].replace(",", "")) if draw.random() < 0.75 else None
        begin, end = moment(scene.began), None if is_open else moment(scene.mended)
        yield Impact(incident=incident, subject=subject, level=_level(scene), started_at=begin, ended_at=end,
                     customers=customers, note=scene.say("<Errors|Slow pages|Nothing happened on click>, said support")
                     if draw.random() < 0.4 else "")  # fmt: skip
        if not is_open and course.over - course.mended > 20 * MINUTE and draw.random() < 0.35:
            late = moment(course.mended + (course.over - course.mended) // 2)
            yield Impact(
                incident=incident, subject=subject, level=ImpactLevel.DEGRADED, started_at=end, ended_at=late,
                note="Slow while queues were worked off.",
            )  # fmt: skip
        peer = self.company.parts.get(scene.values["peer"])
        if peer and peer.name != scene.part.name and draw.random() < 0.45:
            yield Impact(
                incident=incident, subject=peer.entity.reference, level=ImpactLevel.DEGRADED, started_at=begin,
                ended_at=end, note=f"Needs {scene.part.name}.",
            )  # fmt: skip

    def write_tags(self, told: Sequence[Course]) -> None:
        rows = [(each, moment(course.over + 3600)) for course in told for each in self._tags(course)]
        tags = self.past.insert(Tag, rows)
        by_key = {incident.pk: key for key, incident in self.incidents.items()}
        shown = Tag.evidence.through
        pairs = [(tag, event) for tag in tags if (event := self._evidence(tag, self.events[by_key[tag.incident_id]]))]
        shown.objects.bulk_create(shown(tag_id=tag.pk, timelineevent_id=event.pk) for tag, event in pairs)

    def _tags(self, course: Course) -> Iterator[Tag]:
        scene, draw = course.scene, course.scene.draw("tags")
        if not scene.is_real or scene.ending in {"active", "mitigated"} or draw.random() < UNTAGGED:
            return
        slugs = [slug for slug in scene.story.tags if not slug.startswith("cf-") or draw.random() < 0.86]
        if draw.random() < UNKNOWN:
            slugs = ["trigger-unknown", "cf-unknown", *(each for each in slugs if each[:3] not in {"cf-", "cha"})]
        for slug in dict.fromkeys((*slugs, course.detection)):
            yield self._tag(course, slug, confidence=draw.choice(_SURE), is_primary=slug == course.detection)
        for place, (slug, mode, effect) in enumerate(_mitigations(course)):
            yield self._tag(course, slug, mode=mode, effect=effect, place=place, confidence=Confidence.CONFIRMED)

    def _tag(self, course: Course, slug: str, **values: object) -> Tag:
        incident = self.incidents[course.scene.key]
        return Tag(incident=incident, node=self.nodes[slug], added_by=self.user(course.lead), **values)

    def _evidence(self, tag: Tag, events: Sequence[TimelineEvent]) -> TimelineEvent | None:
        """What shows it: a rollout the trigger, an alert the detection, what was done the mitigation."""
        wanted = {
            "trigger": (EventKind.DEPLOYMENT, EventKind.OBSERVATION), "detection": (EventKind.ALERT, EventKind.REPORT),
            "mitigation": (EventKind.ROLLBACK, EventKind.ACTION), "contributing_factor": (EventKind.NOTE,),
        }.get(tag.node.facet, ())  # fmt: skip
        return next((each for kind in wanted for each in events if each.kind == kind), None)


def _reference(scene: Scene) -> Reference:
    canonical = f"incident:default/{scene.name}".lower()
    return Reference(kind="incident", name=scene.name.lower(), canonical=canonical, label=scene.title)


def _level(scene: Scene) -> str:
    tags = set(scene.story.tags)
    if scene.rollouts or tags & _DOWN:
        return ImpactLevel.DOWN if scene.rollouts else ImpactLevel.PARTIAL
    return ImpactLevel.PARTIAL if tags & _PARTIAL else ImpactLevel.DEGRADED


def _mitigations(course: Course) -> Iterator[tuple[str, str, str]]:
    """Node, mode and effect of each thing that was tried, in order."""
    scene, draw = course.scene, course.scene.draw("mitigations")
    slug, mode = scene.story.mitigation
    if scene.rollouts:
        lasts = scene.mended - scene.began
        by_itself = lasts < 14 * MINUTE or course.odd == "mitigated_first"
        slug = "mit-rollback-auto" if by_itself else "mit-rollback-deploy"
        mode = Mode.AUTOMATIC if by_itself else draw.choice((Mode.ONE_CLICK, Mode.ONE_CLICK, Mode.MANUAL))
    if not slug:
        slug, mode = draw.choice((("mit-restart", "manual"), ("mit-shed", "one_click"), ("mit-capacity", "manual"),
                                  ("mit-config-fix", "manual"), ("mit-drain", "one_click")))  # fmt: skip
    if scene.spell and scene.spell.way == "hard":
        slug, mode = "mit-external", "manual"
    if draw.random() < 0.18 and slug != "mit-restart":
        yield "mit-restart", Mode.MANUAL, draw.choice((Effect.NONE, Effect.REDUCED, Effect.WORSE))
    yield slug, mode, Effect.ENDED


def has_alert(course: Course) -> bool:
    return course.scene.is_real and course.detection in ALERTED
