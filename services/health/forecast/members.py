"""The members of the mix: three simple, different models, each of which draws possible futures.

A member takes the daily values (NaN where nothing was measured, the last one a number), the days ahead and a generator
of random numbers, and gives paths: an array of ``PATHS`` × days. None of them is allowed to fail the forecast: one that
raises, or gives something that is not a number, is replaced by ``weekly_drift`` (see ``draw``).

Their shocks are what the models were wrong by in the past, drawn in runs of seven days: real systems grow in steps,
which a normal distribution with the same spread does not know.
"""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from services.health.forecast.preparation import WEEK, filled, weekly_median

PATHS = 500
# Growth comes in phases: a path draws its changes from one stretch of this many days, so that phases stay together.
PHASE_DAYS = 56
# A filter's first errors say how it began, not how wrong it is.
WARM_UP_DAYS = 14
Member = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


def block_bootstrap(values: np.ndarray, days: int, random: np.random.Generator) -> np.ndarray:
    """The past's own changes in runs of seven days (moving blocks), from one phase of the past for each path.

    The changes are those of the 7-day median; what lies around it is drawn apart, so that it does not add up.
    """
    whole = filled(values)
    level = weekly_median(whole)
    blocks = sliding_window_view(np.diff(level), WEEK)
    phase = min(PHASE_DAYS, len(blocks))
    first = random.integers(len(blocks) - phase + 1, size=(PATHS, 1))
    drawn = blocks[first + random.integers(phase, size=(PATHS, -(-days // WEEK)))].reshape(PATHS, -1)[:, :days]
    around = (whole - level)[len(whole) % WEEK :]  # whole weeks, so that each weekday keeps its habit
    return level[-1] + np.cumsum(drawn, axis=1) + _runs(around, days, random, step=WEEK)


def structural(values: np.ndarray, days: int, random: np.random.Generator) -> np.ndarray:
    """A level that wanders around a fixed drift, with a weekly season (UnobservedComponents "lldtrend")."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    center, scale = np.nanmean(values), np.nanstd(values)
    model = UnobservedComponents((values - center) / scale, "lldtrend", seasonal=WEEK, stochastic_seasonal=False)
    result = model.fit(disp=0, cov_type="none", maxiter=50)
    errors = result.filter_results.forecasts_error[0][WARM_UP_DAYS:]
    errors = errors[np.isfinite(errors)]
    weight = float(result.filter_results.kalman_gain[0, 0, -1])
    # How well the drift is known: badly from a few weeks.
    unsure = np.sqrt(max(0.0, result.filter_results.filtered_state_cov[1, 1, -1])) * random.standard_normal((PATHS, 1))
    paths = _around(result.forecast(days), errors - errors.mean(), weight, random)
    return center + scale * (paths + unsure * np.arange(1, days + 1))


def theta(values: np.ndarray, days: int, random: np.random.Generator) -> np.ndarray:
    """Half the long trend, half exponential smoothing, weekly season taken out and put back (ThetaModel)."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    whole = filled(values)
    result = ThetaModel(whole, period=WEEK, method="additive").fit()
    weight, slope = float(result.params["alpha"]), float(result.params["b0"])
    season = result.forecast_components(WEEK)["seasonal"].to_numpy()
    plain = whole - np.resize(np.roll(season, len(whole) % WEEK), len(whole))
    return _around(result.forecast(days), _one_step_errors(plain, weight, slope / 2)[WEEK:], weight, random)


def _one_step_errors(plain: np.ndarray, weight: float, drift: float) -> np.ndarray:
    """How far exponential smoothing with this weight and drift was from each next value."""
    errors, level = np.empty(len(plain) - 1), plain[0]
    for at, value in enumerate(plain[1:]):
        errors[at] = value - level - drift
        level += drift + weight * errors[at]
    return errors


def _around(middle: object, errors: np.ndarray, weight: float, random: np.random.Generator) -> np.ndarray:
    """Paths around a forecast: each day a shock, of which the share ``weight`` stays in the level from then on."""
    expected = np.asarray(middle, dtype=float)
    shocks = _runs(errors, len(expected), random)
    return expected + shocks + weight * (np.cumsum(shocks, axis=1) - shocks)


def _runs(errors: np.ndarray, days: int, random: np.random.Generator, *, step: int = 1) -> np.ndarray:
    """``PATHS`` × days of these errors, drawn in runs of seven that begin at every ``step``-th of them."""
    blocks = sliding_window_view(errors, WEEK)[::step]
    return blocks[random.integers(len(blocks), size=(PATHS, -(-days // WEEK)))].reshape(PATHS, -1)[:, :days]


def weekly_drift(values: np.ndarray, days: int, random: np.random.Generator) -> np.ndarray:
    """Random walk with the mean change of the weekly medians: the model that cannot fail."""
    whole = filled(values)
    medians = np.median(whole[len(whole) % WEEK :].reshape(-1, WEEK), axis=1)
    changes = np.diff(medians)
    daily = np.std(changes) / np.sqrt(WEEK) * random.standard_normal((PATHS, days))
    return whole[-1] + changes.mean() / WEEK * np.arange(1, days + 1) + np.cumsum(daily, axis=1)


MEMBERS: tuple[Member, ...] = (block_bootstrap, structural, theta)


def draw(member: Member, values: np.ndarray, days: int, seed: int) -> np.ndarray:
    """The futures of a member, or of ``weekly_drift`` when it fails on this series. The seed makes them repeatable."""
    try:
        # Recorded, not shown: statsmodels sets filters of its own when it is loaded.
        with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
            paths = member(values, days, np.random.default_rng(seed))
    except Exception:  # noqa: BLE001  a model that does not converge must not cost the forecast
        paths = np.full((PATHS, days), np.nan)
    if np.isfinite(paths).all():
        return paths
    with np.errstate(all="ignore"):
        return weekly_drift(values, days, np.random.default_rng(seed))
