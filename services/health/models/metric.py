"""Metrics: every number that is followed over time, wherever it comes from."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.named_values import NamedValues
from portal.references.models import Reference


class MetricKind(models.TextChoices):
    """A gauge is a level (a day has its last value), a flow an amount (a day has the sum), a ratio good of total."""

    GAUGE = "gauge", "Level"
    FLOW = "flow", "Amount"
    RATIO = "ratio", "Good of total"


class Origin(models.TextChoices):
    PUSHED = "pushed", "Pushed"
    PROMETHEUS = "prometheus", "Prometheus"
    IMPORTED = "imported", "Imported"
    DERIVED = "derived", "Derived"


@track_history()
class PrometheusServer(Versioned):
    """Where Prometheus queries are sent. The token is read from the environment variable named here, never stored."""

    name = models.CharField(max_length=100, unique=True)
    url = models.URLField(
        "address", help_text="Such as https://prometheus.example.com, or with the path under which its API lies."
    )
    token_variable = models.CharField(
        "variable of the token",
        max_length=100,
        blank=True,
        # Any other variable would hand the portal's own secrets to whatever the address names.
        validators=[RegexValidator(r"^PROMETHEUS_[A-Z0-9_]+$", "Name a variable that begins with PROMETHEUS_.")],
        help_text="Environment variable of web and worker, such as PROMETHEUS_TOKEN. It holds a bearer token, or a "
        "whole Authorization such as Basic dXNlcjpwYXNz.",
    )

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        from services.health.targets import check_url

        check_url("url", self.url)


@track_history()
class Metric(Versioned):
    """One series. ``subject`` is what it is about, nothing for the organisation.

    ``provider`` names the registered function of a derived one (services.health.providers), ``query`` is PromQL for one
    asked of Prometheus every ``every_s`` seconds; of several series in its answer the one is taken that has all
    ``labels``. ``baseline`` is what later values are compared with: worse by more
    than ``tolerance`` percent is a regression.
    """

    subject = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="metrics",
        help_text="A team, a service or another entity, such as checkout-api. Empty: the organisation.",
    )  # fmt: skip
    name = models.SlugField(max_length=100, help_text="Short name for addresses and pushes, such as nps.")
    title = models.CharField("display name", max_length=200, blank=True)
    unit = models.CharField(max_length=40, blank=True, help_text="Such as ms, %, EUR, requests.")
    kind = models.CharField(max_length=10, choices=MetricKind, default=MetricKind.GAUGE)
    environment = models.CharField(max_length=40, blank=True)
    labels = NamedValues(
        help_text="One a line, such as region: eu. Of a query that gives several series, the one with all of these.",
    )
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.PUSHED)
    server = models.ForeignKey(
        PrometheusServer, on_delete=models.PROTECT, null=True, blank=True, related_name="metrics",
        verbose_name="Prometheus",
    )  # fmt: skip
    query = models.TextField(
        blank=True, max_length=10_000, help_text="PromQL. It gives one series, or several of which labels choose one."
    )
    total_query = models.TextField(
        "query of the total", blank=True, max_length=10_000, help_text="PromQL of all events, for good of total."
    )
    every_s = models.PositiveIntegerField(
        "every",
        default=300,
        validators=[MinValueValidator(15), MaxValueValidator(86_400)],
        help_text="Seconds between two values that Prometheus is asked for.",
    )
    provider = models.CharField(max_length=60, blank=True, editable=False)
    higher_is_better = models.BooleanField(null=True, blank=True)
    baseline = models.FloatField(
        null=True, blank=True,
        help_text="In the unit of the metric; of good of total as a share, such as 0.99 for 99 %.",
    )  # fmt: skip
    baseline_note = models.CharField(max_length=200, blank=True, help_text="Of when, measured how.")
    tolerance = models.FloatField(default=10, help_text="Percent worse than the baseline that is a regression.")

    choice_label = Concat(
        Coalesce("subject__name", Value("organisation")),
        Value(": "),
        "name",
        Case(When(environment="", then=Value("")), default=Concat(Value(" ("), "environment", Value(")"))),
        output_field=models.CharField(),
    )

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "name", "environment", "labels"],
                name="one_metric_of_a_name",
                nulls_distinct=False,
                violation_error_message="There is a metric of that name for this subject already.",
            ),
            models.CheckConstraint(
                name="prometheus_metric_has_server_and_query",
                condition=~Q(origin="prometheus") | (Q(server__isnull=False) & ~Q(query="")),
                violation_error_message="A metric from Prometheus needs a server and a query.",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="metric_by_name")]

    def __str__(self) -> str:
        return self.title or self.name

    def clean(self) -> None:
        """Raise ValidationError for a query that does not go with the rest."""
        if self.server is None and (self.query or self.total_query):
            raise ValidationError({"server": "Say which Prometheus is asked, or leave the query out."})
        if self.server is not None and not self.query:
            raise ValidationError({"query": "Write what Prometheus is asked, or name no server."})
        if self.server is not None and (self.kind == MetricKind.RATIO) != bool(self.total_query):
            raise ValidationError({"total_query": "Good of total has a query of the total, and nothing else has one."})
        if self.baseline is not None:
            self.check_share("baseline", self.baseline)

    def check_share(self, field: str, value: float) -> None:
        """Raise ValidationError for a value of ``field`` that good of total can never have."""
        if self.kind == MetricKind.RATIO and not 0 <= value <= 1:
            told = f"“{self}” is good of total, a share from 0 to 1. Write 0.99 for 99 %, not {value:g}."
            raise ValidationError({field: told})


class MetricState(models.Model):
    """The current value (see services.health.samples), whether it is worse than the baseline, and when it is next asked
    for. ``at`` is the moment of the newest sample.

    ``asked_until`` is the moment up to which Prometheus has answered; what lies after it is asked again.
    """

    metric = models.OneToOneField(Metric, on_delete=models.CASCADE, primary_key=True, related_name="state")
    value = models.FloatField(null=True, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    regressed_since = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    asked_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="metric_due", condition=~Q(due_at=None))]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value}"


class Sample(models.Model):
    """One value of a metric at a moment. The table is partitioned by month; nothing points into it.

    ``good`` and ``total`` are set for ratios, whose ``value`` is good over total. A later write of the same moment
    replaces the earlier one, so that a push that is repeated changes nothing.
    """

    pk = models.CompositePrimaryKey("metric_id", "at")
    metric_id = models.BigIntegerField()
    at = models.DateTimeField()
    value = models.FloatField()
    good = models.FloatField(null=True)
    total = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "health_sample"

    def __str__(self) -> str:
        return f"{self.metric_id} at {self.at:%Y-%m-%d %H:%M:%S}"


class MetricDay(models.Model):
    """One day of one metric, in the organisation's time zone: what is left when its samples are gone."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    count = models.PositiveIntegerField()
    sum = models.FloatField()
    min = models.FloatField()
    max = models.FloatField()
    last = models.FloatField()
    good = models.FloatField(null=True)
    total = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "day"], name="one_row_of_a_metric_and_day")]

    def __str__(self) -> str:
        return f"{self.metric_id} on {self.day}"


class SummedMark(models.Model):
    """The last day on which the samples of open days were summed: one row. What came since may be in no sum yet."""

    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.day}"


class ReceivedBatch(models.Model):
    """That a push, a deployment report or another hook with this key was taken: a repeat is answered, not done again.

    A key is its sender's own (``services.health.hooks.sender_of``): what others send under it is something else.
    ``digest`` tells a repeat from another body under the same key. ``body`` is kept as it came, but for that of
    samples, which are kept themselves.
    """

    hook = models.CharField(max_length=40)
    sender = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    body = models.BinaryField(null=True)
    answer = models.JSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "sender", "key"], name="one_batch_of_a_key")]
        indexes = [models.Index(fields=["received_at"], name="batch_by_time")]

    def __str__(self) -> str:
        return f"{self.hook} {self.key}"
