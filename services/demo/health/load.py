"""Loading the health of the demo company, and bringing it up to date at each start."""

import datetime as dt

import pghistory
from django.db import connection
from django.utils import timezone

from portal.delivery.models import OutboxMessage
from portal.demo.shifting import QUARTER, shift_days_in
from services.catalog.bulk import skip_no_trigger
from services.demo.health import deployments, large, limits, metrics, past, promises, span, told
from services.demo.health.checks import make_checks, make_windows, move_to_target, target_checks
from services.demo.load import SOURCE
from services.health import partitions, slo_evaluation
from services.health.models import Check, Forecast


def is_loaded() -> bool:
    return Check.objects.exists()


def load_health(now: dt.datetime | None = None) -> None:
    """Make everything that health is told of, with ninety days behind it."""
    now = now or timezone.now()
    skip_no_trigger()
    with pghistory.context(origin=SOURCE):
        make_windows(now)
        checks = make_checks(now)
        described = metrics.make_metrics()
        limits.make_limits(described)
        slos = promises.make_slos(checks, {metric.name: metric for metric in described})
        changes = past.fill(now)
        alerts = promises.make_alerts(slos, now - dt.timedelta(days=span.DAYS), now)
        _bring_up_to_date(now)
        metrics.date_regressions(described, now)
        promises.date_burning()
    told.tell(changes, alerts, now)
    # What the demo made up is told in the portal alone: nobody gets a mail of it.
    OutboxMessage.objects.all().delete()


def top_up(now: dt.datetime | None = None) -> None:
    """Write what happened since the last time; a second call at the same moment finds nothing to do."""
    now = now or timezone.now()
    move_to_target(target_checks())
    large.go_on(now)
    told.tell(past.fill(now), (), now)
    _bring_up_to_date(now)


def later(began: dt.datetime) -> None:
    """Let go of raw answers and values that are older than is kept, and date what was foretold by the days it is of."""
    by = QUARTER * -1
    with connection.cursor() as cursor:
        for table in partitions.TABLES:
            oldest = timezone.now() - dt.timedelta(days=table.keep_days)
            cursor.execute(f"DELETE FROM {table.table} WHERE {table.column} < %s", [oldest])  # noqa: S608
    forecasts = list(Forecast.objects.filter(made_on__lt=began.date()))
    for each in forecasts:
        each.band = shift_days_in(each.band, by)
    Forecast.objects.bulk_update(forecasts, ["band"], batch_size=200)


def _bring_up_to_date(now: dt.datetime) -> None:
    metrics.fill(now)
    deployments.fill(now)
    limits.fill_forecasts()
    slo_evaluation.evaluate(now)
