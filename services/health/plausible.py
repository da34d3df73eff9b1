"""Which moments and numbers are taken from outside: those that can be meant, and that every sum has room for.

PostgreSQL keeps years that Python cannot read, and a machine that knows no time sends the year 1: one such row would
stop whatever reads it together with others.
"""

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils import timezone

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
# A plan may lie so far ahead; what was measured or done only as far as clocks differ.
PLANNED_AHEAD = dt.timedelta(days=3653)
DONE_AHEAD = dt.timedelta(hours=1)
# No row of any day lies outside of these, whoever writes it; what each door takes is narrower.
LATEST_KEPT = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
# The days of plans and decisions: all that anybody means, and no drawing of them is a hundred times too wide.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
# Of so large numbers a hundred years of samples can be summed, and a float still has their units.
MOST = 10**15
_MOMENT = "moment with a zone, such as 2026-11-21T12:00:00Z"


def check_planned(moment: dt.datetime) -> None:
    """Raise ValidationError for a moment that nobody plans for. A validator of model fields."""
    if problem := moment_problem(moment, PLANNED_AHEAD):
        raise ValidationError(problem)


def check_day(day: dt.date) -> None:
    """Raise ValidationError for a day that nobody plans or decides on. A validator of model fields."""
    if problem := day_problem(day):
        raise ValidationError(problem)


def check_number(number: float) -> None:
    """Raise ValidationError for a number that nobody measures. A validator of model fields."""
    if problem := number_problem(number):
        raise ValidationError(problem)


def read_moment(text: object, wanted: str = _MOMENT) -> dt.datetime:
    """The moment (UTC) of something that was done or measured. Raises ValueError, in words for people: that it is no
    ``wanted``, or what is wrong with it."""
    try:
        moment = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"“{str(text)[:40]}” is no {wanted}.")
    if problem := moment_problem(moment, DONE_AHEAD):
        raise ValueError(problem)
    return moment.astimezone(dt.UTC)


def moment_problem(moment: dt.datetime, ahead: dt.timedelta) -> str:
    """What is wrong with a moment that may lie so far ahead; nothing where it is taken."""
    # Compared before anything is converted: the ends of the calendar have no moment in every zone.
    if moment < EARLIEST:
        return f"{_shown(moment)} is before {EARLIEST.year}. Leave out a moment that nobody knows."
    if moment <= timezone.now() + ahead:
        return ""
    if ahead == DONE_AHEAD:
        return f"{_shown(moment)} is yet to come. Is the clock of the sender right, and its zone?"
    return f"{_shown(moment)} is more than {ahead.days // 365} years ahead. Choose an earlier day."


def day_problem(day: dt.date) -> str:
    """What is wrong with a day of a plan or a decision; nothing where it is taken."""
    if FIRST_DAY <= day <= LAST_DAY:
        return ""
    return "Take a day from {} to {}.".format(*(f"{each.day} {each:%b %Y}" for each in (FIRST_DAY, LAST_DAY)))


def number_problem(number: float) -> str:
    """What is wrong with a number that somebody measured; nothing where it is taken. One that is none is too large."""
    return "" if -MOST <= number <= MOST else f"{number:.6g} is too large: numbers are kept up to {MOST:,}."


def _shown(moment: dt.datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}, {moment:%H:%M %Z}"
