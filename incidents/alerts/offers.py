"""What the portal offers to say of an open incident, because a rollback or the end of its alerts suggests it.

An offer is one button. Nothing of it is done by itself: whoever presses it says so.
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from incidents.alerts.noting import began_at
from incidents.automatic import key_of
from incidents.declaring import first_status
from incidents.lifecycle import change_status, note_time
from incidents.models import (
    AlertGroup,
    Category,
    Confidence,
    EventKind,
    Incident,
    Mode,
    Node,
    Point,
    Tag,
    TimelineEvent,
)
from services.health.deployments import DeploymentHook
from services.health.models import Deployment, DeploymentResult, ReceivedBatch
from services.health.service_health import PRODUCTION

_UNMITIGATED = (Category.TRIAGE, Category.ACTIVE)
_NODES = {Mode.AUTOMATIC: "mit-rollback-auto", Mode.ONE_CLICK: "mit-rollback-deploy", "": "mit-rollback-deploy"}
MOST_ROLLBACKS = 3


@dataclass(frozen=True)
class Offer:
    """That an incident was mitigated at a moment. ``key`` names what suggests it, ``source`` is what the time then
    says; ``rollback`` is the deployment behind it, where it is one."""

    key: str
    text: str
    at: dt.datetime
    source: str
    rollback: Deployment | None = None


def groups_of(incident: Incident) -> list[AlertGroup]:
    """The alerts that belong to an incident, each with ``ended_at``, when the last of it was over; read once."""
    if not hasattr(incident, "_alert_groups"):
        groups = AlertGroup.objects.filter(incident=incident).select_related("source", "subject")
        found = groups.annotate(ended_at=Max("alerts__ends_at")).order_by("-is_firing", "-last_at")
        incident._alert_groups = list(found)  # type: ignore[attr-defined]
    return incident._alert_groups  # type: ignore[attr-defined]


def offers(incident: Incident) -> list[Offer]:
    """What is offered now; nothing once the incident is mitigated."""
    if incident.status.category not in _UNMITIGATED:
        return []
    return [*_of_rollbacks(incident), *_of_alerts(incident)]


def _of_rollbacks(incident: Incident) -> Iterator[Offer]:
    for each in _rollbacks(incident):
        way = f"{each.subject} from {each.rollback_of.version} to {each.version}" if each.rollback_of else each.subject
        text = f"{way} was rolled back while this goes on."
        yield Offer(key_of(each), text, each.finished_at, f"rollback of {way}", each)


def _rollbacks(incident: Incident) -> QuerySet[Deployment]:
    found = Deployment.objects.filter(
        subject__impacts__incident=incident, environment=PRODUCTION, rollback_of__isnull=False,
        result=DeploymentResult.SUCCEEDED, finished_at__gte=began_at(incident),
    )  # fmt: skip
    return found.select_related("subject", "rollback_of").distinct().order_by("-finished_at")[:MOST_ROLLBACKS]


def _of_alerts(incident: Incident) -> Iterator[Offer]:
    groups = groups_of(incident)
    ends = [each.ended_at for each in groups if each.ended_at]  # type: ignore[attr-defined]
    if ends and not any(each.is_firing for each in groups):
        what = "Its alert is over" if len(groups) == 1 else f"All {len(groups)} of its alerts are over"
        source = f"end of the alert {groups[0]}" if len(groups) == 1 else "end of its alerts"
        yield Offer("alerts", f"{what}. Whether it is mitigated, people say.", max(ends), source)


@transaction.atomic
def accept(*, by: Any, incident: Incident, key: str) -> Offer | None:
    """Do what an offer says: the incident is mitigated since then, and by a rollback also classified so. Returns the
    offer, or None where it does not stand any more. Raises ValidationError where the status cannot be changed."""
    offer = next((each for each in offers(incident) if each.key == key), None)
    if offer is None:
        return None
    note_time(incident, Point.MITIGATED, offer.at, source=offer.source)
    change_status(by=by, incident=incident, status=first_status(Category.MITIGATED))
    if offer.rollback is not None:
        _classify(by, incident, offer.rollback)
    return offer


def _classify(by: Any, incident: Incident, rollback: Deployment) -> None:
    mode = mode_of(rollback)
    node = Node.objects.filter(slug=_NODES[mode], is_active=True).first()
    if node is None:
        return
    user = by if hasattr(by, "person_id") else None
    values = {"confidence": Confidence.SUPPORTED, "mode": mode, "added_by": user}
    tag, _ = Tag.objects.get_or_create(incident=incident, node=node, defaults=values)
    events = TimelineEvent.objects.filter(incident=incident, kind=EventKind.ROLLBACK, source_key=key_of(rollback))
    tag.evidence.add(*events)


def mode_of(rollback: Deployment) -> str:
    """How a rollback came about, where whoever reported it said so; the record itself takes silence for automatic."""
    report = ReceivedBatch.objects.filter(hook=DeploymentHook.name, answer__deployment=rollback.pk).first()
    said = json.loads(bytes(report.body)).get("automatic") if report and report.body else None
    return "" if said is None else Mode.AUTOMATIC if said else Mode.ONE_CLICK
