"""What breaks at 2, 10 and 100 times of today's load."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.health.moments import counted

FACTORS = (2, 10, 100)
DEMAND_DAYS = 28
FEWEST_DAYS = 21
# A driver that hardly moved says nothing of what happens when it does.
LEAST_SPREAD = 1.05
Z95 = 1.96


@dataclass(frozen=True)
class Elasticity:
    """With each percent more of the driver there is ``beta`` percent more of the resource.

    ``low`` and ``high`` hold it with 95 % probability. ``days`` is from how many it is known; 0 when it is taken to be
    1, in proportion, because nothing was measured. ``note`` says which, in words.
    """

    beta: float
    low: float
    high: float
    days: int
    note: str


@dataclass(frozen=True)
class Multiple:
    """At ``factor`` times the driver ``need`` of the resource is needed, ``used`` times the ceiling."""

    factor: int
    need: float
    used: float | None
    breaks: bool


def elasticity(resource: Mapping[dt.date, float], driver: Mapping[dt.date, float] | None) -> Elasticity:
    """The slope of log(resource) on log(driver) over the days that have both, by least squares.

    Its interval counts one observation a week, because neighbouring days say the same.
    """
    if driver is None:
        return _proportional("No driver is named, so it is taken to grow in proportion.")
    days = [day for day in resource if driver.get(day, 0) > 0 and resource[day] > 0]
    if len(days) < FEWEST_DAYS:
        have = f"{counted(len(days), 'day')} {'has' if len(days) == 1 else 'have'}"
        return _proportional(f"Only {have} both values, so it is taken to grow in proportion.")
    x, y = (np.log([series[day] for day in days]) for series in (driver, resource))
    if np.ptp(x) < np.log(LEAST_SPREAD):
        return _proportional("The driver hardly changed, so it is taken to grow in proportion.")
    beta, start = np.polyfit(x, y, 1)
    error = np.sqrt(np.mean((y - start - beta * x) ** 2) / np.var(x) / max(1, len(days) / 7 - 2))
    low, high = float(beta - Z95 * error), float(beta + Z95 * error)
    return Elasticity(float(beta), low, high, len(days), f"Measured over {len(days)} days.")


def _proportional(note: str) -> Elasticity:
    return Elasticity(1.0, 1.0, 1.0, 0, note)


def demand_now(resource: Mapping[dt.date, float]) -> float | None:
    """The 99th percentile of the newest 28 days with a value; None without any."""
    newest = sorted(resource)[-DEMAND_DAYS:]
    return float(np.quantile([resource[day] for day in newest], 0.99)) if newest else None


def multiples(now: float, ceiling: float, grows: Elasticity) -> list[Multiple]:
    """The need at each of FACTORS: now · factor^beta, and whether the ceiling holds it."""
    needs = [(factor, now * float(factor) ** grows.beta) for factor in FACTORS]
    return [Multiple(factor, need, need / ceiling if ceiling > 0 else None, need >= ceiling) for factor, need in needs]


def headroom(now: float, ceiling: float, grows: Elasticity) -> float | None:
    """How many times of today's driver still fit; None when it does not grow with the driver, or cannot be said."""
    if now <= 0 or ceiling <= 0 or grows.beta <= 0:
        return None
    try:
        return float((ceiling / now) ** (1 / grows.beta))
    except OverflowError:  # it hardly grows with the driver
        return None
