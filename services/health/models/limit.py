"""Limits, the doomsday clock: when a metric will reach its ceiling, and whether there is time to do something."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from portal.history.tracking import track_history
from portal.models import Versioned
from services.health import plausible
from services.health.models.metric import Metric

# So little is a slip of the hand; a share of it would be a number that no page has room for.
LEAST_CEILING = 1e-6


@track_history()
class Limit(Versioned):
    """That ``metric`` must not reach ``ceiling``, and how long it takes to move the ceiling.

    ``lead_days`` is the likely, ``lead_p90_days`` the nine-in-ten length of that work; ``margin_days`` is added for
    safety. ``driver`` is the metric that this one grows with (orders, users), for the table of multiples.
    """

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="limits")
    name = models.CharField(max_length=120, help_text="What runs out, such as Connections of orders-db.")
    ceiling = models.FloatField(
        validators=[
            MinValueValidator(LEAST_CEILING, "A ceiling lies above zero: at 0.000001 or higher."),
            MaxValueValidator(plausible.MOST, f"This is too large: numbers are kept up to {plausible.MOST:,}."),
        ],
        help_text="In the unit of the metric; of a metric of good of total as a share, such as 0.99 for 99 %.",
    )
    lead_days = models.PositiveIntegerField(
        "likely lead time", default=60, validators=[MaxValueValidator(3650)], help_text="Days the work likely takes."
    )
    lead_p90_days = models.PositiveIntegerField(
        "longest lead time", default=120, validators=[MaxValueValidator(3650)],
        help_text="Days it takes at most in nine of ten cases.",
    )  # fmt: skip
    margin_days = models.PositiveIntegerField("margin", default=14, validators=[MaxValueValidator(3650)])
    driver = models.ForeignKey(
        Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="driven_limits",
        help_text="What it grows with, such as orders a day.",
    )  # fmt: skip
    description = models.TextField("what to do", blank=True)
    cost_per_month = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["name"], name="one_limit_of_a_name"),
            models.CheckConstraint(
                name="longest_lead_is_not_shorter_than_likely",
                condition=Q(lead_p90_days__gte=models.F("lead_days")),
                violation_error_message="The longest lead time cannot be shorter than the likely one.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for a ceiling that the metric can never have."""
        if self.metric_id is not None and self.ceiling is not None:
            self.metric.check_share("ceiling", self.ceiling)


class Urgency(models.TextChoices):
    """What the clock says: ``Q10(date) − today ≤ P90(lead) + margin`` is "start now"."""

    CALM = "calm", "Calm"
    PLAN = "plan", "Plan"
    START_NOW = "start_now", "Start now"
    TOO_LATE = "too_late", "Too late"
    UNKNOWN = "unknown", "Not enough data"
    # Of a limit that has no forecast yet; no forecast says this.
    WAITING = "waiting", "Not calculated yet"


class Forecast(models.Model):
    """What was foretold of a limit on one day, kept so that it can be scored by what came.

    ``chances`` maps days ahead (30, 90, 180, 365) to the probability that the ceiling is reached by then; ``band`` is a
    list of ``{"date", "q10", "q50", "q90"}``. ``settings`` are the ceiling and lead times it was made for.
    ``pinball`` (mean loss over the band's quantiles, as a multiple of the series' mean daily change) and ``covered``
    (share of days within q10 and q90) are known once the days have passed.
    """

    of = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="forecasts")
    made_on = models.DateField()
    points = models.PositiveIntegerField()
    urgency = models.CharField(max_length=10, choices=Urgency)
    value = models.FloatField(null=True)
    q10_date = models.DateField("could be as early as", null=True)
    q50_date = models.DateField("likely", null=True)
    q90_date = models.DateField("latest", null=True)
    chances = models.JSONField(default=dict)
    band = models.JSONField(default=list)
    settings = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)
    scored_on = models.DateField(null=True)
    scored_days = models.PositiveIntegerField(default=0)
    pinball = models.FloatField(null=True)
    covered = models.FloatField(null=True)
    crossed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "made_on"], name="one_forecast_of_a_day")]
        get_latest_by = "made_on"

    def __str__(self) -> str:
        return f"{self.of}, {self.made_on}"


class LimitState(models.Model):
    """The newest forecast of a limit, beside it so that lists can filter and sort by it."""

    limit = models.OneToOneField(Limit, on_delete=models.CASCADE, primary_key=True, related_name="state")
    urgency = models.CharField("state", max_length=10, choices=Urgency, default=Urgency.WAITING)
    value = models.FloatField("now", null=True, blank=True)
    used = models.FloatField(null=True, blank=True, help_text="Share of the ceiling.")
    q10_date = models.DateField("could be as early as", null=True, blank=True)
    q50_date = models.DateField("likely", null=True, blank=True)
    chance_90d = models.FloatField("within 90 days", null=True, blank=True)
    start_by = models.DateField("last start", null=True, blank=True)
    forecast = models.ForeignKey(Forecast, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.get_urgency_display()
