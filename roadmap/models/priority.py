"""What speaks for the order of initiatives, and what they claim to bring."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portal.history.tracking import track_history
from portal.models import Versioned
from roadmap.models.initiative import Initiative, OfInitiative
from services.health.models import Metric
from services.health.plausible import check_number


class Factor(models.TextChoices):
    """What the two scores are computed from."""

    REACH = "reach", "Reach"
    IMPACT = "impact", "Impact"
    CONFIDENCE = "confidence", "Confidence"
    EFFORT = "effort", "Effort"
    VALUE = "value", "Business value"
    URGENCY = "urgency", "Time criticality"
    RISK = "risk", "Risk reduction"
    SIZE = "size", "Job size"


class Basis(models.TextChoices):
    MEASURED = "measured", "Measured"
    GUESSED = "guessed", "Guessed"


@track_history()
class PriorityInput(Versioned):
    """One input of a score, and whether it was measured or guessed. ``source`` names what it was read from."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="inputs")
    factor = models.CharField(max_length=10, choices=Factor)
    value = models.FloatField(validators=[MinValueValidator(0), check_number])
    basis = models.CharField(max_length=8, choices=Basis, default=Basis.GUESSED)
    source = models.CharField(max_length=300, blank=True)

    objects = OfInitiative.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["initiative", "factor"], name="one_input_of_a_factor"),
            models.CheckConstraint(
                name="measured_input_has_a_source",
                condition=Q(basis="guessed") | ~Q(source=""),
                violation_error_message="Say what it was measured by, or call it guessed.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_factor_display()} {self.value:g}"


class ClaimKind(models.TextChoices):
    """What is promised to become less, and in what."""

    INCIDENT_MINUTES = "incident_minutes", "Incident minutes"
    BUDGET_MINUTES = "budget_minutes", "Minutes of error budget"
    COST = "cost", "Cost"
    DAYS = "days", "Days of people"


# What there is to remove of each kind a month, in the unit of the kind; and why there is no more.
MOST_A_MONTH: dict[str, tuple[int, str]] = {
    ClaimKind.INCIDENT_MINUTES: (44_640, "A month has at most 44,640 minutes."),
    ClaimKind.BUDGET_MINUTES: (44_640, "A month has at most 44,640 minutes."),
    ClaimKind.COST: (10**12, "Money is counted up to 1,000,000,000,000 a month."),
    ClaimKind.DAYS: (100_000, "Days of people are counted up to 100,000 a month."),
}


@track_history()
class Claim(Versioned):
    """What an initiative claims to remove each month, once delivered. ``metric`` is the series that must show it."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="claims")
    kind = models.CharField(max_length=16, choices=ClaimKind)
    per_month = models.FloatField(
        "removed a month",
        validators=[MinValueValidator(0)],
        help_text="In minutes, days, or the money of the metric.",
    )
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    note = models.CharField("how it was reckoned", max_length=500, blank=True)

    objects = OfInitiative.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["initiative", "kind", "metric"], name="one_claim_each", nulls_distinct=False,
                violation_error_message="There is a claim of this kind and metric already. Change that one.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.per_month:g} {self.get_kind_display().lower()} a month"

    def clean(self) -> None:
        """Raise ValidationError for more than there is to remove."""
        most, why = MOST_A_MONTH.get(self.kind, (0, ""))
        if why and self.per_month is not None and not self.per_month <= most:
            raise ValidationError({"per_month": f"{why} Write how much of it is removed."})


class Finding(models.Model):
    """What came of a claim: the series after delivery beside the forecast of it untouched, a month. ``low`` and
    ``high`` hold the truth in four of five cases. ``problem`` says why nothing can be found yet."""

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, primary_key=True, related_name="finding")
    per_month = models.FloatField("found a month", null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    expected = models.FloatField("untouched a month", null=True)
    measured = models.FloatField("measured a month", null=True)
    days_before = models.PositiveSmallIntegerField(default=0)
    days_after = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    found_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"What came of {self.claim}"
