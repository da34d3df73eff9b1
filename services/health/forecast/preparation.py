"""From what was measured to a regular daily series: one value a day, spikes clipped, history before a jump left out."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

FEWEST_POINTS = 21
FEW_POINTS = 90
FEWEST_AFTER_SHIFT = 30
# Older days say more of another time than of the next months (docs/adr/0018).
LONGEST_HISTORY_DAYS = 365
WEEK = 7
SPIKE_DEVIATIONS = 5.0
# Where more than one day in fifty is a spike, spikes are how the thing behaves.
MOST_SPIKES = 0.02
MAD_TO_DEVIATION = 1.4826
# A jump is a level shift when what happened since then is small beside it.
SHIFT_TIMES_RANGE = 3.0


@dataclass(frozen=True)
class Daily:
    """``values``: one a day up to the last that was measured, NaN on days without; the first and last are numbers.

    ``last_day`` is the day of the last value, ``newest`` that value as it was measured, ``points`` the number of days
    with one before anything was left out. ``trailing_days`` are the days from it to today.
    """

    values: np.ndarray
    last_day: dt.date
    newest: float
    points: int
    trailing_days: int
    is_never_negative: bool

    @property
    def is_unchanging(self) -> bool:
        return bool(np.nanmin(self.values) == np.nanmax(self.values))

    @property
    def is_short(self) -> bool:
        return bool(np.isfinite(self.values).sum() < FEW_POINTS)


@dataclass
class TooLittleError(Exception):
    """There is not enough to forecast from; the text says what there is and what is needed."""

    text: str
    points: int = 0
    value: float | None = None
    last_day: dt.date | None = None

    def __str__(self) -> str:
        return self.text


def prepare(dates: Sequence[dt.date], values: Sequence[float | None], *, kind: str, today: dt.date | None) -> Daily:
    """A regular series from dates (or moments) in any order, with repeats and holes.

    ``kind`` is ``gauge`` (the last value of a day counts), ``flow`` (they are added) or ``ratio`` (as a gauge). What is
    not a finite number is missing. Days after ``today`` are left out. Raises TooLittleError under 21 days with a value.
    """
    by_day = _by_day(zip(dates, values, strict=True), kind, today)
    if not by_day:
        raise TooLittleError(
            f"There is not enough data: no day has a value, {FEWEST_POINTS} are needed.", last_day=today
        )
    last_day, points = max(by_day), len(by_day)
    regular = _regular(by_day, last_day)
    recent = int(np.isfinite(regular).sum())
    if recent < FEWEST_POINTS:
        raise TooLittleError(_too_little(points, recent), points, by_day[last_day], last_day)
    cleaned = since_last_shift(without_spikes(regular))
    trailing = ((today or last_day) - last_day).days
    return Daily(cleaned, last_day, by_day[last_day], points, trailing, min(by_day.values()) >= 0)


def _too_little(points: int, recent: int) -> str:
    have = f"{points} {'day has' if points == 1 else 'days have'} a value"
    old = f", {recent} of them in the last {LONGEST_HISTORY_DAYS} days" if recent < points else ""
    return f"There is not enough data: {have}{old}, {FEWEST_POINTS} are needed."


def _by_day(rows: Iterable[tuple[dt.date, float | None]], kind: str, today: dt.date | None) -> dict[dt.date, float]:
    """One value a day; among several of one moment the one given last counts."""
    found: dict[dt.date, float] = {}
    for moment, value in sorted(rows, key=lambda row: _sortable(row[0])):
        day = moment.date() if isinstance(moment, dt.datetime) else moment
        if value is None or not np.isfinite(value) or (today is not None and day > today):
            continue
        found[day] = found.get(day, 0.0) + float(value) if kind == "flow" else float(value)
    return found


def _sortable(moment: dt.date) -> dt.datetime:
    if isinstance(moment, dt.datetime):
        return moment.replace(tzinfo=None)
    return dt.datetime.combine(moment, dt.time())


def _regular(by_day: dict[dt.date, float], last_day: dt.date) -> np.ndarray:
    """The last days of the series as an array that begins with a number."""
    regular = np.full(LONGEST_HISTORY_DAYS, np.nan)
    for day, value in by_day.items():
        before = (last_day - day).days
        if before < LONGEST_HISTORY_DAYS:
            regular[-1 - before] = value
    return regular[np.flatnonzero(np.isfinite(regular))[0] :]


def filled(values: np.ndarray) -> np.ndarray:
    """The series without holes: a straight line across each."""
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), known, values[known])


def weekly_median(values: np.ndarray) -> np.ndarray:
    """Median of the seven days around each day; at both ends of the days there are."""
    padded = np.pad(filled(values), WEEK // 2, mode="reflect")
    return np.median(sliding_window_view(padded, WEEK), axis=1)


def without_spikes(values: np.ndarray) -> np.ndarray:
    """Clip isolated days that are far from their week (Hampel's rule on what is left of the weekday's habit).

    The last two days are never clipped: whether they are a spike or the beginning of something is not known yet.
    """
    around = weekly_median(values)
    rest = values - around
    for weekday in range(WEEK):
        rest[weekday::WEEK] -= np.nanmedian(rest[weekday::WEEK]) if np.isfinite(rest[weekday::WEEK]).any() else 0.0
    scale = MAD_TO_DEVIATION * np.nanmedian(np.abs(rest))
    is_far = np.nan_to_num(np.abs(rest)) > SPIKE_DEVIATIONS * scale
    is_far[-2:] = False
    beside = np.zeros_like(is_far)
    beside[1:] |= is_far[:-1]
    beside[:-1] |= is_far[1:]
    is_spike = is_far & ~beside
    if is_spike.sum() > max(1, MOST_SPIKES * len(values)):
        return values
    return np.where(is_spike, around + np.sign(rest) * SPIKE_DEVIATIONS * scale, values)


def since_last_shift(values: np.ndarray) -> np.ndarray:
    """Leave out what was before the last jump that dwarfs everything before and after it, if enough days remain.

    Growth in steps is how real systems grow, and those steps are kept: a jump of one day counts only if it is
    ``SHIFT_TIMES_RANGE`` times what the series moved by in all the time before, and in all the time since.
    """
    whole = filled(values)
    steps = np.abs(np.diff(whole))
    at = int(np.argmax(steps)) + 1
    moved = max(np.ptp(whole[:at]), np.ptp(whole[at:]))
    is_shift = steps[at - 1] > SHIFT_TIMES_RANGE * moved and np.isfinite(values[at])
    return values[at:] if is_shift and np.isfinite(values[at:]).sum() >= FEWEST_AFTER_SHIFT else values
