"""Replay, reorder, killed workers and two at once, through the hook and the task: the same alerts, incidents and
timelines come of it, once."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.alerts import taking
from incidents.declaring import declare
from incidents.models import Alert, AlertMessage, AlertSource, Incident, TimelineEvent
from incidents.tasks import take_alerts
from tests.factories import make_entity
from tests.incidents.alertmanager import alert, message, minute

pytestmark = pytest.mark.django_db

CRITICAL = {"severity": "critical"}
MESSAGES = [
    message(alert("A", **CRITICAL), alert("B", 1)),
    message(alert("A", end=4, **CRITICAL), alert("B", 1)),
    message(alert("A", end=4, **CRITICAL), alert("B", 1, end=6)),
    message(alert("C", 8), key="another"),
    message(alert("C", 8, end=9), key="another"),
    message(alert("D", 2), key="another", truncatedAlerts=3),
]


@pytest.fixture
def source() -> AlertSource:
    return AlertSource.objects.create(name="Alertmanager", promotes="severity=critical")


def post(source: AlertSource, body: object) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Client().post(f"/hooks/alerts/{source.token}/", raw, content_type="application/json")
    assert answer.status_code == 202


def came_of_it() -> tuple[list[tuple], list[tuple]]:
    """The alerts as they are known, and what stands in the timelines of incidents now."""
    alerts = Alert.objects.values_list("group__key", "group__is_firing", "fingerprint", "starts_at", "ends_at")
    events = TimelineEvent.objects.filter(kind="alert", superseded_by=None)
    return sorted(alerts, key=str), sorted(events.values_list("incident__title", "happened_at", "text"))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(0, len(MESSAGES) - 1), max_size=6), st.permutations(range(len(MESSAGES))),
    st.integers(0, len(MESSAGES)),
)  # fmt: skip
def test_replay_reorder_and_whenever_a_worker_comes_change_nothing(source, again, order, when):
    with time_machine.travel(minute(30), tick=False):
        results = []
        for sent, pause in ((range(len(MESSAGES)), 0), ([*again, *order], when)):
            with transaction.atomic():
                service = make_entity("checkout").reference
                with time_machine.travel(minute(-1), tick=False):
                    declare(by=None, values={"title": "Open"}, services=[service])
                for at, each in enumerate(sent):
                    post(source, MESSAGES[each])
                    if at == pause:
                        take_alerts()
                take_alerts()
                results.append(came_of_it())
                transaction.set_rollback(True)
            cache.clear()
        first, second = results
        assert second[0] == first[0]
        in_open = [[each for each in events if each[0] == "Open"] for _, events in results]
        assert in_open[0] == in_open[1]
        assert len(in_open[0]) == 7


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from(["version", "groupKey", "alerts", "labels", "startsAt", "endsAt", "status", "fingerprint", "new"]),
)
def test_whatever_stands_in_a_message_it_is_taken_or_refused_with_a_reason(source, junk, name):
    body = message(alert("A", end=4))
    (body if name in body else body["alerts"][0])[name] = junk
    with transaction.atomic():
        post(source, body)
        take_alerts()
        kept = AlertMessage.objects.get()
        assert kept.state == "taken" or (kept.state == "refused" and kept.problem), kept.problem
        assert not kept.problem.startswith("A fault"), kept.problem
        transaction.set_rollback(True)


class Killed(BaseException):
    """As when the process of a worker is gone."""


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(source, monkeypatch):
    for number in range(5):
        post(source, message(alert("A", **CRITICAL), key=f"group-{number}"))
    real, calls = taking._follow, []

    def dies(group, has_news):
        said = real(group, has_news)
        calls.append(group.key)
        if len(calls) == 3:
            raise Killed
        return said

    monkeypatch.setattr(taking, "_follow", dies)
    with pytest.raises(Killed):
        take_alerts()
    assert AlertMessage.objects.filter(state="waiting").count() == 3
    assert Incident.objects.count() == 2
    monkeypatch.undo()
    take_alerts()
    assert not AlertMessage.objects.filter(state="waiting").exists()
    assert (Incident.objects.count(), Alert.objects.count()) == (5, 5)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_each_message_once_and_make_one_incident_of_a_group(source):
    for number in range(12):
        post(source, message(alert("A", start=number, **CRITICAL), key=f"group-{number % 2}"))
    both_are_here = threading.Barrier(2)

    def work() -> int:
        both_are_here.wait(timeout=20)
        try:
            return taking.take_waiting()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        taken = [each.result(timeout=60) for each in [pool.submit(work), pool.submit(work)]]
    assert sum(taken) == 12
    assert (Incident.objects.count(), Alert.objects.count()) == (2, 12)
    assert set(AlertMessage.objects.values_list("state", "problem")) == {("taken", "")}


@pytest.mark.django_db(transaction=True)
def test_one_worker_waits_for_no_message_that_another_one_holds(source):
    post(source, message(alert("A"), key="held"))
    post(source, message(alert("B"), key="free"))
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        AlertMessage.objects.select_for_update().order_by("pk").first()

        def work() -> int:
            try:
                return taking.take_waiting()
            finally:
                connection.close()

        assert pool.submit(work).result(timeout=20) == 1
    assert list(Alert.objects.values_list("group__key", flat=True)) == ["free"]
