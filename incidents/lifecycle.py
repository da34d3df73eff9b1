"""Where an incident stands: its status, severity and roles, and how each changes.

What follows from a change (telling people, refreshing what is computed) never keeps it from happening.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents import timeline
from incidents.declaring import first_status
from incidents.events import RoleChanged, SeverityChanged, StatusChanged
from incidents.letting_in import seen_by, sees
from incidents.models import (
    OPEN,
    Assignment,
    Category,
    EventKind,
    Incident,
    IncidentRole,
    IncidentTime,
    Point,
    Severity,
    Status,
)
from portal.actions import lock, update_record
from portal.events import emit
from portal.references.models import Reference

# From → where to. What is over is opened again, or closed.
_WAYS: dict[str, frozenset[str]] = {
    Category.TRIAGE: frozenset({Category.ACTIVE, Category.MITIGATED, Category.RESOLVED, Category.DECLINED,
                                Category.CANCELLED}),
    Category.ACTIVE: frozenset({Category.TRIAGE, Category.MITIGATED, Category.RESOLVED, Category.CANCELLED}),
    Category.MITIGATED: frozenset({Category.ACTIVE, Category.RESOLVED}),
    Category.RESOLVED: frozenset({Category.ACTIVE, Category.CLOSED}),
    Category.CLOSED: frozenset({Category.ACTIVE}),
    Category.DECLINED: frozenset({Category.TRIAGE, Category.ACTIVE}),
    Category.CANCELLED: frozenset({Category.TRIAGE, Category.ACTIVE}),
    Category.MERGED: frozenset({Category.ACTIVE}),
}  # fmt: skip
_OVER = frozenset(Category) - OPEN
_HURTING = OPEN - {Category.MITIGATED}
_WITH_REASON = frozenset({Category.DECLINED, Category.CANCELLED})
# Which time a category says has come.
_POINTS = {Category.MITIGATED: Point.MITIGATED, Category.RESOLVED: Point.RESOLVED}
SHORTEST_REASON = 10


@transaction.atomic
def change_status(
    *, by: Any, incident: Incident, status: Status, reason: str = "", version: int | None = None
) -> Incident:
    """Move an incident on, or open it again.

    Declining, cancelling and opening again need a reason. Mitigated and resolved note their time where nobody has said
    it. Going back takes a time away that its status had brought or would have: of the resolution where it is open
    again, of the mitigation where nothing is mitigated any more. What was said before its status came stays.
    Raises ValidationError for a way there is not, Conflict where somebody changed the incident first.
    """
    locked = lock(incident, version, {"status": status})
    before, after = locked.status.category, status.category
    reason = reason.strip()
    if status == locked.status:
        return locked
    if before != after:
        _refuse_unless_way(locked, after, reason)
    is_reopened = before in _OVER and after in OPEN
    moved = update_record(by=by, record=locked, values={
        "status": status, "reason": reason if is_reopened or after in _WITH_REASON else locked.reason,
        "merged_into": None if is_reopened else locked.merged_into,
    })  # fmt: skip
    now = timezone.now()
    _note_times(moved, before, after, now, by)
    said = f"{'Opened again' if is_reopened else 'Status changed'}: {locked.status} to {status}."
    timeline.noted(moved, by=by, kind=EventKind.STATUS, text=f"{said} {reason}".strip(), at=now)
    emit(StatusChanged(moved, locked.status, reason, by))
    return moved


def ways(incident: Incident) -> frozenset[str]:
    """The categories that it can move on to, but for being merged."""
    return _WAYS[incident.status.category]


def needs_reason(incident: Incident, after: str) -> bool:
    """Whether moving it there asks why: declining, cancelling, opening again."""
    return after in _WITH_REASON or (incident.status.category in _OVER and after in OPEN)


def _refuse_unless_way(incident: Incident, after: str, reason: str) -> None:
    before = incident.status.category
    if after == Category.MERGED:
        raise ValidationError({"status": "Say which incident it is merged into."})
    if after not in _WAYS[before]:
        ways = ", ".join(Category(each).label for each in Category.values if each in _WAYS[before])
        raise ValidationError(
            {"status": f"{incident.name} is {Category(before).label.lower()}. From there it can be: {ways}."}
        )
    if needs_reason(incident, after) and len(reason) < SHORTEST_REASON:
        what = "opened again" if after in OPEN else Category(after).label.lower()
        raise ValidationError({"reason": f"Say why it is {what}, in {SHORTEST_REASON} letters or more."})


def _note_times(incident: Incident, before: str, after: str, now: dt.datetime, by: Any) -> None:
    if before in _OVER and after in OPEN:
        IncidentTime.objects.filter(incident=incident, point=Point.RESOLVED).delete()
    if before not in _HURTING and after in _HURTING:
        IncidentTime.objects.filter(incident=incident, point=Point.MITIGATED).delete()
    if point := _POINTS.get(Category(after)):
        note_time(incident, point, now, source=f"status set by {by}" if by else "status")


def note_time(incident: Incident, point: str, at: dt.datetime, *, source: str) -> None:
    """Note one of the five times, unless somebody has said it already."""
    IncidentTime.objects.get_or_create(incident=incident, point=point, defaults={"at": at, "source": source[:200]})


@transaction.atomic
def merge(*, by: Any, incident: Incident, into: Incident, reason: str = "", version: int | None = None) -> Incident:
    """Say that an incident is the same as another one, which goes on. It keeps its timeline, and both say so.

    Raises ValidationError where the other is itself merged, or where a private one would be named by a public one.
    """
    first, second = sorted((incident, into), key=lambda each: each.pk)
    for each in (first, second):
        Incident.objects.select_for_update(of=("self",)).get(pk=each.pk)
    locked, target = lock(incident, version, {"merged_into": into}), lock(into, None, {})
    if locked.pk == target.pk:
        raise ValidationError({"into": "An incident cannot be merged into itself."})
    if target.status.category == Category.MERGED:
        raise ValidationError({"into": f"{target.name} is merged into {target.merged_into} itself. Choose that one."})
    if locked.is_private != target.is_private:
        raise ValidationError({"into": "A private and a public incident are not merged: one would name the other."})
    if locked.is_private and seen_by(locked) != seen_by(target):
        told = "They are seen by different people, and each would name the other. Let the same people into both first."
        raise ValidationError({"into": told})
    status = first_status(Category.MERGED)
    moved = update_record(by=by, record=locked, values={"status": status, "merged_into": target})
    timeline.noted(moved, by=by, kind=EventKind.STATUS, text=f"Merged into {target}. {reason.strip()}".strip())
    timeline.noted(target, by=by, kind=EventKind.STATUS, text=f"{moved} was merged into this.")
    emit(StatusChanged(moved, locked.status, reason.strip(), by))
    return moved


@transaction.atomic
def change_severity(
    *, by: Any, incident: Incident, severity: Severity | None, reason: str = "", version: int | None = None
) -> Incident:
    """Say how bad it is; the timeline keeps what it was before, and why it was changed."""
    locked = lock(incident, version, {"severity": severity})
    if locked.severity == severity:
        return locked
    moved = update_record(by=by, record=locked, values={"severity": severity})
    before = locked.severity or "none"
    text = f"Severity {_direction(locked.severity, severity)}from {before} to {severity or 'none'}. {reason.strip()}"
    timeline.noted(moved, by=by, kind=EventKind.SEVERITY, text=text.strip())
    emit(SeverityChanged(moved, locked.severity, by))
    return moved


def _direction(before: Severity | None, after: Severity | None) -> str:
    if before is None or after is None:
        return "changed "
    return "raised " if after.rank < before.rank else "lowered "


@transaction.atomic
def give_role(*, by: Any, incident: Incident, role: IncidentRole, person: Reference | None) -> Assignment | None:
    """Give a role to a person, who takes it over from whoever has it; nobody lays it down.

    The first who takes the lead acknowledges the incident, unless somebody has said when that was. Raises
    ValidationError for somebody who is not let into a private one.
    """
    locked = lock(incident, None, {})
    if person and locked.is_private and not sees(locked, person):
        raise ValidationError({"person": f"{person} does not see {locked.name}. Let them in first."})
    now = timezone.now()
    holder = Assignment.objects.filter(incident=incident, role=role, to_at=None).select_related("person").first()
    if holder and person and holder.person_id == person.pk:
        return holder
    if holder:
        Assignment.objects.filter(pk=holder.pk).update(to_at=now)
    timeline.noted(incident, by=by, kind=EventKind.ROLE, text=_taken(role, holder, person), at=now)
    if person and role.slug == "lead":
        note_time(incident, Point.ACKNOWLEDGED, now, source=f"{person} took the lead")
    given = Assignment.objects.create(incident=incident, role=role, person=person, from_at=now) if person else None
    emit(RoleChanged(incident, role, holder.person if holder else None, person, by))
    return given


def _taken(role: IncidentRole, holder: Assignment | None, person: Reference | None) -> str:
    if person is None:
        return f"{role}: nobody any more, {holder.person} laid it down." if holder else f"{role}: nobody."
    return f"{role}: {person} takes it over from {holder.person}." if holder else f"{role}: {person} takes it."
