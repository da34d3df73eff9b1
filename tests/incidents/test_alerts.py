"""Alerts as they are sent: read, stored as they came, and the same however often and in whatever order they come."""

import datetime as dt
import hashlib
import hmac
import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.alerts import reading, taking
from incidents.declaring import declare
from incidents.models import Alert, AlertGroup, AlertMessage, AlertSource
from tests.factories import make_entity
from tests.incidents.alertmanager import NOON, OPEN, alert, message

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> AlertSource:
    return AlertSource.objects.create(name="Alertmanager")


def send(source: AlertSource, *bodies: object) -> None:
    for each in bodies:
        taking.store(source, each if isinstance(each, bytes) else json.dumps(each).encode())
    taking.take_waiting()


def state() -> list[tuple]:
    rows = Alert.objects.order_by("group__key", "fingerprint", "starts_at")
    return list(rows.values_list("group__key", "group__is_firing", "fingerprint", "starts_at", "ends_at"))


def test_a_group_is_routed_to_the_service_its_labels_name(source):
    service = make_entity("checkout")
    send(source, message(alert(), truncatedAlerts=3, aNewKey={"of": "tomorrow"}))
    group = AlertGroup.objects.get()
    assert (group.title, group.subject, group.left_out, group.is_firing) == (
        "HighLatency of checkout", service.reference, 3, True,
    )  # fmt: skip


def test_a_group_whose_labels_named_nothing_finds_its_service_once_they_do(source):
    send(source, message(alert()))
    assert AlertGroup.objects.get().subject is None
    service = make_entity("checkout")
    source.service_labels = "app"
    source.save()
    send(source, message(alert()))
    assert AlertGroup.objects.get().subject is None
    source.service_labels = "app,service"
    source.save()
    slow = declare(by=None, values={"title": "Slow"}, services=[service.reference])
    send(source, message(alert()))
    assert AlertGroup.objects.get().subject == service.reference
    assert [each.text for each in slow.timeline.filter(kind="alert")] == ["HighLatency of checkout fires."]


def test_what_the_database_cannot_hold_costs_no_alert(source):
    send(source, message(alert(), key="a\x00b"), message(alert(**{"zo\x00ne": "b"}), key="c"))
    send(source, message({**alert(), "startsAt": "9999-12-31T23:59:59-12:00"}, key="d"))
    told = list(AlertMessage.objects.order_by("pk").values_list("state", "problem"))
    assert told[:2] == [("taken", ""), ("taken", "")]
    assert told[2] == ("refused", "Alert 0: “startsAt” is '9999-12-31T23:59:59-12:00', which is no moment.")
    assert [each.labels for each in Alert.objects.filter(group__key="c")] == [{"alertname": "HighLatency", "zone": "b"}]


def test_an_alert_that_is_resolved_ends_and_one_that_fires_anew_is_another(source):
    send(source, message(alert()), message(alert(end=5)), message(alert(start=9)))
    assert [(start, end) for *_, start, end in state()] == [
        (NOON, NOON + dt.timedelta(minutes=5)), (NOON + dt.timedelta(minutes=9), None),
    ]  # fmt: skip
    assert AlertGroup.objects.get().is_firing


MESSAGES = [
    message(alert("A"), alert("B", 1)),
    message(alert("A", end=4), alert("B", 1)),
    message(alert("A", end=4), alert("B", 1, end=6)),
    message(alert("A", 8)),
    message(alert("A", 8, end=9), key="another"),
    message(alert("C", 2), key="another"),
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(MESSAGES) - 1), max_size=12), st.permutations(range(len(MESSAGES))))
def test_replay_and_order_change_nothing(source, again, order):
    with transaction.atomic():
        send(source, *MESSAGES)
        expected = state()
        transaction.set_rollback(True)
    with transaction.atomic():
        send(source, *(MESSAGES[each] for each in [*again, *order]))
        assert state() == expected
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "Expecting"),
        (b"\xff\xfe", "invalid start byte"),
        ([], "The body is no object"),
        (message(version="3"), "“version” is '3'. Messages of version 4 are read."),
        (message(key=""), "“groupKey” is missing"),
        (message(alerts={}), "“alerts” is no list."),
        (message({**alert(), "startsAt": "yesterday"}), "“startsAt” is 'yesterday', which is no moment."),
        (message({**alert(end=5), "endsAt": OPEN}), "Alert 0 is resolved and does not say since when"),
    ],
)
def test_what_cannot_be_understood_is_kept_with_what_is_wrong_with_it(source, body, said):
    send(source, body, message(alert()))
    first, second = AlertMessage.objects.order_by("pk")
    assert (first.state, said in first.problem) == ("refused", True)
    assert (second.state, Alert.objects.count()) == ("taken", 1)


def test_pagerduty_is_known_by_its_signature_over_the_raw_body():
    raw, secret = b'{"event": {}}', "s3cret"
    good = "v1=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    assert reading.is_signed(raw, f"v1=00, {good}", secret)
    for header in ("", "v1=00", good.replace("v1=", "v2="), "v1=é"):
        assert not reading.is_signed(raw, header, secret), header
    assert not reading.is_signed(raw + b" ", good, secret)


def test_an_incident_of_pagerduty_begins_ends_and_begins_again(source):
    source.kind = "pagerduty"
    source.save()

    def event(kind: str, minute: int, **data: str) -> dict:
        at = (NOON + dt.timedelta(minutes=minute)).isoformat()
        incident = {
            "type": "incident", "id": "PGR0VU2", "title": "Pool is full", "created_at": NOON.isoformat(),
            "service": {"summary": "checkout"}, "html_url": "https://pd.example/PGR0VU2", **data,
        }  # fmt: skip
        return {"event": {"id": f"E{minute}", "event_type": f"incident.{kind}", "occurred_at": at, "data": incident}}

    send(source, event("triggered", 0), event("acknowledged", 1), event("resolved", 5, status="resolved"))
    assert [(start, end) for *_, start, end in state()] == [(NOON, NOON + dt.timedelta(minutes=5))]
    send(source, event("reopened", 8), event("acknowledged", 9), event("resolved", 5, status="resolved"))
    assert AlertGroup.objects.get().is_firing
    send(source, event("resolved", 12, status="resolved"), event("reopened", 8))
    assert not AlertGroup.objects.get().is_firing
    assert [(start - NOON, end - NOON) for *_, start, end in state()] == [
        (dt.timedelta(minutes=begun), dt.timedelta(minutes=over)) for begun, over in ((0, 5), (8, 12))
    ]
    note = {"type": "incident_note", "id": "N1"}
    send(
        source,
        {"event": {"id": "E6", "event_type": "incident.annotated", "occurred_at": NOON.isoformat(), "data": note}},
    )
    assert AlertGroup.objects.get().title == "Pool is full"
