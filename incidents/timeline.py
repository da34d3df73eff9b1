"""Writing the timeline: what people note, what the portal notes, and corrections. Nothing is ever taken out of it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents.insights.marking import mark_stale
from incidents.models import BY_PEOPLE, EventKind, Incident, TimelineEvent, Upload
from incidents.uploads.keeping import keep
from incidents.zones import refuse_impossible
from portal.references.models import Reference
from portal.texts import check_texts


def note(*, by: Any, incident: Incident, text: str, kind: str = EventKind.NOTE, **values: Any) -> TimelineEvent:
    """Write down what somebody saw, decided or did; without ``happened_at`` it happened now.

    ``values`` are those of the event, and ``new_files``: files as a form sends them, kept as its evidence. Raises
    ValidationError for what has not happened yet, for kinds that only the portal notes, and for files not taken.
    """
    if kind not in BY_PEOPLE:
        raise ValidationError({"kind": f"“{kind}” is noted by the portal itself. Choose another kind."})
    return _write(incident, by=by, text=text, kind=kind, **values)


def note_once(
    *,
    incident: Incident,
    kind: str,
    text: str,
    at: dt.datetime,
    source: str,
    source_key: str,
    about: Reference | None = None,
    link: str = "",
) -> TimelineEvent:
    """Note what a machine tells, once however often it tells it."""
    told = Told(kind, text, at, source, source_key, about, link)
    note_each_once([incident], [told])
    return TimelineEvent.objects.get(incident=incident, source_key=source_key[:200])


@dataclass(frozen=True)
class Told:
    """What a machine tells. ``source_key`` names it, so that it is noted once; ``link`` leads to where it came from."""

    kind: str
    text: str
    at: dt.datetime
    source: str
    source_key: str
    about: Reference | None = None
    link: str = ""


def note_each_once(incidents: Sequence[Incident], told: Sequence[Told]) -> None:
    """Note what a machine tells in each of the incidents, in two queries; what is noted already stays as it is."""
    now = timezone.now()
    events = [
        TimelineEvent(
            incident=incident, kind=each.kind, text=each.text[:10_000], source=each.source[:120],
            # Another clock may be ahead of ours, and what it tells has happened.
            happened_at=min(each.at, now), source_key=each.source_key[:200], about=each.about, link=each.link[:2000],
        )
        for incident in incidents for each in told
    ]  # fmt: skip
    TimelineEvent.objects.bulk_create(events, ignore_conflicts=True)
    mark_stale(*incidents)


def noted(incident: Incident, *, by: Any, kind: str, text: str, at: dt.datetime | None = None) -> TimelineEvent:
    """What an act in the portal leaves behind: a status, a severity, a role."""
    return _write(incident, by=by, kind=kind, text=text, happened_at=at)


@transaction.atomic
def correct(*, by: Any, event: TimelineEvent, **values: Any) -> TimelineEvent:
    """Put a corrected event in the place of one, which stays under it. It keeps the files unless others are named.
    Raises ValidationError where it was corrected already: then the newer one is what there is to correct."""
    event = _hold(event)
    values.setdefault("files", event.files.all())
    if event.kind not in BY_PEOPLE and values.get("kind", event.kind) != event.kind:
        raise ValidationError({"kind": f"“{event.get_kind_display()}” is what the portal noted, and stays it."})
    names = ("kind", "text", "happened_at", "ended_at", "actor_role", "about", "link", "quote", "is_key")
    kept = {name: getattr(event, name) for name in names}
    return _write(event.incident, by=by, supersedes=event, **{**kept, **values})


@transaction.atomic
def withdraw(*, by: Any, event: TimelineEvent) -> TimelineEvent:
    """Say that an event was none. It stays, struck."""
    event = _hold(event)
    return _write(
        event.incident, by=by, supersedes=event, withdrawn=True, kind=event.kind, text="", happened_at=event.happened_at
    )


@transaction.atomic
def choose(*, event: TimelineEvent, is_key: bool) -> None:
    """Choose whether a postmortem tells of the event, or of what was written in its place since. That is said about it,
    and no part of what happened."""
    event = TimelineEvent.objects.select_for_update().get(pk=event.pk)
    while newer := TimelineEvent.objects.select_for_update().filter(supersedes=event).first():
        event = newer
    if is_key and event.withdrawn:
        raise ValidationError("This event was withdrawn, so a postmortem cannot tell of it.")
    TimelineEvent.objects.filter(pk=event.pk).update(is_key=is_key)


def _hold(event: TimelineEvent) -> TimelineEvent:
    """The event as it stands now, held until the transaction ends."""
    held = TimelineEvent.objects.select_for_update(of=("self",)).select_related("incident", "about").get(pk=event.pk)
    if TimelineEvent.objects.filter(supersedes=event).exists():
        raise ValidationError("Somebody corrected this event already. Look again, and correct the newer one.")
    return held


@transaction.atomic
def _write(
    incident: Incident, *, by: Any, happened_at: dt.datetime | None = None, files: Iterable[Upload] = (),
    new_files: Sequence[Any] = (), **values: Any,
) -> TimelineEvent:  # fmt: skip
    now = timezone.now()
    check_texts(values)
    user = by if getattr(by, "is_authenticated", False) and hasattr(by, "person_id") else None
    source = "" if user else str(by or "")
    event = TimelineEvent(
        incident=incident, happened_at=happened_at or now, recorded_by=user, **{"source": source[:120], **values}
    )
    refuse_impossible({"happened_at": event.happened_at, "ended_at": event.ended_at})
    event.full_clean()
    event.save(force_insert=True)
    kept = keep(by=by, incident=incident, files=new_files) if new_files else []
    event.files.set([*files, *kept])
    mark_stale(incident)
    return event
