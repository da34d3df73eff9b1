"""How a team shares out its days in a cycle."""

import math

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from roadmap.models.cycle import Cycle
from roadmap.models.words import Bucket

# So few days are an artefact of arithmetic: 1.1 + 2.2 is no more than 3.3.
DUST = 1e-6


def _days(label: str) -> models.FloatField:
    return models.FloatField(label, default=0, validators=[MinValueValidator(0), MaxValueValidator(100_000)])


def total(ending: str) -> F:
    """The sum of all buckets, ``planned`` or ``actual``."""
    first, *rest = (F(f"{bucket}_{ending}") for bucket in Bucket.values)
    return sum(rest, start=first)


@track_history()
class Allocation(Versioned):
    """Days of people of one team in one cycle, planned and spent, by bucket. The share of platform, debt and 100× is to
    lie between ``target_low`` and ``target_high`` percent of what is planned."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="allocations")
    team = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="allocations", limit_choices_to={"kind__in": ["group"]}
    )
    capacity_days = models.FloatField(
        "capacity, days", validators=[MinValueValidator(0.5), MaxValueValidator(100_000)],
        help_text="Days that its people have, without holidays.",
    )  # fmt: skip
    feature_planned = _days("features, planned")
    platform_planned = _days("platform, planned")
    debt_planned = _days("debt, planned")
    lights_planned = _days("lights on, planned")
    hundredfold_planned = _days("100×, planned")
    feature_actual = _days("features, spent")
    platform_actual = _days("platform, spent")
    debt_actual = _days("debt, spent")
    lights_actual = _days("lights on, spent")
    hundredfold_actual = _days("100×, spent")
    target_low = models.PositiveSmallIntegerField(
        "target from, percent", default=20, validators=[MaxValueValidator(100)]
    )
    target_high = models.PositiveSmallIntegerField(
        "target to, percent", default=30, validators=[MaxValueValidator(100)]
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "team"], name="one_allocation_of_a_team",
                violation_error_message="This team has an allocation in this cycle already.",
            ),
            models.CheckConstraint(
                name="no_more_planned_than_there_is",
                condition=Q(capacity_days__gte=total("planned") - Value(DUST)),
                violation_error_message="More days are planned than the team has.",
            ),
            models.CheckConstraint(
                name="target_share_from_low_to_high",
                condition=Q(target_high__gte=F("target_low")),
                violation_error_message="The target goes from the lower share to the higher one.",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["team", "cycle"], name="allocations_of_a_team")]

    def __str__(self) -> str:
        return f"{self.team}, {self.cycle}"

    def clean(self) -> None:
        """Raise ValidationError where more is planned than there is, with both figures."""
        from django.core.exceptions import ValidationError

        planned = self.planned_days
        if self.capacity_days and planned > self.capacity_days + DUST:
            share = planned / self.capacity_days
            told = f"{planned:g} days are planned of {self.capacity_days:g}: {100 * share:.0f}\u00a0%."
            raise ValidationError({"capacity_days": f"{told} Take {round(planned - self.capacity_days, 6):g} out."})

    @property
    def planned_days(self) -> float:
        return math.fsum(getattr(self, f"{bucket}_planned") or 0 for bucket in Bucket.values)

    @property
    def actual_days(self) -> float:
        return math.fsum(getattr(self, f"{bucket}_actual") or 0 for bucket in Bucket.values)
