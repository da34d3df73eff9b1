"""Whether a metric has become worse than the baseline that was set for it."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from services.health.models import Metric, MetricState
from services.health.saying import percent, with_unit


def is_worse(metric: Metric, value: float) -> bool:
    """Worse than the baseline by more than the tolerance (percent of the baseline). Without a baseline, or where nobody
    said which way is better, nothing is worse."""
    if metric.baseline is None or metric.higher_is_better is None:
        return False
    allowed = abs(metric.baseline) * metric.tolerance / 100
    return value < metric.baseline - allowed if metric.higher_is_better else value > metric.baseline + allowed


def change_in_words(metric: Metric, value: float) -> str:
    """How far a value is from the baseline, such as "12% above the baseline of 250 ms"; empty without one."""
    if metric.baseline is None:
        return ""
    base = f"the baseline of {with_unit(metric, metric.baseline)}"
    if not metric.baseline:
        return f"{with_unit(metric, value - metric.baseline)} from {base}"
    share = round((value - metric.baseline) / abs(metric.baseline), 2)
    return f"{percent(abs(share))} {'above' if share > 0 else 'below'} {base}" if share else f"at {base}"


@transaction.atomic(savepoint=False)
def note_regressions(metric_ids: Iterable[int]) -> None:
    """Note since when each of these metrics is worse than its baseline, and forget it where it no longer is."""
    now, changed = timezone.now(), []
    states = MetricState.objects.filter(metric_id__in=list(metric_ids)).exclude(
        metric__baseline=None, regressed_since=None
    )
    # In the order in which whoever writes values takes them (services.health.samples).
    for state in states.select_related("metric").select_for_update(of=("self",), no_key=True).order_by("pk"):
        worse = state.value is not None and is_worse(state.metric, state.value)
        if worse != (state.regressed_since is not None):
            state.regressed_since = now if worse else None
            changed.append(state)
    MetricState.objects.bulk_update(changed, ["regressed_since"])
