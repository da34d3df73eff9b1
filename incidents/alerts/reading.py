"""What senders of alerts say, in one form: groups of alerts, each of which fires from a moment until a moment.

Alertmanager's webhook (version 4, also as Grafana sends it) and PagerDuty's webhooks v3 are read; keys that are not
known are left alone, so that a newer sender is understood.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_datetime

LONGEST_KEY = 400
# What Alertmanager writes where there is no end yet.
_UNSET_YEAR = 1


class Unreadable(ValueError):  # noqa: N818  it says what the body is
    """A body that cannot be understood; the message says what is wrong with it, for whoever set the sender up."""


@dataclass(frozen=True)
class ReadAlert:
    """One alert: ``fingerprint`` names what fires, and with ``starts_at`` this time of firing."""

    fingerprint: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    url: str = ""


@dataclass(frozen=True)
class ReadGroup:
    """Alerts that their sender tells together. ``key`` stays the same from message to message; ``left_out`` is how many
    alerts the sender has left out of this one."""

    key: str
    title: str
    labels: Mapping[str, str]
    alerts: tuple[ReadAlert, ...]
    url: str = ""
    left_out: int = 0


def alertmanager(body: Any) -> ReadGroup:
    """A message of Alertmanager's webhook. Raises Unreadable."""
    data = _mapping(body, "The body")
    if str(data.get("version", "")) != "4":
        raise Unreadable(f"“version” is {data.get('version')!r}. Messages of version 4 are read.")
    key = data.get("groupKey")
    if not isinstance(key, str) or not key:
        raise Unreadable("“groupKey” is missing. It says which messages belong together.")
    alerts = data.get("alerts")
    if not isinstance(alerts, list):
        raise Unreadable("“alerts” is no list.")
    common = {**_texts(data, "groupLabels"), **_texts(data, "commonLabels")}
    annotations = _texts(data, "commonAnnotations")
    left_out = data.get("truncatedAlerts", 0)
    read = tuple(_alert(each, at) for at, each in enumerate(alerts))
    return ReadGroup(
        key=_short(key), labels=common, alerts=read, url=_text(data.get("externalURL")),
        title=annotations.get("summary") or common.get("alertname") or (_title(read[0]) if read else "Alert"),
        left_out=left_out if isinstance(left_out, int) and not isinstance(left_out, bool) else 0,
    )  # fmt: skip


def _alert(value: Any, at: int) -> ReadAlert:
    data = _mapping(value, f"Alert {at}")
    labels = _texts(data, "labels")
    starts_at = _moment(data.get("startsAt"))
    if starts_at is None:
        raise Unreadable(f"Alert {at}: “startsAt” is {str(data.get('startsAt'))[:40]!r}, which is no moment.")
    ends_at = _moment(data.get("endsAt")) if data.get("status") == "resolved" else None
    if data.get("status") == "resolved" and ends_at is None:
        raise Unreadable(f"Alert {at} is resolved and does not say since when: “endsAt” is no moment.")
    return ReadAlert(
        fingerprint=_text(data.get("fingerprint"))[:64] or fingerprint_of(labels),
        starts_at=starts_at,
        ends_at=max(ends_at, starts_at) if ends_at else None,
        labels=labels,
        annotations=_texts(data, "annotations"),
        url=_text(data.get("generatorURL")),
    )


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """What names an alert whose sender gives no fingerprint: the set of its labels."""
    return hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16]


def _title(alert: ReadAlert) -> str:
    return alert.annotations.get("summary") or alert.labels.get("alertname") or "Alert"


# PagerDuty

_REOPENS = "incident.reopened"
_OPENS = frozenset({"incident.triggered", _REOPENS})
_ENDS = frozenset({"incident.resolved"})


@dataclass(frozen=True)
class ReadEvent:
    """One event of PagerDuty: ``id`` is what it is recognised by. ``group`` is None for what tells of no incident."""

    id: str
    type: str
    at: dt.datetime
    group: ReadGroup | None


def pagerduty(body: Any) -> ReadEvent:
    """A message of PagerDuty's webhooks v3. Raises Unreadable."""
    event = _mapping(_mapping(body, "The body").get("event"), "“event”")
    name, kind = event.get("id"), event.get("event_type")
    at = _moment(event.get("occurred_at"))
    if not isinstance(name, str) or not isinstance(kind, str) or at is None:
        raise Unreadable("“event” lacks id, event_type or occurred_at.")
    data = event.get("data")
    group = _incident(data, kind, at) if isinstance(data, Mapping) and data.get("type") == "incident" else None
    return ReadEvent(name[:64], kind[:60], at, group)


def _incident(data: Mapping[str, Any], kind: str, at: dt.datetime) -> ReadGroup:
    key = data.get("id")
    if not isinstance(key, str) or not key:
        raise Unreadable("The incident has no id.")
    service = data.get("service")
    labels = {"service": _text(service.get("summary"))} if isinstance(service, Mapping) else {}
    labels |= {"urgency": _text(data.get("urgency"))}
    # An incident that is opened again keeps the day on which it was made.
    began = at if kind == _REOPENS else _moment(data.get("created_at")) or at
    starts_at = _moment(data.get("reopened_at")) or began
    is_over = kind in _ENDS or (data.get("status") == "resolved" and kind not in _OPENS)
    alert = ReadAlert(
        _short(key), starts_at, max(at, starts_at) if is_over else None, labels, {}, _text(data.get("html_url"))
    )
    return ReadGroup(_short(key), _text(data.get("title")) or "Alert", labels, (alert,), alert.url)


def is_signed(raw: bytes, header: str, secret: str) -> bool:
    """Whether one of the signatures ``v1=…`` in a header is that of the raw body."""
    expected = "v1=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, each.strip()) for each in header.split(",") if each.isascii())


# Values


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unreadable(f"{what} is no object with names and values.")
    return value


def _texts(data: Mapping[str, Any], name: str) -> dict[str, str]:
    """A map of texts; what is none of it is left out, and a missing map is an empty one."""
    found = data.get(name)
    if not isinstance(found, Mapping):
        return {}
    return {_text(key)[:200]: _text(value) for key, value in found.items() if isinstance(value, str)}


def _text(value: Any) -> str:
    return value.replace("\x00", "")[:2000] if isinstance(value, str) else ""


def _short(key: str) -> str:
    """The key as it is, or where it cannot be kept, what stands for it."""
    fits = len(key) <= LONGEST_KEY and "\x00" not in key
    return key if fits else hashlib.sha256(key.encode()).hexdigest()


def _moment(value: Any) -> dt.datetime | None:
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or not _UNSET_YEAR < found.year < dt.MAXYEAR or found.tzinfo is None:
        return None
    return found.astimezone(dt.UTC)
