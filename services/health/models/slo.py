"""Service level objectives, what is left of their error budgets, and the alerts of budgets that burn too fast."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from portal.history.tracking import track_history
from portal.models import Versioned
from services.health.models.check import Check
from services.health.models.metric import Metric, MetricKind
from services.models import Entity


class SloKind(models.TextChoices):
    AVAILABILITY = "availability", "Availability"
    LATENCY = "latency", "Latency"
    RATIO = "ratio", "Good of total"


_CHECK = "Choose a check of the entity: its answers are what is counted."
# Kind → field → what is said when it is left out.
_NEEDED: dict[str, dict[str, str]] = {
    SloKind.AVAILABILITY: {"source_check": _CHECK},
    SloKind.LATENCY: {"source_check": _CHECK, "threshold_ms": "Say up to how many milliseconds an answer is good."},
    SloKind.RATIO: {"metric": "Choose a metric of good of total: its events are what is counted."},
}


@track_history()
class Slo(Versioned):
    """That ``target`` percent of events are good over a rolling window of ``window_days``.

    Availability and latency count the answers of a check (latency: those up to ``threshold_ms``), a ratio the good and
    total of a metric. ``extra`` keeps what an OpenSLO document said beyond that, so that it can be written again.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="slos")
    name = models.SlugField(
        max_length=63,
        # A name of RFC 1123, as OpenSLO has it.
        validators=[
            RegexValidator(
                r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                "Write it in small letters and digits with dashes between, such as checkout-availability.",
            )
        ],
        help_text="Short name, such as checkout-availability.",
    )
    title = models.CharField("display name", max_length=200, blank=True)
    description = models.TextField(blank=True, max_length=1050)
    kind = models.CharField(max_length=12, choices=SloKind, default=SloKind.AVAILABILITY)
    source_check = models.ForeignKey(
        Check, on_delete=models.RESTRICT, null=True, blank=True, related_name="slos", verbose_name="check",
        help_text="For availability and latency: a check of the same entity, such as orders-api: Health.",
    )  # fmt: skip
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="slos",
        help_text="For good of total: a metric of that kind.",
    )  # fmt: skip
    threshold_ms = models.PositiveIntegerField(
        "fast up to", null=True, blank=True, help_text="For latency: milliseconds up to which an answer is good."
    )
    target = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        default=Decimal("99.9"),
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(Decimal("99.9999"))],
        help_text="Percent of good events, such as 99.9.",
    )
    window_days = models.PositiveSmallIntegerField(
        "window", default=28, validators=[MinValueValidator(1), MaxValueValidator(366)], help_text="Rolling, in days."
    )
    is_active = models.BooleanField("active", default=True, db_default=True)
    extra = models.JSONField(default=dict, blank=True, editable=False)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "SLO"
        verbose_name_plural = "SLOs"
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="one_slo_of_a_name",
                violation_error_message="There is an SLO of that name already.",
            ),
            models.CheckConstraint(
                name="slo_has_its_source",
                condition=Q(kind="ratio", metric__isnull=False)
                | Q(kind="availability", source_check__isnull=False)
                | Q(kind="latency", source_check__isnull=False, threshold_ms__isnull=False),
                violation_error_message="Availability needs a check, latency a check and a limit, a ratio a metric.",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.name

    def clean(self) -> None:
        """Raise ValidationError for a source that does not go with the rest; what OpenSLO is taken in by, too."""
        problems = {name: told for name, told in _NEEDED.get(self.kind, {}).items() if getattr(self, name) is None}
        if self.source_check is not None and self.source_check.entity_id != self.entity_id:
            told = (
                f"“{self.source_check}” is a check of {self.source_check.entity}. Choose one of the SLO's own entity."
            )
            problems["source_check"] = told
        if self.kind == SloKind.RATIO and self.metric is not None and self.metric.kind != MetricKind.RATIO:
            what = self.metric.get_kind_display().lower()
            told = f"“{self.metric}” is of the kind {what}. An SLO of good of total needs a metric of good of total."
            problems["metric"] = told
        if problems:
            raise ValidationError(problems)


class Severity(models.TextChoices):
    PAGE = "page", "Page"
    TICKET = "ticket", "Ticket"


class SloState(models.Model):
    """The figures of an SLO as last evaluated (services.health.budget computes them). Null where nothing is measured.

    ``attainment``, ``remaining`` (of the budget, may be negative) and ``measured`` (share of the window with data) are
    fractions; ``burn`` is the rate of the last hour.
    """

    slo = models.OneToOneField(Slo, on_delete=models.CASCADE, primary_key=True, related_name="state")
    attainment = models.FloatField(null=True, blank=True)
    remaining = models.FloatField("budget left", null=True, blank=True)
    burn = models.FloatField("burn rate", null=True, blank=True)
    measured = models.FloatField(null=True, blank=True)
    good = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    empty_at = models.DateTimeField("empty by", null=True, blank=True)
    severity = models.CharField("alert", max_length=6, choices=Severity, blank=True)
    alert_text = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.slo}: {self.remaining}"


class SloAlert(models.Model):
    """A time in which a budget burned too fast, and which window said so. Incidents grow from these."""

    slo = models.ForeignKey(Slo, on_delete=models.CASCADE, related_name="alerts")
    severity = models.CharField(max_length=6, choices=Severity)
    text = models.CharField(max_length=300)
    long_minutes = models.PositiveIntegerField()
    factor = models.FloatField()
    burn = models.FloatField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slo", "long_minutes"], condition=Q(ended_at=None), name="one_open_alert_of_a_window"
            )
        ]
        indexes = [models.Index(fields=["-started_at"], name="slo_alert_by_time")]

    def __str__(self) -> str:
        return self.text
