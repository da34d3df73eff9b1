"""Saying what an incident was like: nodes of the taxonomy apply to it, how sure that is, and what shows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from incidents.insights.marking import mark_stale
from incidents.models import Confidence, Facet, Incident, Node, Tag, TimelineEvent
from portal.actions import create_record, delete_record, lock, update_record

# What a follow-up is of, and never an incident.
NOT_OF_INCIDENTS = frozenset({Facet.ACTION_TYPE})
FACETS = tuple(each for each in Facet if each not in NOT_OF_INCIDENTS)


@transaction.atomic
def tag(
    *, by: Any, incident: Incident, node: Node, evidence: Iterable[TimelineEvent] = (), **values: Any
) -> Tag:  # fmt: skip
    """Say that a node applies to an incident. ``evidence`` are events of its timeline.

    “Unknown” means that somebody looked and could not tell: what is known of the same facet takes its place, and it is
    refused beside that. Raises ValidationError for what applies already, and for values that the facet has not.
    """
    Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident.pk)
    _refuse_node(incident, node)
    shown = _of_incident(incident, evidence)
    values = _checked(node, values, bool(shown))
    if node.facet == Facet.MITIGATION:
        last = Tag.objects.filter(incident=incident, node__facet=node.facet).aggregate(last=Max("place"))["last"]
        values.setdefault("place", (last or 0) + 1)
    user = by if getattr(by, "is_authenticated", False) and hasattr(by, "person_id") else None
    made = create_record(by=by, model=Tag, values={**values, "incident": incident, "node": node, "added_by": user})
    made.evidence.set(shown)
    _settle(by, made)
    mark_stale(incident)
    return made


@transaction.atomic
def retag(
    *, by: Any, record: Tag, values: Mapping[str, Any], version: int | None = None,
    evidence: Iterable[TimelineEvent] | None = None,
) -> Tag:  # fmt: skip
    """Change how sure it is and what shows it. Without ``evidence`` the events stay."""
    locked = lock(record, version, values)
    shown = _of_incident(locked.incident, evidence if evidence is not None else locked.evidence.all())
    checked = _checked(locked.node, {**_held(locked), **values}, bool(shown))
    changed = update_record(by=by, record=locked, values=checked)
    if evidence is not None:
        changed.evidence.set(shown)
    _settle(by, changed)
    mark_stale(changed.incident)
    return changed


@transaction.atomic
def untag(*, by: Any, record: Tag, version: int | None = None) -> None:
    """Say that it does not apply after all. Its history stays."""
    delete_record(by=by, record=record, version=version)
    mark_stale(record.incident)


@transaction.atomic
def say_unknown(*, by: Any, incident: Incident, facet: str) -> Tag:
    """Say that somebody looked, and could not tell. Raises ValidationError where something is known."""
    node = Node.objects.filter(facet=facet, is_unknown=True, is_active=True).first()
    if node is None:
        raise ValidationError(f"“{Facet(facet).label}” has no value that means unknown.")
    return tag(by=by, incident=incident, node=node, confidence=Confidence.CONFIRMED, note="Looked for and not found.")


def node_named(text: str, facet: str = "") -> Node:
    """The node of a name or a slug, of one facet or of any. Raises ValidationError naming what is near, or the slugs of
    the several that are called so."""
    rows = Node.objects.filter(is_active=True).exclude(facet__in=NOT_OF_INCIDENTS)
    rows = rows.filter(facet=facet) if facet else rows
    said = text.strip()
    found = list(rows.filter(slug=said.lower()) or rows.filter(name__iexact=said).order_by("pk"))
    if len(found) > 1:
        slugs = ", ".join(each.slug for each in found)
        raise ValidationError(f"Several are called “{said[:80]}”. Write the slug of one: {slugs}.")
    if not found:
        near = " or ".join(f"“{each}”" for each in _near(said, rows))
        hint = f" Did you mean {near}?" if near else " Choose one of the list."
        raise ValidationError(f"There is no “{said[:80]}” in the taxonomy.{hint}")
    return found[0]


def _near(said: str, rows: Any) -> list[str]:
    """Names that have one of the words, in the name or in the definition."""
    words = [word for word in said.lower().split() if len(word) > 2]
    scored = [
        (sum(word in f"{name} {definition}".lower() for word in words), name)
        for name, definition in rows.values_list("name", "definition")
    ]
    return [name for score, name in sorted(scored, key=lambda each: (-each[0], each[1])) if score][:3]


def _refuse_node(incident: Incident, node: Node) -> None:
    if node.facet in NOT_OF_INCIDENTS:
        raise ValidationError({"node": f"“{node}” is said of follow-ups, not of incidents."})
    if not node.is_active:
        raise ValidationError({"node": f"“{node}” is switched off, so nobody chooses it any more."})
    others = list(Tag.objects.filter(incident=incident, node__facet=node.facet).select_related("node"))
    if any(each.node_id == node.pk for each in others):
        raise ValidationError({"node": f"“{node}” is said of {incident.name} already. Change it there."})
    known = [str(each.node) for each in others if not each.node.is_unknown]
    if node.is_unknown and known:
        raise ValidationError({"node": f"{', '.join(known)} is known of it. Take that away first."})


def _checked(node: Node, values: Mapping[str, Any], has_events: bool) -> dict[str, Any]:
    """The values as they are written. Raises ValidationError by field."""
    of_mitigation = {name for name in ("mode", "effect") if values.get(name)}
    if of_mitigation and node.facet != Facet.MITIGATION:
        raise ValidationError(dict.fromkeys(of_mitigation, f"This is said of mitigations, and “{node}” is none."))
    if values.get("is_primary") and node.facet != Facet.DETECTION:
        raise ValidationError({"is_primary": f"One detection was the first; “{node}” is none."})
    if values.get("confidence") == Confidence.CONFIRMED and not (has_events or (values.get("note") or "").strip()):
        raise ValidationError({"confidence": "Confirmed by what? Choose an event that shows it, or say it in a note."})
    return dict(values)


def _held(found: Tag) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("confidence", "mode", "effect", "note", "is_primary")}


def _of_incident(incident: Incident, events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    shown = list(events)
    if any(each.incident_id != incident.pk or each.withdrawn for each in shown):
        raise ValidationError({"evidence": f"Evidence is an event of {incident.name} that was not withdrawn."})
    return shown


def _settle(by: Any, changed: Tag) -> None:
    """One detection was the first; and what is known takes the place of unknown."""
    others = Tag.objects.filter(incident=changed.incident_id, node__facet=changed.node.facet).exclude(pk=changed.pk)
    if changed.is_primary:
        others.filter(is_primary=True).update(is_primary=False)
    if not changed.node.is_unknown:
        for each in others.filter(node__is_unknown=True):
            delete_record(by=by, record=each)
