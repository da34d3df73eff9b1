"""Cycles: the spans of time in which objectives are set and capacity is shared out."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F, Q

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.tenure import organisation_today
from services.health.plausible import check_day

# Longer than anybody plans in one go: another year was typed.
MOST_DAYS = 731


class CycleQuerySet(models.QuerySet["Cycle"]):
    def current(self) -> "CycleQuerySet":
        """The one that today lies in, by the days of the organisation."""
        today = organisation_today()
        return self.filter(starts_on__lte=today, ends_on__gte=today)


@track_history()
class Cycle(Versioned):
    """From ``starts_on`` to ``ends_on``, both days belong to it. Once closed, the values of its key results stand as
    they were; a later correction is a row of its own."""

    name = models.CharField(max_length=40, unique=True, help_text="Such as 2026 Q4.")
    starts_on = models.DateField("first day", validators=[check_day])
    ends_on = models.DateField("last day", validators=[check_day])
    closed_at = models.DateTimeField("closed", null=True, blank=True, editable=False)

    objects = CycleQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="cycle_ends_after_it_starts",
                condition=Q(ends_on__gt=F("starts_on")),
                violation_error_message="The last day of a cycle lies after the first.",
            )
        ]
        indexes = [models.Index(fields=["starts_on"], name="cycle_by_start")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError where it would end before it starts, or two cycles would share a day."""
        from django.core.exceptions import ValidationError

        if not (self.starts_on and self.ends_on):
            return
        if self.ends_on <= self.starts_on:
            last, first = (f"{day.day} {day:%b %Y}" for day in (self.ends_on, self.starts_on))
            raise ValidationError(
                {"ends_on": f"The last day ({last}) lies not after the first ({first}). Exchange them, or correct one."}
            )
        if self.days > MOST_DAYS:
            told = f"It would have {self.days:,} days; a cycle has at most {MOST_DAYS}, two years."
            raise ValidationError({"ends_on": f"{told} Choose an earlier day."})
        others: Any = Cycle.objects.exclude(pk=self.pk).filter(starts_on__lte=self.ends_on, ends_on__gte=self.starts_on)
        if (other := others.first()) is not None:
            told = f"{other} is from {other.starts_on:%-d %b %Y} to {other.ends_on:%-d %b %Y}. Cycles share no day."
            raise ValidationError({"starts_on": told})

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    def share_passed(self, today: dt.date | None = None) -> float:
        """How much of it is over, from 0 to 1."""
        passed = ((today or organisation_today()) - self.starts_on).days
        return min(max(passed / self.days, 0.0), 1.0)
