"""What the lint and the page need to know of one incident, read in a constant number of queries."""

from collections.abc import Sequence

from django.utils import timezone

from incidents.lint import Account, Finding, Happened, Known, lint
from incidents.models import Assignment, Category, Incident, IncidentRole, IncidentTime, TimelineEvent

_OVER = {Category.MITIGATED: "mitigated", Category.RESOLVED: "resolved", Category.CLOSED: "resolved"}


def current_events(incident: Incident) -> list[TimelineEvent]:
    """What stands in the timeline now, oldest first; each with ``earlier``, the versions that it took the place of."""
    rows = list(
        TimelineEvent.objects.filter(incident=incident)
        .select_related("recorded_by__person", "about")
        .order_by("happened_at", "pk")
    )
    by_id = {each.pk: each for each in rows}
    replaced = {each.supersedes_id for each in rows}
    for each in rows:
        earlier = []
        before = by_id.get(each.supersedes_id or 0)
        while before is not None:
            earlier.append(before)
            before = by_id.get(before.supersedes_id or 0)
        each.earlier = earlier  # type: ignore[attr-defined]
    return [each for each in rows if each.pk not in replaced]


def times_of(incident: Incident) -> dict[str, IncidentTime]:
    return {each.point: each for each in incident.times.all()}


def held_in(incident: Incident) -> list[Assignment]:
    """Who has which role now, in the order of the roles; read already where the incident was loaded for a page."""
    if not hasattr(incident, "held"):
        rows = incident.assignments.filter(to_at=None).select_related("person", "role")
        return list(rows.order_by("role__place", "pk"))
    held: list[Assignment] = incident.held
    return held


def active_roles(incident: Incident) -> list[IncidentRole]:
    """The roles that somebody may have in an incident, in their order; read once however many panels ask."""
    found: list[IncidentRole] | None = vars(incident).get("active_roles")
    if found is None:
        found = list(IncidentRole.objects.filter(is_active=True).order_by("place", "pk"))
        vars(incident)["active_roles"] = found
    return found


def findings(incident: Incident, events: Sequence[Happened] | None = None) -> list[Finding]:
    """What the lint asks about the times of an incident, on the reader's clocks; ``events`` where they have been read
    already."""
    told = _happened(incident) if events is None else events
    known = [Known(each.point, each.earliest, each.latest) for each in times_of(incident).values()]
    over = _OVER.get(Category(incident.status.category), "")
    zone = timezone.get_current_timezone()
    return lint(Account(known, timezone.now(), incident.declared_at, over=over, events=told, zone=zone))


def _happened(incident: Incident) -> list[Happened]:
    told = TimelineEvent.objects.filter(incident=incident, superseded_by=None, withdrawn=False)
    return [Happened(kind, at) for kind, at in told.order_by("happened_at", "pk").values_list("kind", "happened_at")]
