"""What brings values of Larkspur's metrics down for good: apps above say of which metric, and from which day on."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from django.utils import timezone

from services.demo.health.world import DAY, Numbers, Seconds

# To this share of what they would be, within so many days.
EFFECT, RAMP_DAYS = 0.62, 7
Told = Iterable[tuple[int, dt.date]]
_tellers: list[Callable[[], Told]] = []


def brings_down(teller: Callable[[], Told]) -> Callable[[], Told]:
    """Register a function that gives the ids of metrics, each with a day since which its values are lower."""
    _tellers.append(teller)
    return teller


def days_by_metric() -> dict[int, list[dt.date]]:
    found: dict[int, list[dt.date]] = defaultdict(list)
    for teller in _tellers:
        for metric_id, day in teller():
            found[metric_id].append(day)
    return found


def share(since: Sequence[dt.date], at: Seconds) -> Numbers:
    """What is left of the values at these moments: each effect comes on top of the others."""
    left = np.ones(len(at))
    for day in since:
        begun = dt.datetime.combine(day, dt.time(), timezone.get_default_timezone())
        left *= 1 - (1 - EFFECT) * np.clip((at - int(begun.timestamp())) // DAY / RAMP_DAYS, 0.0, 1.0)
    return left
