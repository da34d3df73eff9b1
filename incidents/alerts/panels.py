"""Panels on alerts: what fires in a group, how a source is set up and what it sent, and the alerts of an incident."""

import contextlib
import json

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from incidents.alerts import noting, offers
from incidents.collections import INCIDENTS
from incidents.models import Alert, AlertGroup, AlertMessage, AlertSource, Incident, MessageState, SourceKind
from portal.panels import Context, panel

MOST_ALERTS, MOST_MESSAGES = 200, 25
LONGEST_SHOWN = 4_000
_LOOKS = {MessageState.WAITING: "idle", MessageState.TAKEN: "ok", MessageState.REFUSED: "bad"}


@panel(on=AlertGroup, slot="main", order=10, title="What fired", template="incidents/_alerts_group.html", live=True)
def alerts(request: HttpRequest, group: AlertGroup) -> Context:
    found = group.alerts.order_by(F("ends_at").desc(nulls_first=True), "-starts_at", "pk")
    count = found.count()
    more = f", the latest {MOST_ALERTS} here" if count > MOST_ALERTS else ""
    again = group.incident is not None and group.is_firing and not noting.is_open(group.incident)
    return {
        "alerts": [(each, noting.title_of(each, group), sorted(each.labels.items())) for each in found[:MOST_ALERTS]],
        "fact": f"{count:,}{more}, {group.alerts.filter(ends_at=None).count():,} of them now",
        "again": group.incident if again else None,
        "left_out": group.left_out,
    }


@panel(on=AlertGroup, slot="rail", order=10, title="Incident", template="incidents/_alerts_incident.html")
def incident(request: HttpRequest, group: AlertGroup) -> Context | None:
    if group.incident is None:
        return None
    return {"incident": group.incident, "url": INCIDENTS.url_of(group.incident)}


@panel(on=AlertGroup, slot="rail", order=20, title="Labels", template="incidents/_alerts_labels.html")
def labels(request: HttpRequest, group: AlertGroup) -> Context:
    return {"labels": sorted(group.labels.items()), "key": group.key, "url": group.url}


@panel(on=Incident, slot="main", order=6, title="Is it mitigated?", template="incidents/_alerts_offers.html", live=True)
def offered(request: HttpRequest, incident: Incident) -> Context | None:
    found = offers.offers(incident)
    may = request.user.has_perm("incidents.change_incident", incident)
    return {"offers": found} if found and may else None


@panel(on=Incident, slot="rail", order=30, title="Alerts", template="incidents/_alerts_of.html", live=True)
def of_incident(request: HttpRequest, incident: Incident) -> Context | None:
    groups = offers.groups_of(incident)
    return {"groups": [(each, noting.url_of(each)) for each in groups]} if groups else None


@panel(on=AlertSource, slot="main", order=10, title="How to connect it", template="incidents/_alerts_connect.html")
def connect(request: HttpRequest, source: AlertSource) -> Context | None:
    """The address to paste, for administrators alone; it is a capability."""
    if not request.user.has_perm("incidents.change_alertsource", source):
        return None
    return {"kind": source.kind, "address": address_of(request, source), "has_secret": bool(source.secret)}


def address_of(request: HttpRequest, source: AlertSource) -> str:
    """Where the source sends to; nothing for the portal's own SLOs."""
    names = {SourceKind.ALERTMANAGER: "hook-alerts-address", SourceKind.PAGERDUTY: "hook-pagerduty"}
    name = names.get(SourceKind(source.kind))
    return request.build_absolute_uri(reverse(name, args=[source.token])) if name else ""


@panel(
    on=AlertSource, slot="main", order=20, title="What it sent", template="incidents/_alerts_messages.html", live=True
)
def sent(request: HttpRequest, source: AlertSource) -> Context | None:
    """The latest messages, and those that could not be understood with what came. What was taken is not shown as it
    came: it may be of an incident that the reader is not let into."""
    if not request.user.has_perm("incidents.change_alertsource", source):
        return None
    latest = source.messages.defer("body").order_by("-received_at", "-pk")[:MOST_MESSAGES]
    refused = source.messages.filter(state=MessageState.REFUSED).order_by("-received_at", "-pk")
    return {
        "latest": [(each, _LOOKS[MessageState(each.state)]) for each in latest],
        "refused": [(each, shown_body(each)) for each in refused[:5]],
        "waiting": source.messages.filter(state=MessageState.WAITING).count(),
        "alerts": Alert.objects.filter(group__in=_seen(request, source), ends_at=None).count(),
    }


def _seen(request: HttpRequest, source: AlertSource) -> QuerySet[AlertGroup]:
    return AlertGroup.objects.visible(request.user).filter(source=source)


def shown_body(message: AlertMessage) -> str:
    """What came, readable as far as it can be, cut where it is long."""
    text = bytes(message.body).decode("utf-8", "replace").replace("\x00", "\ufffd")
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …"
