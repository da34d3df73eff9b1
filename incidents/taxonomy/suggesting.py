"""What an incident was probably like: what its timeline shows, what similar ones had, what was left open before it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from incidents.models import FOLLOW_UP_OPEN, EventKind, FollowUp, Impact, Incident, Node, Tag, TimelineEvent
from incidents.similar import similar_to
from incidents.taxonomy.tagging import NOT_OF_INCIDENTS

MOST = 6
FOLLOW_UP_OPEN_SLUG = "cf-followup-open"
# What an event of a kind shows, where nothing is said of that facet.
_SHOWN_BY = {
    EventKind.ALERT: ("det-auto", "An alert is in the timeline."),
    EventKind.REPORT: ("det-external", "A report from outside is in the timeline."),
    EventKind.ROLLBACK: ("mit-rollback-deploy", "A rollback is in the timeline."),
}


@dataclass(frozen=True)
class Suggestion:
    """A node that may apply, why, and the event that shows it, if one does."""

    node: Node
    why: str
    event: TimelineEvent | None = None


def suggestions(incident: Incident, reader: Any) -> list[Suggestion]:
    """At most six, the best founded first; nothing that is said already, and nothing of what the reader may not see."""
    told = Tag.objects.filter(incident=incident).values_list("node", "node__facet")
    said, facets = {node for node, _ in told}, {facet for _, facet in told}
    found: dict[int, Suggestion] = {}
    for each in (*_by_events(incident, facets), *_by_open_follow_ups(incident, reader), *_by_similar(incident, reader)):
        if each.node.pk not in said and each.node.is_active:
            found.setdefault(each.node.pk, each)
    return list(found.values())[:MOST]


def _by_events(incident: Incident, said: set[str]) -> Iterator[Suggestion]:
    current = TimelineEvent.objects.filter(incident=incident, superseded_by=None, withdrawn=False)
    first: dict[str, TimelineEvent] = {}
    for event in current.filter(kind__in=_SHOWN_BY).order_by("happened_at", "pk")[:50]:
        first.setdefault(event.kind, event)
    nodes = {each.slug: each for each in Node.objects.filter(slug__in=[slug for slug, _ in _SHOWN_BY.values()])}
    for kind, event in sorted(first.items(), key=lambda pair: pair[1].happened_at):
        slug, why = _SHOWN_BY[EventKind(kind)]
        if slug in nodes and nodes[slug].facet not in said:
            said.add(nodes[slug].facet)
            yield Suggestion(nodes[slug], why, event)


def _by_open_follow_ups(incident: Incident, reader: Any) -> Iterator[Suggestion]:
    """Something that an earlier incident of the same services taught was not done when this one began."""
    services = Impact.objects.filter(incident=incident).values("subject")
    others = Incident.objects.visible(reader).exclude(pk=incident.pk).filter(impacts__subject__in=services)
    open_then = FollowUp.objects.filter(
        incident__in=others, state__in=FOLLOW_UP_OPEN, created_at__lt=incident.declared_at
    ).select_related("incident")
    first = open_then.order_by("due_on", "pk").first()
    node = Node.objects.filter(slug=FOLLOW_UP_OPEN_SLUG).first()
    if first and node:
        yield Suggestion(node, f"“{first.title}” of {first.incident.name} is still open.")


def _by_similar(incident: Incident, reader: Any) -> Iterator[Suggestion]:
    """What incidents like this one had, the most frequent first."""
    alike = {each.incident.pk: each.incident.name for each in similar_to(incident, reader)}
    tags = Tag.objects.filter(incident__in=alike, node__is_unknown=False).exclude(node__facet__in=NOT_OF_INCIDENTS)
    names: dict[Node, list[str]] = defaultdict(list)
    for each in tags.select_related("node").order_by("node__facet", "node__place"):
        names[each.node].append(alike[each.incident_id])
    for node, incidents in sorted(names.items(), key=lambda pair: -len(pair[1])):
        yield Suggestion(node, f"{', '.join(incidents[:3])} had it.")
