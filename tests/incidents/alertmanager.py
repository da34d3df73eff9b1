"""What Alertmanager sends, as bodies of its webhook."""

import datetime as dt
import hashlib
from typing import Any

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
OPEN = "0001-01-01T00:00:00Z"
KEY = '{}:{alertname="HighLatency"}'


def minute(number: float) -> dt.datetime:
    """The moment so many minutes after NOON."""
    return NOON + dt.timedelta(minutes=number)


def alert(name: str = "HighLatency", start: float = 0, end: float | None = None, **labels: str) -> dict[str, Any]:
    """One alert of a message, from a minute after NOON until another one, or without an end."""
    return {
        "status": "firing" if end is None else "resolved",
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} of checkout"},
        "startsAt": minute(start).isoformat(),
        "endsAt": OPEN if end is None else minute(end).isoformat(),
        "generatorURL": "https://prometheus.example/graph",
        "fingerprint": hashlib.sha256(repr((name, sorted(labels.items()))).encode()).hexdigest()[:16],
    }


def message(*alerts: dict[str, Any], key: str = KEY, **more: Any) -> dict[str, Any]:
    """A message of version 4 with these alerts, of the service checkout."""
    return {
        "version": "4", "groupKey": key, "status": "firing", "receiver": "portal", "groupLabels": {},
        "commonLabels": {"service": "checkout"}, "commonAnnotations": {}, "externalURL": "https://am.example",
        "alerts": list(alerts), **more,
    }  # fmt: skip
