"""Whether a metric has become worse than the baseline that was set for it."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from services.health.models import Metric, MetricKind, MetricState
from services.health.saying import number, percent, with_unit


def is_worse(metric: Metric, value: float) -> bool:
    """Worse than the baseline by more than the tolerance (percent of the baseline). Without a baseline, or where nobody
    said which way is better, nothing is worse."""
    if metric.baseline is None or metric.higher_is_better is None:
        return False
    allowed = abs(metric.baseline) * metric.tolerance / 100
    return value < metric.baseline - allowed if metric.higher_is_better else value > metric.baseline + allowed


def change_in_words(metric: Metric, value: float) -> str:
    """How far a value is from the baseline, such as "12 % above the baseline of 250 ms"; empty without one."""
    if metric.baseline is None:
        return ""
    base, far = f"the baseline of {with_unit(metric, metric.baseline)}", difference(metric, value, metric.baseline)
    return f"{far} {'above' if value > metric.baseline else 'below'} {base}" if far else f"at {base}"


# Of shares and scores, which may be negative and have no zero to grow from, the difference is told, not its share.
NPS, IN_POINTS = "nps", ("%", "points")
# Less than this is within what the figures say.
LEAST_SHARE, LEAST_POINTS = 0.005, 0.005


def difference(metric: Metric, value: float, other: float) -> str:
    """How far two values of a metric are from each other: in points, or in percent of the other; empty where that is
    too little to speak of."""
    far = abs(value - other)
    if metric.kind == MetricKind.RATIO or metric.unit in IN_POINTS or metric.name == NPS:
        points = far * (100 if metric.kind == MetricKind.RATIO else 1)
        return _points(points) if points >= LEAST_POINTS else ""
    if not other:
        return with_unit(metric, far) if far else ""
    return percent(far / abs(other)) if far / abs(other) >= LEAST_SHARE else ""


def _points(points: float) -> str:
    rounded = round(points, 1) if points >= 1 else float(f"{points:.2g}")
    return f"{number(rounded)} point{'' if rounded == 1 else 's'}"


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
