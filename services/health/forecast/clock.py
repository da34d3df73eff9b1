"""The clock: from a series and a ceiling to dates, chances, a fan and one word."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.health.forecast.mix import Outlook, look_ahead
from services.health.forecast.preparation import Daily, TooLittleError, prepare

HORIZONS = (30, 90, 180, 365)
BAND_DAYS = 90
# Work that must be begun within a quarter belongs into the plan of the next one.
PLANNING_DAYS = 90
# The longest work there can be: lead time and margin of ten years each, and the quarter before it begins.
SHORTEST_HORIZON, LONGEST_HORIZON = 365, 2 * 3650 + PLANNING_DAYS


@dataclass(frozen=True)
class BandDay:
    """What is foretold for one day: with 10, 50 and 90 % probability the value is not above."""

    date: dt.date
    q10: float
    q50: float
    q90: float


@dataclass(frozen=True)
class Forecast:
    """``points`` days with a value were known. The dates are those by which the ceiling is reached with 10, 50 and 90 %
    probability, None where that is later than the horizon. ``chances``: days ahead → probability, empty when unknown.
    ``value`` is the newest one, ``start_by`` the last day to begin the work. ``note`` says what else is to be known.
    """

    points: int
    state: str
    today: dt.date | None
    value: float | None = None
    q10_date: dt.date | None = None
    q50_date: dt.date | None = None
    q90_date: dt.date | None = None
    start_by: dt.date | None = None
    chances: dict[int, float] = field(default_factory=dict)
    band: tuple[BandDay, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Work:
    """How long it takes to move a ceiling: likely, in nine of ten cases, and what is added for safety (days)."""

    lead_days: int
    lead_p90_days: int
    margin_days: int

    @property
    def needed_days(self) -> int:
        return self.lead_p90_days + self.margin_days


def forecast(
    dates: Sequence[dt.date],
    values: Sequence[float | None],
    *,
    ceiling: float,
    lead_p90_days: int,
    margin_days: int,
    kind: str = "gauge",
    today: dt.date | None = None,
    lead_days: int | None = None,
) -> Forecast:
    """When ``values`` reach ``ceiling``. Never raises for whatever was measured: what it cannot do, the note says.

    ``dates`` (or moments) come in any order, with holes and repeats. ``kind`` says what the value of a day is: the last
    of a ``gauge`` or ``ratio``, the sum of a ``flow``. ``today`` is the last date unless given. ``lead_days`` is the
    likely time the work takes, half of ``lead_p90_days`` unless given. Equal input gives equal output.
    """
    work = Work(lead_p90_days // 2 if lead_days is None else lead_days, lead_p90_days, margin_days)
    try:
        with np.errstate(all="ignore"):
            series = prepare(dates, values, kind=kind, today=today)
    except TooLittleError as error:
        return Forecast(error.points, "unknown", today or error.last_day, error.value, note=str(error))
    days = min(max(SHORTEST_HORIZON, work.needed_days + PLANNING_DAYS), LONGEST_HORIZON)
    with np.errstate(all="ignore"):
        outlook = look_ahead(series, ceiling=ceiling, days=days)
    day = series.last_day + dt.timedelta(days=series.trailing_days)
    if not (np.isfinite(outlook.band).all() and np.isfinite(ceiling)):
        note = "The numbers are too large to calculate with."
        return Forecast(series.points, "unknown", day, series.newest, note=note)
    return _read(series, outlook, ceiling, work, day)


def _read(series: Daily, outlook: Outlook, ceiling: float, work: Work, today: dt.date) -> Forecast:
    is_reached = series.newest >= ceiling
    reached = np.ones_like(outlook.reached) if is_reached else outlook.reached
    early, likely, late = (0 if is_reached else days_until(reached, chance) for chance in (0.1, 0.5, 0.9))
    q10_date = _after(today, early)
    return Forecast(
        points=series.points,
        state=judge(early, likely, work, is_reached=is_reached),
        today=today,
        value=series.newest,
        q10_date=q10_date,
        q50_date=_after(today, likely),
        q90_date=_after(today, late),
        start_by=_after(today, None if early is None else early - work.needed_days),
        chances={days: round(float(reached[days - 1]), 4) for days in HORIZONS},
        band=_band(outlook.band[:BAND_DAYS], today),
        note=_note(series, is_reached=is_reached),
    )


def days_until(reached: np.ndarray, chance: float) -> int | None:
    """Days from today until the ceiling has been reached with this probability; None beyond the horizon."""
    return int(np.argmax(reached >= chance)) + 1 if reached[-1] >= chance else None


def judge(early: int | None, likely: int | None, work: Work, *, is_reached: bool) -> str:
    """The state of the clock, from the days until the ceiling is reached with 10 % and with 50 % probability.

    too_late: it is reached, or likely will be before the work likely is done. start_now: Q10 ≤ P90(lead) + margin.
    plan: the last day to begin is within the next 90 days. calm: anything else.
    """
    if is_reached or (likely is not None and likely <= work.lead_days):
        return "too_late"
    if early is None:
        return "calm"
    if early <= work.needed_days:
        return "start_now"
    return "plan" if early <= work.needed_days + PLANNING_DAYS else "calm"


def _after(today: dt.date, days: int | None) -> dt.date | None:
    try:
        return None if days is None else today + dt.timedelta(days=days)
    except OverflowError:  # beyond the calendar
        return None


def _band(band: np.ndarray, today: dt.date) -> tuple[BandDay, ...]:
    days = ((_after(today, ahead), row) for ahead, row in enumerate(band.tolist(), start=1))
    return tuple(BandDay(day, *row) for day, row in days if day)


def _note(series: Daily, *, is_reached: bool) -> str:
    notes = ["The ceiling is reached."] if is_reached else []
    if series.is_unchanging:
        notes.append("It has not changed in this time, so nothing speaks for a change.")
    elif series.is_short:
        notes.append("Fewer than 90 days are known: the fan is widened.")
    if series.trailing_days > 7:
        notes.append(f"The newest value is {series.trailing_days} days old.")
    return " ".join(notes)
