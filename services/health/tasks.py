"""Background work of health."""

from celery import shared_task

from services.health import (
    heartbeats,
    hooks,
    limits,
    partitions,
    providers,
    querying,
    results,
    rollup,
    samples,
    scheduler,
    slo_evaluation,
)


@shared_task(time_limit=20)
def tick() -> None:
    """See to it that somebody probes what is due: start as many sessions as are wanted."""
    for _ in range(scheduler.sessions_wanted()):
        # Whoever has not come to it by then is sent for anew, so that they do not pile up.
        probe_batch.apply_async(expires=60)


@shared_task(time_limit=180)
def probe_batch() -> None:
    """One session of probing: ask what is due, as long as there is something."""
    scheduler.probe_due()


@shared_task(time_limit=60)
def read_heartbeats() -> None:
    """Write the pings that came as answers, and those that did not as late."""
    heartbeats.read_heartbeats()


@shared_task(time_limit=60)
def find_late() -> None:
    """Say of checks that nobody asked in time that they are late."""
    results.mark_late()


@shared_task(time_limit=120)
def make_partitions() -> None:
    """Make the partitions that are coming, drop those whose time is over."""
    partitions.maintain()


@shared_task(time_limit=240)
def roll_up_results() -> None:
    """Sum the results that have come since the last time."""
    rollup.roll_up_new()


@shared_task(time_limit=900)
def forget_old_sums() -> None:
    """Empty five-minute values and hours of days past their time."""
    rollup.forget_old(samples.organisation_day())


@shared_task(time_limit=900)
def forget_old_batches() -> None:
    """Delete the bodies that hooks received long ago."""
    hooks.forget_old_batches()


@shared_task(time_limit=240)
def sum_samples() -> None:
    """Sum the days of metrics that still receive samples."""
    samples.sum_open_days()


@shared_task(time_limit=120)
def ask_prometheus() -> None:
    """Ask Prometheus for the metrics that are due."""
    querying.ask_due()


@shared_task(time_limit=1800)
def derive_metrics() -> None:
    """Write what the providers of derived metrics measure of the days that are over."""
    providers.refresh()


@shared_task(time_limit=55)
def evaluate_slos() -> None:
    """Judge every SLO by what has been measured."""
    slo_evaluation.evaluate()


@shared_task(time_limit=300)
def forecast_limit(limit_id: int) -> None:
    """Forecast one limit, which has just been saved."""
    limits.refresh_one(limit_id)


@shared_task(time_limit=1800)
def forecast_limits() -> None:
    """Forecast the limits whose data changed since their forecast of today."""
    limits.refresh()
