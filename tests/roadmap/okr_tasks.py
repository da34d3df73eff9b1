"""What gives the tasks of key results something to do."""

import datetime as dt
from typing import Any

from django.utils import timezone

from roadmap.models import BoundState, Cycle, Keeping, KeyResultState
from services.health import samples
from tests.roadmap.core_makers import make_cycle
from tests.roadmap.okr_makers import make_bound, make_key_result, make_metric, make_objective


def _measure_more() -> None:
    today = timezone.localdate()
    cycle = Cycle.objects.current().first() or make_cycle("This cycle", today - dt.timedelta(days=10), 30)
    metric = make_metric("waited")
    make_key_result(objective=make_objective(cycle=cycle), metric=metric)
    make_bound(metric=metric, value=100.0)
    samples.write([samples.SampleRow(metric.pk, timezone.now(), 1065.0)])


def _is_read() -> bool:
    progress = KeyResultState.objects.values_list("progress", flat=True).get()
    return progress == 0.5 and BoundState.objects.get().keeping == Keeping.BROKEN


WORK: dict[str, Any] = {"roadmap.tasks.refresh_key_results": (_measure_more, _is_read)}
