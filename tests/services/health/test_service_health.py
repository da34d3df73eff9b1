"""One status for an entity, and why: the worst of what its checks and budgets say, production first."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from services.actions import delete_entity
from services.health import actions, service_health
from services.health.models import (
    Badge,
    Check,
    CheckKind,
    CheckState,
    HealthState,
    Severity,
    Slo,
    SloAlert,
    SloState,
)
from tests.factories import make_entity
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_entity("shop")


def say(entity, name: str, status: str, reason: str = "", **values):
    check = make_check(name, entity=entity, **values)
    CheckState.objects.filter(of=check).update(status=status, reason=reason)
    return check


def health(entity) -> tuple[str, str]:
    service_health.refresh([entity.pk])
    return HealthState.objects.values_list("status", "reason").get(entity=entity)


def test_without_a_check_nothing_is_said(shop):
    service_health.refresh([shop.pk])
    assert not HealthState.objects.exists()


def test_all_up_is_healthy(shop):
    say(shop, "Front page", "up")
    assert health(shop) == ("healthy", "Its check is up")
    say(shop, "Till", "up")
    assert health(shop) == ("healthy", "All 2 checks are up")


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("up", "down", "degraded", "maintenance", "late", "unknown"), ("failing", "B is down: why B")),
        (("up", "maintenance", "degraded", "unknown"), ("degraded", "C is degraded: why C")),
        (("late", "maintenance", "up"), ("maintenance", "B is in maintenance: why B")),
        (("up", "late"), ("unknown", "B is late: why B")),
        (("up", "unknown", "unknown"), ("unknown", "B is unknown: why B; and 1 more")),
        (("down", "down", "down"), ("failing", "A is down: why A; and 2 more")),
    ],
)
def test_the_worst_speaks(shop, statuses, expected):
    for name, status in zip("ABCDEF", statuses, strict=False):
        say(shop, name, status, f"why {name}")
    assert health(shop) == expected


def test_production_speaks_for_the_service_and_others_only_where_there_is_none(shop):
    say(shop, "Staging", "down", "answered 500", environment="staging")
    assert health(shop) == ("failing", "Staging is down: answered 500")
    say(shop, "Front page", "up")
    assert health(shop) == ("healthy", "Its check is up")


def test_a_new_check_says_nothing_of_a_service_that_others_speak_for(shop):
    new = {"entity": shop, "environment": "production"}
    beat = actions.create_check(by=None, values={**new, "name": "Books", "kind": CheckKind.HEARTBEAT})
    assert health(shop) == ("unknown", "Books is unknown: waiting for its first ping, expected every 1 min")
    say(shop, "Front page", "up", environment="staging")
    assert health(shop) == ("healthy", "Its check is up")
    probe = actions.create_check(by=None, values={**new, "name": "Till", "address": "https://shop.example/"})
    assert health(shop) == ("healthy", "Its check is up")
    CheckState.objects.filter(of=beat).update(status="late", reason="no ping", last_at=timezone.now())
    assert health(shop) == ("degraded", "Books is late: no ping")
    CheckState.objects.filter(of=beat).update(status="up")
    CheckState.objects.filter(of=probe).update(due_at=timezone.now() - dt.timedelta(minutes=5))
    assert health(shop) == ("unknown", "Till is unknown: waiting for its first answer")


def test_a_job_that_does_not_ping_is_degraded_and_a_probe_that_nobody_sent_unknown(shop):
    say(shop, "Backup", "late", "no ping", kind=CheckKind.HEARTBEAT)
    say(shop, "Front page", "late", "nobody asked")
    assert health(shop) == ("degraded", "Backup is late: no ping")


def test_a_budget_that_burns_degrades_a_service_whose_checks_are_up(shop):
    check = say(shop, "Front page", "up")
    slo = Slo.objects.create(entity=shop, name="shop-availability", source_check=check)
    SloState.objects.create(slo=slo, severity=Severity.PAGE, alert_text="2 % of the month's budget in 1 h")
    assert health(shop) == ("degraded", "2 % of the month's budget in 1 h")


def test_since_when_changes_with_the_status_and_not_with_its_reason(shop):
    check = say(shop, "Front page", "down", "answered 500")
    health(shop)
    HealthState.objects.update(since=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    CheckState.objects.filter(of=check).update(reason="answered 502")
    assert health(shop) == ("failing", "Front page is down: answered 502")
    assert HealthState.objects.get().since == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    CheckState.objects.filter(of=check).update(status="up")
    health(shop)
    assert HealthState.objects.get().since > dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def test_a_service_that_loses_its_last_check_loses_its_health_and_keeps_its_badge(shop):
    check = say(shop, "Front page", "up")
    health(shop)
    token = actions.make_badge(by=None, entity=shop).token
    actions.delete_check(by=None, record=check)
    assert not HealthState.objects.exists()
    assert Badge.objects.get(entity=shop).token == token


def test_the_number_of_queries_does_not_grow_with_the_entities():
    entities = [make_entity() for _ in range(12)]
    for entity in entities:
        say(entity, "Page", "up")
        say(entity, "Till", "down", "refused")

    def queries(some) -> int:
        with CaptureQueriesContext(connection) as captured:
            service_health.refresh([each.pk for each in some])
        return len(captured)

    # Three of them tell whoever asked of the change: a savepoint around which incidents are open for these.
    assert queries(entities[:2]) == queries(entities[2:]) == 8


@pytest.mark.parametrize("end", ["switched off", "deleted"])
def test_a_service_is_well_again_when_the_slo_that_burned_is_no_more(shop, end):
    check = say(shop, "Front page", "up")
    slo = Slo.objects.create(entity=shop, name="shop-availability", source_check=check)
    SloState.objects.create(slo=slo, severity=Severity.PAGE, alert_text="2 % of the month's budget in 1 h")
    SloAlert.objects.create(
        slo=slo, severity=Severity.PAGE, text="2 %", long_minutes=60, factor=13.44, burn=20, started_at=timezone.now()
    )
    assert health(shop)[0] == "degraded"
    if end == "deleted":
        actions.delete_slo(by=None, record=slo)
    else:
        actions.update_slo(by=None, record=slo, values={"is_active": False})
        assert SloState.objects.get(slo=slo).severity == ""
    assert HealthState.objects.get(entity=shop).status == "healthy"
    assert not SloAlert.objects.filter(ended_at=None).exists()


def test_an_slo_that_moves_to_another_service_burns_there(shop):
    check, till = say(shop, "Front page", "up"), make_entity("till")
    other = say(till, "Till", "up")
    slo = Slo.objects.create(entity=shop, name="availability", source_check=check)
    SloState.objects.create(slo=slo, severity=Severity.TICKET, alert_text="10 % in 3 d")
    service_health.refresh([shop.pk, till.pk])
    actions.update_slo(by=None, record=slo, values={"entity": till, "source_check": other})
    assert dict(HealthState.objects.values_list("entity__name", "status")) == {"shop": "healthy", "till": "degraded"}


def test_an_entity_goes_with_its_checks_and_the_slos_that_rest_on_them(shop):
    Slo.objects.create(entity=shop, name="availability", source_check=say(shop, "Front page", "up"))
    delete_entity(by=None, record=shop)
    assert (Check.objects.count(), Slo.objects.count()) == (0, 0)
