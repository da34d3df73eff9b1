"""How good a forecast was, once the days have passed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.health.forecast.mix import DAYS_AT_CEILING, QUANTILES
from services.health.forecast.preparation import WEEK


@dataclass(frozen=True)
class Score:
    """``days`` of the band have a value; ``covered`` is the share of them between q10 and q90. ``pinball`` is the mean
    loss, as a multiple of the mean daily change; None when the series never changed."""

    days: int
    covered: float
    pinball: float | None


def pinball_loss(actual: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Loss of each foretold quantile (days × 3) against what came (days): q·(y − f) above, (1 − q)·(f − y) below."""
    error = actual[:, None] - band
    return np.maximum(np.array(QUANTILES) * error, (np.array(QUANTILES) - 1) * error)


def score(
    band: Sequence[tuple[dt.date, float, float, float]], actual: Mapping[dt.date, float], daily_change: float
) -> Score | None:
    """Compare a band of (day, q10, q50, q90) with what came; None while none of its days has a value."""
    passed = [(row[1:], actual[row[0]]) for row in band if row[0] in actual]
    if not passed:
        return None
    foretold, came = np.array([row for row, _ in passed]), np.array([value for _, value in passed])
    covered = (came >= foretold[:, 0]) & (came <= foretold[:, 2])
    loss = float(pinball_loss(came, foretold).mean())
    return Score(len(passed), float(covered.mean()), loss / daily_change if daily_change > 0 else None)


def mean_daily_change(actual: Mapping[dt.date, float]) -> float:
    """Mean size of the change from one value to the next; 0 for fewer than two."""
    values = [actual[day] for day in sorted(actual)]
    return float(np.abs(np.diff(values)).mean()) if len(values) > 1 else 0.0


def reached_on(actual: Mapping[dt.date, float], ceiling: float, *, after: dt.date) -> dt.date | None:
    """The first day after ``after`` whose week had two days at the ceiling, as forecasts mean it."""
    if not actual:
        return None
    first, last = min(actual), max(actual)
    regular = np.full((last - first).days + 1, np.nan)
    for day, value in actual.items():
        regular[(day - first).days] = value
    is_over = np.nan_to_num(regular, nan=-np.inf) >= ceiling
    at_ceiling = np.convolve(is_over, np.ones(WEEK), "same") >= DAYS_AT_CEILING
    days = (first + dt.timedelta(days=int(at)) for at in np.flatnonzero(at_ceiling))
    return next((day for day in days if day > after), None)
