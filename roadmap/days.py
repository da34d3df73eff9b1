"""Days of what was done, as people say them: they have been, or are today."""

import datetime as dt

from django.core.exceptions import ValidationError

from portal.tenure import organisation_today
from services.health.plausible import day_problem
from services.health.saying import day_in_words


def refuse_ahead(**days: dt.date | None) -> None:
    """Raise ValidationError, at the field of that name, for a day that is still to come, or that nobody means."""
    for name, day in days.items():
        if day is None:
            continue
        if day > organisation_today():
            raise ValidationError({name: f"{day_in_words(day)} is still to come. Say a day that has been, or today."})
        if problem := day_problem(day):
            raise ValidationError({name: problem})
