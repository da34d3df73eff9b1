"""Writing what an import has read: once, however often it is read, with what was lost said beside."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents.declaring import declare, first_status
from incidents.followups import actions as followups
from incidents.imports.draft import Draft, seen
from incidents.lint import Finding, Happened, Weight
from incidents.models import Category, EventKind, Incident, IncidentTime, Origin, Severity, TimelineEvent
from incidents.postmortems import writing
from portal.references.models import Reference
from portal.texts import LONGEST_TEXT

# What is left of a text that is longer than a title may be.
_LONGEST_TITLE = 200
_LONGEST_EVENT = 10_000
_LONGEST_KEY = 200
MOST_LOST = 5
_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Taken:
    """What became of one incident of the source: ``created``, ``same``, ``changed`` (it says something else than when
    it was taken, and nothing is overwritten) or ``refused``."""

    key: str
    word: str
    incident: str = ""
    wrong_times: tuple[str, ...] = ()
    lost: tuple[str, ...] = field(default_factory=tuple)


def take(
    drafts: Iterable[Draft], *, format_name: str, by: Any = None, severities: Mapping[str, Severity] | None = None
) -> Iterator[Taken]:
    """Write each in a transaction of its own, so that one that does not fit keeps no other out. ``severities`` say what
    the words of the source mean here; slugs and names of ours mean themselves."""
    said = {key: each for each in Severity.objects.all() for key in (each.slug, each.name.lower())}
    said |= {word.lower(): each for word, each in (severities or {}).items()}
    for draft in drafts:
        try:
            with transaction.atomic():
                taken = _take(draft, format_name, by, said)
        except ValidationError as problem:
            taken = Taken(draft.key, "refused", lost=(*draft.lost, *problem.messages))
        yield taken


def _take(draft: Draft, format_name: str, by: Any, severities: Mapping[str, Severity]) -> Taken:
    if not draft.title:
        return Taken(draft.key, "refused", lost=_brief(draft.lost))
    digest = digest_of(draft)
    _leave_out_unseen(draft)
    wrong = tuple(each.text for each in draft.findings(timezone.now()) if each.weight is Weight.WRONG)
    key = _key_of(draft)
    known = Origin.objects.filter(format=format_name, key=key).select_related("incident").first()
    if known is not None:
        word = "same" if known.digest == digest else "changed"
        return Taken(draft.key, word, known.incident.name, wrong, _brief(draft.lost))
    services = _services(draft)
    severity = severities.get(draft.severity.lower())
    if draft.severity and severity is None:
        draft.lost.append(f"“{draft.severity}” is no severity here. Say --severity {draft.severity}=… to take it.")
    incident = _write(draft, by, severity, services)
    Origin.objects.create(incident=incident, format=format_name, key=key, digest=digest)
    return Taken(draft.key, "created", incident.name, wrong, _brief(draft.lost))


def _brief(lost: list[str]) -> tuple[str, ...]:
    """The first few of what was lost, and how many more: a report that nobody reads is none."""
    lost = [seen(each) for each in lost]
    more = len(lost) - MOST_LOST
    return (*lost[:MOST_LOST], f"and {more:,} more like these") if more > 1 else tuple(lost)


def digest_of(draft: Draft) -> str:
    """What stands for everything that was read."""
    text = json.dumps(dataclasses.asdict(draft), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _key_of(draft: Draft) -> str:
    """The key as it is kept: of a long one the beginning, and what stands for all of it."""
    if len(draft.key) <= _LONGEST_KEY and seen(draft.key) == draft.key:
        return draft.key
    digest = hashlib.sha256(draft.key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{seen(draft.key)[: _LONGEST_KEY - 33]} {digest}"


def _leave_out_unseen(draft: Draft) -> None:
    """Take the characters out that nobody sees, and say of how many texts."""
    before = [draft.title, *(each.text for each in draft.events), *draft.sections.values(), *draft.follow_ups]
    number = sum(seen(each) != each for each in before)
    if not number:
        return
    draft.title = seen(draft.title)
    draft.events = [dataclasses.replace(each, text=seen(each.text)) for each in draft.events]
    draft.sections = {seen(name): seen(text) for name, text in draft.sections.items()}
    draft.follow_ups = [seen(each) for each in draft.follow_ups]
    draft.lost.append(f"Characters that nobody sees, in {number:,} of its texts.")


def _services(draft: Draft) -> list[Reference]:
    """What the catalog has of the services that are named, by their names as references write them."""
    names = {_WORDS.sub("-", each.lower()).strip("-"): each for each in draft.services}
    kinds = ("component", "api", "resource", "system")
    found = {each.name: each for each in Reference.objects.filter(name__in=names, kind__in=kinds, attached=True)}
    draft.lost += [f"Not in the catalog: {each[:100]}." for name, each in names.items() if name not in found]
    return list(found.values())


def _write(draft: Draft, by: Any, severity: Severity | None, services: list[Reference]) -> Incident:
    declared = draft.declared_at or min(draft.times.values(), default=timezone.now())
    incident = declare(
        by=by,
        values={
            "title": draft.title[:_LONGEST_TITLE],
            "summary": draft.sections.get("impact", draft.sections.get("summary", ""))[:LONGEST_TEXT],
            "status": first_status(Category.CLOSED),
            "severity": severity,
        },
        services=services,
    )
    Incident.objects.filter(pk=incident.pk).update(declared_at=declared)
    # It was declared there, and then; that it is here now is no part of what happened.
    incident.timeline.filter(kind=EventKind.STATUS).update(happened_at=declared, text="Declared.", source="import")
    started, resolved = draft.times.get("started"), draft.times.get("resolved")
    if started and resolved and started < resolved:
        incident.impacts.update(started_at=started, ended_at=resolved)
    for point, at in draft.times.items():
        IncidentTime.objects.create(incident=incident, point=point, at=at, source="import")
    told = [Happened(EventKind.NOTE, declared, each.text) for each in draft.findings(timezone.now()) if _is_said(each)]
    TimelineEvent.objects.bulk_create(
        TimelineEvent(
            incident=incident, kind=each.kind, text=each.text[:_LONGEST_EVENT], happened_at=each.at, source="import"
        )
        for each in (*draft.events, *told)
    )
    for text in draft.follow_ups:
        values = {"title": text[:_LONGEST_TITLE], "text": text[:_LONGEST_EVENT] if len(text) > _LONGEST_TITLE else ""}
        followups.suggest(by=by, incident=incident, values=values)
    if draft.sections:
        _write_report(draft, incident, by)
    return incident


def _is_said(finding: Finding) -> bool:
    """Whether it is about a duration that the source states: of all that contradicts itself that alone has no place
    among the times, where the lint would find it again."""
    return finding.code == "stated"


def _write_report(draft: Draft, incident: Incident, by: Any) -> None:
    """What the source says in sections of its own stands in the story of the postmortem, under its headings; where its
    template tells no story, in the first section."""
    report = writing.begin(by=by, incident=incident)
    # Administrators write the template, and may have given it other sections.
    sections = report.sections.order_by("place", "pk")
    section = sections.filter(key="story").first() or sections[0]
    text = "\n\n".join(f"### {name.capitalize()}\n\n{said.strip()}" for name, said in draft.sections.items())
    if len(text) > LONGEST_TEXT:
        draft.lost.append(f"Its report has {len(text):,} letters; the first {LONGEST_TEXT:,} are taken.")
        text = text[:LONGEST_TEXT]
    writing.save_section(by=by, section=section, text=text, version=section.version)
