"""``make bench-forecast``: what the forecast would have said of real series in the past, and what came.

From days chosen at random ("origins"), 30, 90 or 365 days of history are given, with 8 % of the days and four in a row
taken out, and the 90 days after are compared. A near ceiling lies 35 % of the history's range above its last week; it
is crossed when the 7-day median reaches it within the 90 days, and the crossing was warned of when the date of "could
be as early as" was no later.
"""

import datetime as dt
import os
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.figures import Figure, at_least, at_most, say, table
from bench.forecast_series import CORPUS, Series, daily_series, short_series
from services.health.forecast import Forecast, forecast
from services.health.forecast.preparation import filled
from services.health.forecast.scoring import pinball_loss

ORIGINS = int(os.environ.get("BENCH_FORECAST_ORIGINS", "10"))
HISTORIES = (30, 90, 365)
AHEAD = 90
MISSING_SHARE, MISSING_RUN = 0.08, 4
NEAR = 0.35
Z90 = 1.2815515655446004
LEAST_KNOWN_AHEAD = 60


@dataclass
class Trial:
    """One origin. ``near`` and ``real``: (chance within 90 days, days until it was crossed or None, warned)."""

    history: int
    held_out: bool
    covered: float
    pinball: float
    base: float
    ms: float
    near: list[tuple[float, int | None, bool]] = field(default_factory=list)
    real: list[tuple[float, int | None, bool]] = field(default_factory=list)


def main() -> int:
    if not CORPUS.is_dir():
        say(f"Skipped: there are no series in {CORPUS}. Set TIMESERIES_CORPUS to a folder that has them.")
        return 0
    _try(daily_series()[0], 365, 800)  # loads statsmodels, which is not the forecast's time
    trials = []
    for series in daily_series():
        say(f"Forecasting {series.name} …")
        for history in HISTORIES:
            trials += [trial for origin in _origins(series, history) if (trial := _try(series, history, origin))]
    figures = [*_figures(trials), *_short_figures()]
    print(table(figures))
    missed = [each.name for each in figures if each.ok is False]
    return 1 if missed and os.environ.get("STRICT", "") not in {"", "0"} else 0


def _origins(series: Series, history: int) -> list[int]:
    last = len(series.values) - AHEAD - 1
    chosen = random.Random(f"{series.name} {history}")
    return sorted(chosen.randrange(history, last) for _ in range(ORIGINS)) if last > history else []


def _try(series: Series, history: int, origin: int) -> Trial | None:
    """Forecast from one origin; None where there is too little to compare, or nothing ever happened."""
    past, future = _with_holes(series.values[origin - history + 1 : origin + 1], origin), _after(series, origin)
    span = np.ptp(past[np.isfinite(past)]) if np.isfinite(past).any() else 0
    if np.isnan(past[-1]) or np.isfinite(past).sum() < 21 or np.isfinite(future).sum() < LEAST_KNOWN_AHEAD or not span:
        return None
    near = float(np.nanmedian(past[-7:]) + NEAR * span)
    found, ms = _forecast(series, past, origin, near)
    band, known = np.array([(day.q10, day.q50, day.q90) for day in found.band]), np.isfinite(future)
    inside = (future >= band[:, 0]) & (future <= band[:, 2])
    loss, base = (float(pinball_loss(future[known], each[known]).mean()) for each in (band, _drift_band(past)))
    trial = Trial(history, series.is_held_out, float(inside[known].mean()), loss, base, ms)
    if past[-1] < near:
        trial.near.append(_outcome(found, past, future, near))
    real = series.ceilings.get(_day(series, origin))
    if real is not None and past[-1] < real:
        trial.real.append(_outcome(_forecast(series, past, origin, real)[0], past, future, real))
    return trial


def _day(series: Series, origin: int) -> dt.date:
    return series.first_day + dt.timedelta(days=origin)


def _after(series: Series, origin: int) -> np.ndarray:
    return series.values[origin + 1 : origin + 1 + AHEAD]


def _with_holes(values: np.ndarray, seed: int) -> np.ndarray:
    """Take out days at random and four in a row; the last one stays."""
    chosen, past = np.random.default_rng(seed + len(values)), values.copy()
    past[:-1][chosen.random(len(past) - 1) < MISSING_SHARE] = np.nan
    hole = chosen.integers(0, len(past) - MISSING_RUN - 1)
    past[hole : hole + MISSING_RUN] = np.nan
    return past


