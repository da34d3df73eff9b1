"""The race of two dates: whether a ceiling is reached before the work that moves it is done.

The day of the ceiling is known by a few chances of a forecast, between which it is taken to be evenly spread. How long
work takes is taken to be log-normal: as likely below its likely time as above, and nine of ten times below its longest.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import NormalDist

P90 = NormalDist().inv_cdf(0.9)
SHARES = (0.1, 0.5, 0.9)
# So many equally likely lengths of the work stand for all of them.
DRAWS = 200
Reached = Callable[[dt.date], float]


def reached_by(made_on: dt.date, chances: Mapping[str, float], dates: Sequence[dt.date | None]) -> Reached:
    """Day → the probability that the ceiling has been reached by then.

    ``chances`` are by days after ``made_on``, ``dates`` those of SHARES, None where it never comes to that. After the
    last day that is known the probability stays what it was: the least that it may be.
    """
    points = _points(made_on, chances, dates)

    def chance(day: dt.date) -> float:
        at = (day - made_on).days
        for (first, low), (last, high) in pairwise(points):
            if at <= last:
                return low + (high - low) * max(at - first, 0) / (last - first)
        return points[-1][1]

    return chance


def known_until(made_on: dt.date, chances: Mapping[str, float], dates: Sequence[dt.date | None]) -> dt.date:
    """The last day of which the probability is known."""
    return made_on + dt.timedelta(days=_points(made_on, chances, dates)[-1][0])


def _points(made_on: dt.date, chances: Mapping[str, float], dates: Sequence[dt.date | None]) -> list[tuple[int, float]]:
    """Days after ``made_on`` and the probability by then."""
    known = {0: 0.0, **{int(days): share for days, share in chances.items()}}
    known |= {(day - made_on).days: share for day, share in zip(dates, SHARES, strict=True) if day}
    return sorted(known.items())


def ceiling_first(start: dt.date, lead_days: int, lead_p90_days: int, reached: Reached) -> float:
    """The probability that the ceiling is reached before work that begins on ``start`` is done."""
    if lead_days <= 0:
        return reached(start)
    spread = math.log(max(lead_p90_days, lead_days) / lead_days) / P90
    normal = NormalDist()
    lengths = (lead_days * math.exp(spread * normal.inv_cdf((draw + 0.5) / DRAWS)) for draw in range(DRAWS))
    return sum(reached(start + dt.timedelta(days=length)) for length in lengths) / DRAWS
