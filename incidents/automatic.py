"""What the portal notes by itself in the timelines of incidents: deployments, rollbacks, and how health changed.

An incident is told of what happens to the services that its impact names, while it is open, and when it is declared of
what happened to them shortly before and, where it is over, until then. What is reported late stands at the moment at
which it happened.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents import timeline
from incidents.alerts.noting import began_at, note_alerts, over_since
from incidents.events import IncidentDeclared, ServiceNamed, TimesSaid
from incidents.models import (
    OPEN,
    AlertGroup,
    Category,
    EventKind,
    Impact,
    Incident,
    IncidentKind,
    Point,
    TimelineEvent,
)
from incidents.timeline import Told
from portal.collections import collection_of, reference_url
from portal.events import handles
from portal.references.models import Reference
from services.health.events import DeploymentDeleted, DeploymentRecorded, HealthChange, HealthChanged
from services.health.models import Deployment, DeploymentResult, EntityHealth, HealthState
from services.health.service_health import PRODUCTION
from services.models import Entity

Span = tuple[dt.datetime, dt.datetime]
# A change that broke something has often been made so long before anybody noticed.
BEFORE = dt.timedelta(hours=2)
# Of a service that is deployed all day the latest are noted; its page has the others.
MOST_DEPLOYMENTS = 20
_UNWELL = (EntityHealth.FAILING, EntityHealth.DEGRADED)


@handles(DeploymentRecorded)
def note_deployment(event: DeploymentRecorded) -> None:
    """Note a deployment to production in the incidents that it happened in, or shortly before."""
    made = event.deployment
    if made.environment == PRODUCTION:
        incidents = [each for each in _going_on_at(made.subject, made.finished_at) if _since(each) <= made.finished_at]
        timeline.note_each_once(incidents, [_told_of(made)])


def _going_on_at(subject: Reference, at: dt.datetime) -> QuerySet[Incident]:
    """The incidents of a service that were not over at a moment."""
    ended_later = Q(times__point=Point.RESOLVED, times__at__gte=at)
    open_ones = Incident.objects.open().values("pk")
    return Incident.objects.filter(Q(pk__in=open_ones) | ended_later, impacts__subject=subject).distinct()


def _since(incident: Incident) -> dt.datetime:
    return began_at(incident) - BEFORE


def _told_of(made: Deployment) -> Told:
    kind = EventKind.ROLLBACK if made.rollback_of_id else EventKind.DEPLOYMENT
    collection = collection_of(made)
    url = collection.url_of(made) if collection else ""
    return Told(kind, _in_words(made), made.finished_at, "Deployments", key_of(made), made.subject, url)


def _in_words(made: Deployment) -> str:
    failed = made.result == DeploymentResult.FAILED
    if made.rollback_of is not None:
        way = f"{made.subject} from {made.rollback_of.version} to {made.version}"
        return f"The rollback of {way} failed." if failed else f"Rolled back {way}."
    name = f"{made.subject} {made.version}"
    return f"The deployment of {name} failed." if failed else f"Deployed {name}."


def key_of(made: Deployment) -> str:
    return f"deployment:{made.pk}"


@handles(DeploymentDeleted)
def withdraw_deployment(event: DeploymentDeleted) -> None:
    """A deployment that was reported wrongly did not happen."""
    told = TimelineEvent.objects.filter(source_key=key_of(event.deployment), superseded_by=None)
    for each in told.select_related("incident"):
        timeline.withdraw(by="Deployments", event=each)


@handles(HealthChanged)
def note_health(event: HealthChanged) -> None:
    """Note how the health of services changed in the open incidents that name them."""
    changes = {each.entity_id: each for each in event.changes}
    hit = Impact.objects.filter(incident__in=Incident.objects.open(), subject__entity__in=changes)
    incidents_of: dict[int, set[int]] = defaultdict(set)
    for incident, entity_id in hit.values_list("incident", "subject__entity"):
        incidents_of[entity_id].add(incident)
    told: dict[frozenset[int], list[Told]] = defaultdict(list)
    for entity in Entity.objects.filter(pk__in=incidents_of).select_related("reference").order_by("pk"):
        told[frozenset(incidents_of[entity.pk])].append(_told_of_health(entity, changes[entity.pk], event.at))
    # Services fail together, so that few sets of incidents are told of many of them.
    for ids, each in told.items():
        timeline.note_each_once([Incident(pk=pk) for pk in sorted(ids)], each)


def _told_of_health(entity: Entity, change: HealthChange, at: dt.datetime) -> Told:
    was = f", after {EntityHealth(change.before).label.lower()}" if change.before else ""
    text = f"{entity} is {EntityHealth(change.after).label.lower()}{was}: {change.reason}."
    return _health(entity, text, at)


def _health(entity: Entity, text: str, at: dt.datetime) -> Told:
    url = f"{reference_url(entity.reference.canonical)}health/"
    return Told(EventKind.HEALTH, text, at, "Health", f"health:{entity.pk}:{at:%Y%m%dT%H%M%S%f}", entity.reference, url)


@handles(IncidentDeclared, ServiceNamed, TimesSaid)
def look_back_at_services(event: IncidentDeclared | ServiceNamed | TimesSaid) -> None:
    look_back(event.incident)


def look_back(incident: Incident) -> None:
    """Note what happened to the services of an incident from shortly before it began until it was over. Looking again,
    such as when it turns out to have begun earlier or to hit another service, adds what is missing."""
    subjects, until = list(Reference.objects.filter(impacts__incident=incident).distinct()), _until(incident)
    if not subjects or until is None:
        return
    span = (_since(incident), until)
    told = [*_deployments(subjects, span), *_unwell(subjects, span)]
    timeline.note_each_once([incident], told)
    firing = AlertGroup.objects.filter(subject__in=subjects, is_firing=True)
    for group in firing.select_related("source", "subject", "incident__status", "incident__merged_into"):
        note_alerts(group)


def _until(incident: Incident) -> dt.datetime | None:
    """When it was over, or now; None for what was written down afterwards, here or elsewhere, while nobody has said
    when it was."""
    said = {each.point: each.at for each in incident.times.all()}
    end = said.get(Point.RESOLVED) or said.get(Point.MITIGATED)
    if incident.status.category in OPEN:
        return timezone.now()
    is_late = incident.kind == IncidentKind.RETROSPECTIVE or incident.status.category == Category.CLOSED
    return end or (None if is_late else over_since(incident))


def _deployments(subjects: Iterable[Reference], span: Span) -> list[Told]:
    found = Deployment.objects.filter(subject__in=subjects, environment=PRODUCTION, finished_at__range=span)
    latest = found.select_related("subject", "rollback_of").order_by("-finished_at", "-pk")[:MOST_DEPLOYMENTS]
    return [_told_of(each) for each in latest]


def _unwell(subjects: Iterable[Reference], span: Span) -> list[Told]:
    """How the services that are not well came to be so, where that was while it lasted."""
    found = HealthState.objects.filter(entity__reference__in=subjects, status__in=_UNWELL, since__range=span)
    return [
        _health(each.entity, f"{each.entity} is {each.get_status_display().lower()}: {each.reason}.", each.since)
        for each in found.select_related("entity__reference") if each.since
    ]  # fmt: skip
