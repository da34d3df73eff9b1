"""Loading the health of the demo company, and bringing it up to date at each start."""

import datetime as dt

import pghistory
from django.utils import timezone

from portal.delivery.models import OutboxMessage
from services.catalog.bulk import skip_no_trigger
from services.demo.health import deployments, large, limits, metrics, past, promises, span, told
from services.demo.health.checks import make_checks, make_windows, move_to_target, target_checks
from services.demo.load import SOURCE
from services.health import slo_evaluation
from services.health.models import Check


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


def _bring_up_to_date(now: dt.datetime) -> None:
    metrics.fill(now)
    deployments.fill(now)
    limits.fill_forecasts()
    slo_evaluation.evaluate(now)
