"""Review: asked for, read, and commented on before an edition is published."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents.models import Access, Incident, Postmortem, PostmortemState, Review
from incidents.postmortems import telling
from portal.actions import lock, update_record
from portal.people.models import Membership
from portal.references.models import Reference


@transaction.atomic
def ask(*, by: Any, postmortem: Postmortem, readers: Iterable[Reference], version: int | None = None) -> Postmortem:
    """Ask people and teams to read what is written. Who was asked before and is asked again begins anew.

    Raises ValidationError without anybody, for one who may not see the incident, and once it is published.
    """
    asked = list(dict.fromkeys(readers))
    if not asked:
        raise ValidationError({"readers": "Say who reads it: a person or a team."})
    locked = lock(postmortem, version, {})
    if locked.state == PostmortemState.PUBLISHED:
        raise ValidationError("This edition is published. Begin the next one, then ask for a review of that.")
    for each in asked:
        _check_sees(each, locked.incident)
    moved = update_record(by=by, record=locked, values={"state": PostmortemState.IN_REVIEW})
    for each in asked:
        anew = {"asked_at": timezone.now(), "read_at": None, "read_by": None}
        review, _ = Review.objects.update_or_create(postmortem=moved, who=each, defaults=anew)
        telling.asked_to_review(review, by)
    return moved


def _check_sees(reader: Reference, incident: Incident) -> None:
    if not incident.is_private:
        return
    teams = Membership.objects.current().filter(person=reader).values("team")
    let_in = Access.objects.filter(incident=incident)
    if not (let_in.filter(who=reader).exists() or let_in.filter(who__in=teams).exists()):
        raise ValidationError({"readers": f"{reader} does not see {incident.name}. Let them in first, then ask them."})


def read(*, by: Any, postmortem: Postmortem) -> int:
    """Note that the reader has read it, in person or for a team of theirs; answers how many requests that answers."""
    return _asked_of(by, postmortem).update(read_at=timezone.now(), read_by=by)


def is_asked(reader: Any, postmortem: Postmortem) -> bool:
    return bool(_asked_of(reader, postmortem).exists())


def _asked_of(reader: Any, postmortem: Postmortem) -> Any:
    return open_for(reader).filter(postmortem=postmortem, postmortem__state=PostmortemState.IN_REVIEW)


def open_for(reader: Any) -> Any:
    """What the reader, or a team of theirs, is asked to read and has not."""
    named = set(reader.team_ids)
    if person := getattr(reader, "person", None):
        named.add(person.reference_id)
    return Review.objects.filter(who__in=named, read_at=None)
