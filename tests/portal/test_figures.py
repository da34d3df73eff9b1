"""The portal's own figures: at /metrics for Prometheus, some at /readyz; honest about what waits and what is late."""

import datetime as dt
import uuid

import pytest
import redis
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from portal import figures, tasks
from portal.delivery.actions import notify
from portal.delivery.models import OutboxMessage
from portal.people.tokens import revoke_token
from tests import factories

pytestmark = pytest.mark.django_db
HERE = {"headers": {"host": "127.0.0.1:8000"}}


def scrape(**options):
    response = Client().get("/metrics", **(options or HERE))
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def broker(settings):
    prefix = f"test-{uuid.uuid4().hex}:"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": prefix}
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield lambda queue, length: client.rpush(f"{prefix}{queue}", *range(length))
    client.delete(*client.keys(f"{prefix}*"))


def test_the_length_of_every_queue_is_told_with_the_prefix_that_celery_gives_it(broker):
    broker("probes", 7)
    found = scrape()
    assert [found["groundwork_queue_length", name] for name in ("default", "probes", "imports", "reports")] == [
        0,
        7,
        0,
        0,
    ]
    assert found["groundwork_tasks_taken",] == 0
    assert Client().get("/readyz").json()["figures"]["queue_length probes"] == 7


def test_a_task_that_celery_sends_is_counted_in_its_queue(settings):
    from portal.celery import app

    before = scrape()["groundwork_queue_length", "imports"]
    app.send_task("portal.tasks.note_freshness", queue="imports")
    client = redis.Redis.from_url(settings.REDIS_URL)
    try:
        assert scrape()["groundwork_queue_length", "imports"] == before + 1
    finally:
        client.delete("groundwork:imports")


def test_the_outbox_tells_what_waits_since_when_and_what_was_given_up(people):
    now = timezone.now()
    for n in range(5):
        notify(to=[people.editor], kind="check", title="Down", url="/", about=str(n), why="Yours.")
    first, second = OutboxMessage.objects.order_by("pk")[:2]
    OutboxMessage.objects.filter(pk=first.pk).update(created_at=now - dt.timedelta(hours=2))
    OutboxMessage.objects.filter(pk=second.pk).update(state="dead", created_at=now - dt.timedelta(days=9))
    found = scrape()
    assert (found["groundwork_outbox_waiting",], found["groundwork_outbox_dead",]) == (4, 1)
    assert found["groundwork_outbox_oldest_seconds",] == pytest.approx(7200, abs=60)


def test_worker_and_beat_are_told_and_do_not_make_the_portal_unready():
    def worker():
        response = Client().get("/readyz")
        assert response.status_code == 200
        return response.json()["worker"], response.json()["figures"].get("beat_age_seconds")

    assert worker() == ("not seen", None)
    with time_machine.travel(dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC), tick=False) as clock:
        tasks.note_freshness.run()
        assert worker() == ("ok", 0)
        clock.shift(121)
        assert worker() == ("late", 121)
        assert scrape()["groundwork_beat_age_seconds",] == 121


def test_records_are_counted_by_collection():
    factories.make_entity("checkout-api")
    factories.make_entity("ledger")
    cache.clear()
    assert scrape()["groundwork_records", "services"] == 2


def test_a_source_that_fails_is_said_to_and_takes_no_other_with_it(monkeypatch):
    def broken():
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(figures, "_sources", {"broken": (broken, True), **figures._sources})
    found = scrape()
    assert found["groundwork_figures_failed", "broken"] == 1
    assert found["groundwork_figures_failed", "portal.own_figures.outbox"] == 0
    assert found["groundwork_outbox_waiting",] == 0
    assert Client().get("/readyz").status_code == 200


def test_figures_are_for_this_machine_and_for_tokens_that_may_read(people):
    def status(key="", **headers):
        token = {"Authorization": f"Bearer {key}"} if key else {}
        return Client().get("/metrics", headers={"host": "127.0.0.1", **token, **headers}).status_code

    assert status() == 200
    # A proxy on this machine passes on what comes from outside.
    assert status(host="testserver") == 401
    for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP"):
        assert status(**{name: "192.0.2.7"}) == 401
    assert Client().get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"host": "127.0.0.1"}).status_code == 401
    reading = factories.token_for(people.service_account, "read")
    assert status(reading, host="testserver") == 200
    assert status(factories.token_for(people.service_account, "write"), host="testserver") == 401
    assert status("gw_guessed", host="testserver") == 401
    for token in people.service_account.api_tokens.all():
        revoke_token(token=token)
    assert status(reading, host="testserver") == 401


def test_a_refusal_says_how_to_ask():
    response = Client().get("/metrics")
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.content.decode() == "Send an API token that may read: Authorization: Bearer gw_…\n"