def _forecast(series: Series, past: np.ndarray, origin: int, ceiling: float) -> tuple[Forecast, float]:
    days = [_day(series, origin - len(past) + 1 + at) for at in range(len(past))]
    started = time.process_time()
    found = forecast(
        days, past.tolist(), ceiling=ceiling, lead_p90_days=60, margin_days=14, kind=series.kind, today=days[-1]
    )
    return found, (time.process_time() - started) * 1000


def _drift_band(past: np.ndarray) -> np.ndarray:
    """Random walk with drift: what every forecast has to beat."""
    changes = np.diff(filled(past))
    ahead = np.arange(1, AHEAD + 1)
    middle = past[-1] + changes.mean() * ahead
    spread = Z90 * changes.std(ddof=1) * np.sqrt(ahead * (1 + ahead / len(past)))
    return np.column_stack([middle - spread, middle, middle + spread])


def _outcome(found: Forecast, past: np.ndarray, future: np.ndarray, ceiling: float) -> tuple[float, int | None, bool]:
    crossed = _crossed_after(past, future, ceiling)
    early = (found.q10_date - found.today).days if found.q10_date and found.today else None
    return found.chances[AHEAD], crossed, crossed is not None and early is not None and early <= crossed


def _crossed_after(past: np.ndarray, future: np.ndarray, ceiling: float) -> int | None:
    """Days until the median of the last seven days is at the ceiling."""
    values = np.concatenate([past[-6:], future])
    weeks = (values[at : at + 7] for at in range(len(future)))
    hits = (
        ahead for ahead, week in enumerate(weeks, start=1) if np.isfinite(week).any() and np.nanmedian(week) >= ceiling
    )
    return next(hits, None)


# What is printed


def _figures(trials: Sequence[Trial]) -> Iterable[Figure]:
    groups = {
        "all, ≥ 90 points": [trial for trial in trials if trial.history >= 90],
        "held-out half, ≥ 90 points": [trial for trial in trials if trial.history >= 90 and trial.held_out],
        "tuning half, ≥ 90 points": [trial for trial in trials if trial.history >= 90 and not trial.held_out],
        "all, 30 points": [trial for trial in trials if trial.history == 30],
    }
    for name, group in groups.items():
        yield from _group_figures(name, group, has_goals="≥ 90" in name)
    real = [each for trial in trials for each in trial.real]
    yield Figure("beds, their real ceilings: Brier score within 90 days", _brier(real), "")
    yield Figure(
        "beds, their real ceilings: crossed", sum(crossed is not None for _, crossed, _ in real), f"of {len(real)}"
    )
    yield at_most("one forecast, median", float(np.median([trial.ms for trial in trials])), 400, "ms")
    yield at_most("one forecast, slowest of 100", float(np.quantile([trial.ms for trial in trials], 0.99)), 400, "ms")


def _group_figures(name: str, group: Sequence[Trial], *, has_goals: bool) -> Iterable[Figure]:
    covered = float(np.mean([trial.covered for trial in group]))
    ratio = [trial.pinball / trial.base for trial in group if trial.pinball > 0 and trial.base > 0]
    loss, near = float(np.exp(np.mean(np.log(ratio)))), [each for trial in group for each in trial.near]
    crossings = [warned for _, crossed, warned in near if crossed is not None]
    warned = float(np.mean(crossings)) if crossings else float("nan")
    yield Figure(f"{name}: origins", len(group), "")
    if has_goals:
        yield Figure(f"{name}: 80 % band covers", covered, "", goal="0.75–0.92", ok=0.75 <= covered <= 0.92)
        yield at_most(f"{name}: pinball of random walk with drift", loss, 0.80, "")
        yield at_least(f"{name}: near crossings warned, of {len(crossings)}", warned, 0.85, "")
    else:
        yield at_least(f"{name}: 80 % band covers", covered, 0.65, "")
        yield Figure(f"{name}: pinball of random walk with drift", loss, "")
        yield Figure(f"{name}: near crossings warned, of {len(crossings)}", warned, "")
    yield Figure(f"{name}: Brier score, near ceiling within 90 days", _brier(near), "")


def _brier(outcomes: Sequence[tuple[float, int | None, bool]]) -> float:
    return float(np.mean([(chance - (crossed is not None)) ** 2 for chance, crossed, _ in outcomes]))


def _short_figures() -> Iterable[Figure]:
    """Series of a few days: every one says that there is not enough data."""
    found = [
        forecast(moments, values, ceiling=max(values) * 2 + 1, lead_p90_days=60, margin_days=14)
        for _, moments, values in short_series()
    ]
    honest = [each for each in found if each.state == "unknown" and "not enough data" in each.note]
    yield at_least(f"series of 4 to 17 days that say so, of {len(found)}", len(honest), len(found), "")


if __name__ == "__main__":
    sys.exit(main())
