"""Alerts through the addresses that machines call: stored, answered, taken by the task, and shown at their source."""

import datetime as dt
import hashlib
import hmac
import io
import json
import re
import time

import pytest
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from incidents.alerts import hooks, taking
from incidents.models import Alert, AlertGroup, AlertMessage, AlertSource
from incidents.tasks import forget_old_messages, take_alerts
from tests.incidents.alertmanager import KEY, NOON, alert, message

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> AlertSource:
    return AlertSource.objects.create(name="Alertmanager of production")


def post(address: str, body: object, **headers: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(headers=headers).post(address, raw, content_type="application/json")


def send(source: AlertSource, body: object):
    return post(f"/hooks/alerts/{source.token}/", body)


def test_a_message_is_stored_as_it_came_and_answered_before_anybody_understands_it(source):
    raw = json.dumps(message(alert()), indent=3).encode()
    answer = post(f"/hooks/alerts/{source.token}/", raw)
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert [(bytes(each.body), each.state) for each in AlertMessage.objects.all()] == [(raw, "waiting")]
    assert not AlertGroup.objects.exists()
    take_alerts()
    assert AlertGroup.objects.get().title == "HighLatency of checkout"


def test_the_token_may_stand_in_the_header_as_alertmanager_sends_it(source):
    answer = post("/hooks/alerts/", message(alert()), Authorization=f"Bearer {source.token}")
    assert answer.status_code == 202
    wrong = post("/hooks/alerts/", message(alert()), Authorization="Bearer guessed")
    assert (wrong.status_code, wrong["WWW-Authenticate"]) == (401, "Bearer")
    assert AlertMessage.objects.count() == 1


def test_an_address_without_its_slash_takes_the_message_too(source):
    assert post(f"/hooks/alerts/{source.token}", message(alert())).status_code == 202


def test_a_wrong_token_a_former_one_and_that_of_another_kind_are_answered_alike(source, sign_in, people):
    pagerduty = AlertSource.objects.create(name="PagerDuty", kind="pagerduty")
    off = AlertSource.objects.create(name="Off", is_active=False)
    former = source.token
    sign_in(people.administrator).post(f"/alert-sources/{source.pk}/-/renew/")
    said = set()
    for token in ("guessed", "x" * 40, "%00", former, pagerduty.token, off.token):
        answer = post(f"/hooks/alerts/{token}/", message(alert()))
        said.add((answer.status_code, answer.content))
    assert said == {(404, b'{"error": "There is no active source of alerts at this address."}')}
    source.refresh_from_db()
    assert send(source, message(alert())).status_code == 202
    assert AlertMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "This is no JSON"),
        (b'{"version": "4", "alerts": [', 400, "This is no JSON"),
        (b"[]", 400, "Send a JSON object."),
        (b"\xff\xfe{}", 400, "This is no JSON"),
        (b'{"a": "' + b"x" * hooks.LARGEST_BODY + b'"}', 413, "at most 4 MiB are taken"),
    ],
)
def test_what_can_be_no_message_is_refused_with_the_reason_and_stands_at_its_source(source, body, status, said):
    answer = send(source, body)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True)
    kept = AlertMessage.objects.get()
    assert (kept.state, said in kept.problem) == ("refused", True)
    assert bytes(kept.body) == (body if status == 400 else b"")


def test_a_body_that_is_cut_off_says_so(source, rf):
    raw = json.dumps(message(alert())).encode()
    request = rf.post("/", raw, content_type="application/json", **{"wsgi.input": io.BytesIO(raw[:-20])})
    answer = hooks.alerts(request, source.token)
    assert (answer.status_code, b"The body is cut off" in answer.content) == (400, True)


def test_pagerduty_signs_the_raw_body(source, sign_in, people):
    pagerduty = AlertSource.objects.create(name="PagerDuty", kind="pagerduty")
    sign_in(people.administrator).post(f"/alert-sources/{pagerduty.pk}/-/secret/", {"secret": "s3cret"})
    body = json.dumps({"event": {
        "id": "E1", "event_type": "incident.triggered", "occurred_at": NOON.isoformat(),
        "data": {"type": "incident", "id": "P1", "title": "Pool is full", "created_at": NOON.isoformat()},
    }}).encode()  # fmt: skip
    good = "v1=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    address = f"/hooks/pagerduty/{pagerduty.token}/"
    for signature in ("", "v1=00", good.upper()):
        assert post(address, body, **{"X-PagerDuty-Signature": signature}).status_code == 401
    assert post(address, body + b" ", **{"X-PagerDuty-Signature": good}).status_code == 401
    assert post(address, body, **{"X-PagerDuty-Signature": f"v1=11,{good}"}).status_code == 202
    take_alerts()
    assert [each.title for each in AlertGroup.objects.all()] == ["Pool is full"]


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_what_was_not_understood_is_shown_inert_and_tried_again_once_it_can_be(source, sign_in, people, monkeypatch):
    send(source, {**message(alert()), "version": "<script>alert(1)</script>"})
    take_alerts()
    client = sign_in(people.administrator)
    page = client.get(f"/alert-sources/{source.pk}/")
    assert b"<script>alert(1)" not in page.content
    assert b"&lt;script&gt;alert(1)" in page.content
    assert "Messages of version 4 are read" in words(page)
    message_pk = AlertMessage.objects.get().pk
    monkeypatch.setattr("incidents.alerts.reading.alertmanager", lambda body: None)
    again = client.post(f"/alert-sources/{source.pk}/-/messages/{message_pk}/again/", follow=True)
    assert "A worker looks at it again within seconds." in words(again)
    take_alerts()
    assert AlertMessage.objects.get().state == "taken"
    assert "It waits already, was taken" in words(
        client.post(f"/alert-sources/{source.pk}/-/messages/{message_pk}/again/", follow=True)
    )


