"""What health tells of itself: how late checks are asked, and rows that found no partition."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from services.health.models import Check, CheckResult, CheckState
from tests import factories

pytestmark = pytest.mark.django_db


def scrape():
    response = Client().get("/metrics", headers={"host": "127.0.0.1"})
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def make_check(n, *, due_in_s, lag_ms=None, is_active=True):
    entity = factories.make_entity(f"service-{n}")
    check = Check.objects.create(entity=entity, name="Front page", address="https://x.example", is_active=is_active)
    CheckState.objects.filter(of=check).delete()
    CheckState.objects.create(of=check, due_at=timezone.now() + dt.timedelta(seconds=due_in_s), lag_ms=lag_ms)


def test_lag_is_told_as_percentiles_of_the_last_questions_of_active_checks():
    for n in range(1, 101):
        make_check(n, due_in_s=60, lag_ms=n * 10)
    make_check(0, due_in_s=60, lag_ms=90_000, is_active=False)
    found = scrape()
    lags = {quantile: found["groundwork_check_lag_seconds", quantile] for quantile in ("0.5", "0.95", "0.99", "1")}
    assert lags == pytest.approx({"0.5": 0.505, "0.95": 0.9505, "0.99": 0.9901, "1": 1.0})
    assert (found["groundwork_checks_due",], found["groundwork_check_overdue_seconds",]) == (0, 0)


def test_when_nobody_asks_the_lag_grows_all_the_same():
    make_check(1, due_in_s=-600, lag_ms=5)
    make_check(2, due_in_s=-60)
    make_check(3, due_in_s=-9000, is_active=False)
    found = scrape()
    assert found["groundwork_checks_due",] == 2
    assert found["groundwork_check_overdue_seconds",] == pytest.approx(600, abs=30)
    figures = Client().get("/readyz").json()["figures"]
    assert figures["check_overdue_seconds"] == pytest.approx(600, abs=30)


def test_without_checks_there_is_no_lag_and_nothing_fails():
    found = scrape()
    assert not [key for key in found if key[0] == "groundwork_check_lag_seconds"]
    assert found["groundwork_figures_failed", "services.health.figures.check_lag"] == 0


def test_rows_that_found_no_partition_are_counted():
    at = dt.datetime(1999, 1, 1, tzinfo=dt.UTC)
    for n in range(3):
        CheckResult.objects.create(
            of_id=n, due_at=at, taken_at=at, outcome=0, maintenance=False, latency_ms=None, status_code=None, reason=""
        )
    found = scrape()
    assert found["groundwork_default_partition_rows", "health_checkresult"] == 3
    assert found["groundwork_default_partition_rows", "health_sample"] == 0
