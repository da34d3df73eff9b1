"""The mix: quantiles of the members averaged, widened where little is known, and the day a ceiling is reached."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.health.forecast.members import MEMBERS, PATHS, draw
from services.health.forecast.preparation import WEEK, Daily

QUANTILES = (0.1, 0.5, 0.9)
FEW_POINTS_FACTOR = 1.3
# What the averaged fan is too narrow by on real series of the past (make bench-forecast).
CALIBRATION = 1.3
# Of a series with nothing on so many of its days no trend can be read: what comes now and then comes on as before.
SELDOM = 0.25
# One day at the ceiling may be an accident; a second one within the week is not (docs/adr/0018 has the figures).
DAYS_AT_CEILING = 2


@dataclass(frozen=True)
class Outlook:
    """``band``: days × (q10, q50, q90), from tomorrow; ``reached``: for each day the chance that it came by then."""

    band: np.ndarray
    reached: np.ndarray


def look_ahead(series: Daily, *, ceiling: float, days: int) -> Outlook:
    """The futures of ``series`` for ``days`` after today. Equal series give equal futures."""
    if series.is_unchanging:
        return _unchanging(series.values[-1], ceiling, days)
    seed = zlib.crc32(series.values.tobytes())
    futures = [_member_paths(series, each, days, seed) for each in MEMBERS]
    band = np.sort(np.mean([np.quantile(each, QUANTILES, axis=0) for each in futures], axis=0), axis=0).T
    return Outlook(band, np.mean([first_passage(each, series.values, ceiling) for each in futures], axis=0))


def mean_ahead(series: Daily, *, days: Sequence[int]) -> tuple[float, float, float]:
    """The mean over these days (1 is the one after today) in the futures of ``series``: its q10, q50 and q90. What
    days are wrong by evens out over them, so that this is narrower than the band of a day."""
    if series.is_unchanging:
        value = float(series.values[-1])
        return value, value, value
    seed, at = zlib.crc32(series.values.tobytes()), np.array(days) - 1
    if np.mean(series.values == 0) >= SELDOM:
        low, middle, high = np.quantile(_means_of_weeks(series, len(days), seed), QUANTILES)
        return float(low), float(middle), float(high)
    with np.errstate(all="ignore"):
        means = [_member_paths(series, each, max(days), seed)[:, at].mean(axis=1) for each in MEMBERS]
    low, middle, high = sorted(
        float(each) for each in np.mean([np.quantile(each, QUANTILES) for each in means], axis=0)
    )
    return low, middle, high


def _means_of_weeks(series: Daily, days: int, seed: int) -> np.ndarray:
    """Means of so many days drawn as whole weeks from the past, made wider by what the past itself does not know of
    its mean: the fewer its days, the more."""
    weeks = series.values[len(series.values) % WEEK :].reshape(-1, WEEK)
    drawn = np.random.default_rng(seed).integers(len(weeks), size=(PATHS, -(-days // WEEK)))
    means = np.nanmean(weeks[drawn].reshape(PATHS, -1)[:, :days], axis=1)
    middle = float(np.median(means))
    wider = CALIBRATION * (FEW_POINTS_FACTOR if series.is_short else 1.0) * (1 + days / len(series.values)) ** 0.5
    return np.maximum(middle + wider * (means - middle), 0.0 if series.is_never_negative else -np.inf)


def _unchanging(value: float, ceiling: float, days: int) -> Outlook:
    return Outlook(np.full((days, len(QUANTILES)), value), np.full(days, float(value >= ceiling)))


def _member_paths(series: Daily, member, days: int, seed: int) -> np.ndarray:
    """Paths from tomorrow, widened around their middle and kept where the quantity can be."""
    paths = draw(member, series.values, days + series.trailing_days, seed)[:, series.trailing_days :]
    middle = np.median(paths, axis=0)
    paths = middle + CALIBRATION * (FEW_POINTS_FACTOR if series.is_short else 1.0) * (paths - middle)
    return np.maximum(paths, 0.0) if series.is_never_negative else paths


def first_passage(paths: np.ndarray, past: np.ndarray, ceiling: float) -> np.ndarray:
    """For each day, the share of paths that have reached the ceiling by then.

    A path reaches it on the first day whose week (three days before to three after) has two days at the ceiling.
    """
    side = WEEK // 2
    is_over = paths >= ceiling
    before = np.broadcast_to(past[-side:] >= ceiling, (PATHS, side))
    after = np.repeat(is_over[:, -1:], side, axis=1)
    total = np.cumsum(np.column_stack([np.zeros((PATHS, 1), int), before, is_over, after]), axis=1)
    return np.maximum.accumulate(total[:, WEEK:] - total[:, :-WEEK] >= DAYS_AT_CEILING, axis=1).mean(axis=0)
