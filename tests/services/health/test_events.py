"""What health tells the apps above it, once and in the words of what happened."""

import datetime as dt

import pytest

from portal import events
from portal.events import handles
from services.health import deployments, service_health
from services.health.events import DeploymentDeleted, DeploymentRecorded, HealthChanged
from services.health.models import CheckState
from tests.factories import make_entity
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def heard(monkeypatch):
    """Every event that is emitted, in order."""
    told: list[events.Event] = []
    monkeypatch.setattr(events, "_handlers", events.defaultdict(list))
    handles(DeploymentRecorded, DeploymentDeleted, HealthChanged)(told.append)
    return told


def test_a_deployment_is_told_once_however_often_it_is_reported_and_when_it_is_deleted(heard):
    service = make_entity("checkout").reference
    values = {"version": "2.14.0", "finished_at": NOON}
    for _ in range(2):
        made = deployments.report(service=service, key="ci-1", values=values)
    deployments.delete_deployment(by=None, record=made)
    assert [(type(each).__name__, each.deployment.version) for each in heard] == [
        ("DeploymentRecorded", "2.14.0"), ("DeploymentDeleted", "2.14.0"),
    ]  # fmt: skip


def test_health_that_stays_the_same_is_not_told_again(heard):
    check = make_check()
    heard.clear()
    for status in ("down", "down", "up"):
        CheckState.objects.filter(of=check).update(status=status, last_at=NOON, reason="")
        service_health.refresh([check.entity_id])
    moves = [(each.before, each.after) for event in heard for each in event.changes]
    assert moves[-1] == ("failing", "healthy")
    assert [after for _, after in moves] == ["failing", "healthy"]
