"""Non-negotiables, which hold whatever is planned, and freezes, which halt features while something is mended."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.models.words import Statistic
from services.health.models import Metric
from services.health.plausible import check_day, check_number


class Side(models.TextChoices):
    AT_MOST = "at_most", "At most"
    AT_LEAST = "at_least", "At least"


@track_history()
class Bound(Versioned):
    """A non-negotiable: ``metric`` stays at most, or at least, at ``value``."""

    name = models.CharField(max_length=120, unique=True, help_text="Such as p95 of checkout below 200 ms.")
    why = models.TextField(blank=True, max_length=2000)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="bounds")
    side = models.CharField(max_length=8, choices=Side, default=Side.AT_MOST)
    value = models.FloatField(
        "bound", validators=[check_number],
        help_text="In the unit of the metric; of good of total as a share, such as 0.99.",
    )  # fmt: skip
    statistic = models.CharField(max_length=4, choices=Statistic, default=Statistic.LAST)
    window_days = models.PositiveSmallIntegerField(
        "over days", default=7, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    owner = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="bounds",
        limit_choices_to={"kind__in": ["group"]},
    )  # fmt: skip
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "non-negotiable"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for a bound that the metric can never have."""
        if self.metric_id is not None and self.value is not None:
            self.metric.check_share("value", self.value)


class Keeping(models.TextChoices):
    KEPT = "kept", "Kept"
    BROKEN = "broken", "Broken"
    UNKNOWN = "unknown", "No data"


class BoundState(models.Model):
    """Whether a non-negotiable is kept, by what was read last, and ``since`` when that has been so."""

    bound = models.OneToOneField(Bound, on_delete=models.CASCADE, primary_key=True, related_name="state")
    keeping = models.CharField(max_length=7, choices=Keeping, default=Keeping.UNKNOWN)
    value = models.FloatField(null=True)
    at = models.DateTimeField("measured", null=True)
    since = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"State of {self.bound}"


class FreezeQuerySet(models.QuerySet["Freeze"]):
    def in_force(self) -> "FreezeQuerySet":
        """Begun and not lifted. One whose last day is over stays in force until somebody lifts it: its exit is a
        condition, and the day only says when to ask."""
        return self.filter(starts_on__lte=organisation_today(), lifted_on=None)


@track_history()
class Freeze(Versioned):
    """The recorded decision to halt feature work. Its scope are teams and services (FreezeScope); without any it is the
    whole company."""

    title = models.CharField(max_length=200)
    why = models.TextField(max_length=5000)
    starts_on = models.DateField("first day", default=organisation_today, validators=[check_day])
    ends_on = models.DateField("last day", validators=[check_day], help_text="When to decide anew at the latest.")
    exit_condition = models.CharField("ends when", max_length=500, help_text="What must be true before features go on.")
    bound = models.ForeignKey(
        Bound, on_delete=models.SET_NULL, null=True, blank=True, related_name="freezes", verbose_name="non-negotiable"
    )
    decided_by = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="decided_freezes",
        limit_choices_to={"kind__in": ["user"]},
    )  # fmt: skip
    lifted_on = models.DateField("lifted", null=True, blank=True, editable=False)
    lifted_reason = models.CharField("why lifted", max_length=500, blank=True, editable=False)

    objects = FreezeQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="freeze_ends_after_it_starts",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="The last day of a freeze does not lie before the first.",
            ),
            models.CheckConstraint(
                name="lifted_with_a_reason",
                condition=Q(lifted_on=None) | ~Q(lifted_reason=""),
                violation_error_message="Say what is true now that was not before.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def until(self) -> str:
        """When it ends, as the rest of a sentence."""
        return self.exit_condition.rstrip(". ")


@track_history()
class FreezeScope(models.Model):
    """A team, service or system that a freeze halts."""

    freeze = models.ForeignKey(Freeze, on_delete=models.CASCADE, related_name="scope")
    what = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="freezes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["freeze", "what"], name="frozen_once")]

    def __str__(self) -> str:
        return f"{self.freeze}: {self.what}"


class ImportedInitiative(models.Model):
    """Where an imported initiative came from: its ``key`` in the source, and what it said there at last, by field."""

    initiative = models.OneToOneField(
        "roadmap.Initiative", on_delete=models.CASCADE, primary_key=True, related_name="imported"
    )
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=300)
    values = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="initiative_imported_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.key}"
