"""The portal's own SLOs as a source of alerts: a budget that burns too fast is a message like any other.

It is written as Alertmanager would send it, in the transaction in which the alert of the SLO opened or ended, and a
worker takes it. So an SLO has one group, with an alert for each of its windows, and the rules of its source hold.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson

from incidents.alerts import taking
from incidents.models import AlertSource, SourceKind
from portal.collections import collection_of
from portal.events import handles
from services.health.events import SloAlertsEnded, SloAlertsOpened
from services.health.models import Slo, SloAlert
from services.health.moments import duration


@handles(SloAlertsOpened)
def tell_opened(event: SloAlertsOpened) -> None:
    _tell(event.alerts, None)


@handles(SloAlertsEnded)
def tell_ended(event: SloAlertsEnded) -> None:
    _tell(event.alerts, event.at)


def _tell(alerts: Sequence[SloAlert], ended_at: dt.datetime | None) -> None:
    source = AlertSource.objects.filter(kind=SourceKind.PORTAL, is_active=True).first()
    if source is None:
        return
    slos = Slo.objects.select_related("entity__reference").in_bulk({each.slo_id for each in alerts})
    for slo_id, own in groupby(sorted(alerts, key=lambda each: each.slo_id), key=lambda each: each.slo_id):
        taking.store(source, orjson.dumps(_message(slos[slo_id], list(own), ended_at)))
    taking.take_soon()


def _message(slo: Slo, alerts: Sequence[SloAlert], ended_at: dt.datetime | None) -> dict[str, Any]:
    collection = collection_of(slo)
    url = collection.url_of(slo) if collection else ""
    labels = {"alertname": f"{slo.entity}: the error budget of {slo} burns", "service": slo.entity.reference.canonical}
    return {
        "version": "4", "groupKey": f"slo:{slo.pk}", "groupLabels": {**labels, "slo": slo.name}, "externalURL": url,
        "alerts": [_alert(each, labels, url, ended_at) for each in alerts],
    }  # fmt: skip


def _alert(alert: SloAlert, labels: Mapping[str, str], url: str, ended_at: dt.datetime | None) -> dict[str, Any]:
    return {
        "status": "resolved" if ended_at else "firing",
        "labels": {**labels, "severity": alert.severity, "window": duration(60 * alert.long_minutes)},
        "annotations": {"description": alert.text},
        "startsAt": alert.started_at.isoformat(),
        "endsAt": ended_at.isoformat() if ended_at else None,
        "generatorURL": url,
        "fingerprint": str(alert.long_minutes),
    }  # fmt: skip
