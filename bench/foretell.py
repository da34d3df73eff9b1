"""One forecast of a limit, from a year of days.

Floor: the one model of the three that takes longest, fitted alone by statsmodels.
"""

import datetime as dt
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from bench.clock import medians_ms
from bench.figures import Figure, at_most
from services.health.forecast import forecast

DAYS = 365


def measure() -> Iterator[Figure]:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    random = np.random.default_rng(2026)
    values = 200 + 0.4 * np.arange(DAYS) + 6 * np.sin(np.arange(DAYS) * 2 * np.pi / 7) + random.normal(0, 3, DAYS)
    first = dt.date(2026, 1, 1)
    days = [first + dt.timedelta(days=day) for day in range(DAYS)]

    def ours() -> None:
        forecast(days, values.tolist(), ceiling=500, lead_p90_days=120, margin_days=14)

    def bare() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            UnobservedComponents(values, "lldtrend", seasonal=7).fit(disp=False)

    taken, floor = medians_ms(ours, bare, rounds=7)
    yield at_most(f"one forecast from {DAYS} days", taken, 400, "ms", floor)
    worked, worked_bare = (statistics.median(_work_ms(work) for _ in range(7)) for work in (ours, bare))
    yield at_most(f"one forecast from {DAYS} days, time worked", worked, 400, "ms", worked_bare)


def _work_ms(work: Callable[[], None]) -> float:
    """What it takes of a core: on a busy machine the clock tells of others."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000