def test_a_fault_of_ours_in_one_message_keeps_nobody_from_the_next_and_is_tried_again(source, monkeypatch):
    send(source, message(alert("A"), key="a"))
    send(source, message(alert("B"), key="b"))
    real = taking.service_of

    def fails(source, read):
        if read.key == "a":
            raise KeyError("oops")
        return real(source, read)

    monkeypatch.setattr(taking, "service_of", fails)
    with capture_logs() as logged:
        take_alerts()
    assert [each["event"] for each in logged] == ["An alert could not be taken."]
    first, second = AlertMessage.objects.order_by("pk")
    assert (first.state, first.problem) == ("refused", "A fault of the portal: KeyError. The log says more.")
    assert (second.state, list(AlertGroup.objects.values_list("key", flat=True))) == ("taken", ["b"])
    monkeypatch.undo()
    assert taking.take_again(first)
    take_alerts()
    assert Alert.objects.count() == 2


def test_address_and_secret_are_for_administrators_alone(source, sign_in, people):
    source.kind, source.secret = "pagerduty", "s3cr3t-of-pagerduty"
    source.save()
    pages = (
        f"/alert-sources/{source.pk}/", f"/alert-sources/{source.pk}/history/", f"/alert-sources/{source.pk}/edit/",
        "/alert-sources/?columns=name,kind,promotes,service_labels,updated_at", "/alert-sources/?format=csv",
        "/alert-sources/?format=json", "/api/v1/alert-sources/", f"/api/v1/alert-sources/{source.pk}/",
    )  # fmt: skip
    for who, shown in ((people.stranger, False), (people.editor, False), (people.administrator, True)):
        client = sign_in(who)
        for address in pages:
            answer = client.get(address, follow=True)
            found = b"".join(answer).decode()
            assert "s3cr3t" not in found, (who, address)
            assert (source.token in found) is (shown and address == pages[0]), (who, address)
    for act in ("renew", "secret"):
        assert sign_in(people.editor).post(f"/alert-sources/{source.pk}/-/{act}/").status_code == 403


# What one transaction did is one event of the history.
@pytest.mark.django_db(transaction=True)
def test_who_made_another_address_stands_in_the_history(source, sign_in, people):
    client = sign_in(people.administrator)
    client.post(f"/alert-sources/{source.pk}/-/renew/")
    assert "Address made" in words(client.get(f"/alert-sources/{source.pk}/history/"))


def test_a_rule_that_cannot_be_read_and_a_second_source_of_own_slos_are_refused(sign_in, people):
    client = sign_in(people.administrator)
    sent = {"name": "AM", "kind": "alertmanager", "service_labels": "service", "promotes": "critical"}
    for rule in ("critical", "severity=critical|", "team=a,severity=b", "a=b=c"):
        page = client.post("/alert-sources/-/new/", {**sent, "promotes": rule})
        assert "Write a label and its values, such as severity=critical" in words(page)
    page = client.post("/alert-sources/-/new/", {**sent, "promotes": "", "kind": "portal"})
    assert "have a source already" in words(page)
    assert AlertSource.objects.filter(name="AM").count() == 0


def test_the_log_keeps_no_token(source):
    from portal.logs import _hide_capabilities

    for hook in ("alerts", "pagerduty"):
        event = _hide_capabilities(None, "", {"request": f"POST /hooks/{hook}/{source.token}/"})
        assert event == {"request": f"POST /hooks/{hook}/[hidden]/"}


def test_old_messages_are_forgotten_but_none_that_waits(source):
    for days, state in ((31, "taken"), (29, "taken"), (31, "refused"), (31, "waiting")):
        AlertMessage.objects.create(
            source=source, body=b"{}", state=state, received_at=timezone.now() - dt.timedelta(days=days)
        )
    forget_old_messages()
    assert sorted(AlertMessage.objects.values_list("state", flat=True)) == ["taken", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_without_redis_a_message_is_answered_at_once_and_taken_by_the_next_tick(source, monkeypatch):
    from portal.celery import app

    app.conf.broker_url, known = "redis://127.0.0.1:9/0", app.conf.broker_url
    monkeypatch.setattr(taking, "_ask_after", 0.0)
    started = time.perf_counter()
    try:
        assert send(source, message(alert())).status_code == 202
    finally:
        app.conf.broker_url = known
    assert time.perf_counter() - started < 2
    assert AlertMessage.objects.get().state == "waiting"
    take_alerts()
    assert AlertGroup.objects.get().key == KEY
