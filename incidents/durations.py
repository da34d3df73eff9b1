"""Distributions of durations, told honestly: medians and ninetieth percentiles with what chance alone would make of
them, and no trend where there is too little to see one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Values = Sequence[float] | np.ndarray
DRAWS = 1000
# Of two groups of thirty from the same real incidents the mean "improves" by a tenth in two of five draws; under thirty
# nothing is said of a trend.
FEWEST_FOR_A_TREND = 30
# From so many on an interval says more than the values themselves.
FEWEST_FOR_AN_INTERVAL = 5
# Values drawn for one trend: of more incidents fewer draws tell as much.
_MOST_DRAWN = 2_000_000
_SEED = 2026


@dataclass(frozen=True)
class Quantile:
    """One quantile, and the 90 % interval in which it would lie if incidents were drawn anew; None for too few."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Distribution:
    """``n`` durations, in the unit they were given in. ``mean`` is not shown without ``n``."""

    n: int
    median: Quantile
    p90: Quantile
    mean: float
    least: float
    most: float


@dataclass(frozen=True)
class Trend:
    """How the median of the later half compares with that of the earlier one. ``by_chance`` is how often two halves
    drawn at random from all of them differ at least as much: a permutation test."""

    before: float
    after: float
    by_chance: float


def distribution(values: Values) -> Distribution | None:
    """The distribution of durations; None where there are none. Raises ValueError for one that is no number."""
    found = _array(values)
    if not len(found):
        return None
    in_order = np.sort(found)
    return Distribution(
        n=len(found), median=_quantile(in_order, 0.5), p90=_quantile(in_order, 0.9),
        mean=float(found.mean()), least=float(in_order[0]), most=float(in_order[-1]),
    )  # fmt: skip


def trend(values: Values) -> Trend | None:
    """The change of the median between the halves of a series in time; None where chance could say anything."""
    found = _array(values)
    if len(found) < FEWEST_FOR_A_TREND:
        return None
    middle = len(found) // 2
    before, after = float(np.median(found[:middle])), float(np.median(found[middle:]))
    order, draws = np.argsort(found), _halves(len(found))
    # In sorted values the median of a half is at its middle, so that each draw only chooses who is in it.
    in_order = found[order]
    apart = np.array([abs(_middle(in_order, ~half[order]) - _middle(in_order, half[order])) for half in draws])
    return Trend(before, after, float((apart >= abs(after - before) - 1e-12).mean()))


def _halves(n: int) -> np.ndarray:
    """(draws, n): who is in the earlier half of each draw. A coin decides of each of the earlier half whether it takes
    the place of one of the later: by chance alone every such exchange is as likely, and a coin is quickly tossed."""
    count = max(100, min(DRAWS, _MOST_DRAWN // n))
    stays = np.random.default_rng(_SEED).integers(2, size=(count, n // 2), dtype=bool)
    odd_one = np.zeros((count, n % 2), dtype=bool)
    return np.concatenate([stays, ~stays, odd_one], axis=1)


def _middle(in_order: np.ndarray, chosen: np.ndarray) -> float:
    """The median of those of the sorted values that are chosen."""
    places = np.flatnonzero(chosen)
    at = len(places) // 2
    return float(in_order[places[at]] if len(places) % 2 else (in_order[places[at - 1]] + in_order[places[at]]) / 2)


def why_no_trend(n: int) -> str:
    """What stands where a trend would."""
    if n >= FEWEST_FOR_A_TREND:
        return ""
    return f"{n} of the {FEWEST_FOR_A_TREND} incidents that a trend needs: with fewer it is mostly chance."


def _quantile(in_order: np.ndarray, share: float) -> Quantile:
    """A quantile of sorted values with its bootstrap interval. Which place of them a quantile of a new draw has follows
    a beta distribution, so that thousands of incidents need not be drawn a thousand times."""
    value = float(_at(in_order, share))
    if len(in_order) < FEWEST_FOR_AN_INTERVAL:
        return Quantile(value, None, None)
    below = share * len(in_order)
    places = np.random.default_rng(_SEED).beta(below + 0.5, len(in_order) - below + 0.5, size=DRAWS)
    low, high = np.quantile(_at(in_order, places), [0.05, 0.95])
    return Quantile(value, float(low), float(high))


def _at(in_order: np.ndarray, shares: float | np.ndarray) -> np.ndarray:
    """Quantiles of values that are sorted already, as numpy.quantile has them."""
    return np.interp(np.asarray(shares) * (len(in_order) - 1), np.arange(len(in_order)), in_order)


def _array(values: Values) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if not np.isfinite(found).all():
        raise ValueError("A duration is not a number.")
    return found
