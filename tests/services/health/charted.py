"""Records with a past, for tests that look at charts: from sums alone, as what is older than two days is known."""

import datetime as dt

from django.utils import timezone

from services.health import buckets, samples
from services.health.models import (
    Check,
    CheckChange,
    CheckDay,
    CheckState,
    Deployment,
    Forecast,
    Limit,
    Metric,
    MetricDay,
    MetricState,
    RollUpMark,
    Slo,
)
from services.health.slo_evaluation import evaluate
from services.models import Entity

DAYS = 30
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def make_charted(entity: Entity) -> dict[str, Check | Slo | Metric | Limit]:
    """A check that was down for an hour five days ago, an SLO that burned by it, a metric that is worse than its
    baseline, a limit with forecasts, and deployments of which one failed."""
    check = _check(entity)
    slo = Slo.objects.create(entity=entity, name="charted", source_check=check, target="99", window_days=28)
    metric = Metric.objects.create(
        subject=entity.reference, name="charted-p95", unit="ms", baseline=250, higher_is_better=False,
        environment="production", labels={"region": "eu"},
    )  # fmt: skip
    sibling = Metric.objects.create(
        subject=entity.reference, name="charted-p95", unit="ms", environment="production", labels={"region": "us"}
    )
    _keep(metric, [240.0 + at for at in range(60)])
    _keep(sibling, [200.0 + at % 7 for at in range(60)])
    MetricState.objects.create(metric=metric, value=299, at=timezone.now(), regressed_since=timezone.now() - 20 * DAY)
    _deploy(entity)
    evaluate()
    return {"check": check, "slo": slo, "metric": metric, "limit": _limit(metric)}


def _check(entity: Entity) -> Check:
    now = timezone.now()
    check = Check.objects.create(entity=entity, name="Charted", address="https://charted.example/", max_latency_ms=900)
    Check.objects.filter(pk=check.pk).update(created_at=now - DAYS * DAY)
    CheckState.objects.create(of=check, due_at=now + DAY, status="up", since=now - 5 * DAY, last_at=now)
    for back in range(DAYS):
        down_at = 14 if back == 5 else None
        hours = [[0, 0, 60, 0, 0] if hour == down_at else [60, 0, 0, 0, 0] for hour in range(24)]
        latency = buckets.empty()
        latency[buckets.bucket_of(120.0)] = latency[buckets.bucket_of(300.0)] = 30
        CheckDay.objects.create(
            of=check, day=(now - back * DAY).date(), good=sum(hour[0] for hour in hours), bad=60 if down_at else 0,
            latency=[24 * count for count in latency], hours=[count for hour in hours for count in hour],
            hour_latency=latency * 24,
        )  # fmt: skip
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": now.replace(minute=0, second=0, microsecond=0)})
    for hours, before, after in ((1, "up", "down"), (0, "down", "up")):
        at = now - 5 * DAY - hours * HOUR
        CheckChange.objects.create(of=check, at=at, before=before, after=after, reason="answered 503")
    return check


def _deploy(entity: Entity) -> None:
    now = timezone.now()
    for n, result in enumerate(("succeeded", "failed", "succeeded", "succeeded"), start=1):
        at = now - n * DAY
        Deployment.objects.create(
            subject=entity.reference, version=f"4.{n}.0", key=f"charted-{n}", finished_at=at, result=result,
            committed_at=at - n * 7 * HOUR, recovered_at=at + HOUR if result == "failed" else None,
        )  # fmt: skip


def _keep(metric: Metric, values: list[float]) -> None:
    today = samples.organisation_day()
    for back, value in enumerate(reversed(values)):
        MetricDay.objects.create(
            metric=metric, day=today - back * DAY, count=1, sum=value, min=value, max=value, last=value
        )


def _limit(metric: Metric) -> Limit:
    today = samples.organisation_day()
    limit = Limit.objects.create(metric=metric, name="Charted", ceiling=360, lead_days=30, lead_p90_days=40)
    for made_on, value in ((today - 35 * DAY, 264.0), (today, 299.0)):
        band = [
            {"date": (made_on + n * DAY).isoformat(), "q10": value + 0.7 * n, "q50": value + n, "q90": value + 1.4 * n}
            for n in range(1, 91)
        ]
        Forecast.objects.create(
            of=limit, made_on=made_on, points=60, urgency="start_now", value=value, band=band,
            q10_date=made_on + 44 * DAY, q50_date=made_on + 61 * DAY, q90_date=made_on + 87 * DAY,
            chances={"30": 0.01, "90": 0.91, "180": 1.0, "365": 1.0},
        )  # fmt: skip
    return limit
