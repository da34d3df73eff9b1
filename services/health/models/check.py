"""Checks: what is asked of a service every so often, what the answers say, and when no answer is expected."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.crypto import get_random_string

from portal.history.tracking import track_history
from portal.models import Versioned, bump_version
from portal.named_values import NamedValues
from services.health.plausible import EARLIEST, LATEST_KEPT, check_planned
from services.models import Entity

SHORTEST_INTERVAL_S = 10


class CheckKind(models.TextChoices):
    HTTP = "http", "HTTP"
    TCP = "tcp", "TCP"
    HEARTBEAT = "heartbeat", "Heartbeat"


class CheckStatus(models.TextChoices):
    """What a check says. Missing is not down, late is not down, maintenance is not up."""

    UP = "up", "Up"
    DEGRADED = "degraded", "Degraded"
    DOWN = "down", "Down"
    LATE = "late", "Late"
    UNKNOWN = "unknown", "Unknown"
    MAINTENANCE = "maintenance", "In maintenance"


class Method(models.TextChoices):
    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    OPTIONS = "OPTIONS"


def new_token() -> str:
    """A capability: whoever has the address may ping."""
    return get_random_string(32)


class CheckQuerySet(models.QuerySet["Check"]):
    def active(self) -> "CheckQuerySet":
        return self.filter(is_active=True)


# The token is a capability, and headers may hold keys: neither is part of the history.
@track_history(exclude=("token", "headers"))
class Check(Versioned):
    """One question asked of an entity every ``interval_s`` seconds, or, for a heartbeat, a ping awaited that often.

    ``address`` is a URL for HTTP and ``host:port`` for TCP. The state changes when ``failures_needed`` of the last
    ``of_last`` answers failed. An answer slower than ``max_latency_ms``, or a certificate with fewer than
    ``certificate_days`` left, makes it degraded.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=100, help_text="What is asked, such as Front page.")
    kind = models.CharField(max_length=10, choices=CheckKind, default=CheckKind.HTTP)
    environment = models.CharField(max_length=40, default="production")
    address = models.CharField(
        max_length=2000, blank=True, help_text="https://… for HTTP, host:port for TCP; nothing for a heartbeat."
    )
    method = models.CharField(max_length=7, choices=Method, default=Method.GET)
    headers = NamedValues(
        secrets=True,
        help_text="Sent with the request, one a line, such as Accept: application/json. Keys and tokens are hidden "
        "once they are saved.",
    )
    expected_status = models.CharField(max_length=60, default="200-299", help_text="Such as 200, or 200-299,401.")
    expected_text = models.CharField(max_length=500, blank=True, help_text="What the answer must contain.")
    max_latency_ms = models.PositiveIntegerField(
        "slow from", null=True, blank=True, help_text="Milliseconds from which an answer counts as degraded."
    )
    certificate_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Degraded when the certificate ends in fewer days."
    )
    interval_s = models.PositiveIntegerField(
        "every",
        default=60,
        validators=[MinValueValidator(SHORTEST_INTERVAL_S), MaxValueValidator(7 * 86_400)],
        help_text="Seconds between two questions; for a heartbeat between two pings.",
    )
    timeout_ms = models.PositiveIntegerField(
        "time-out", default=10_000, validators=[MinValueValidator(100), MaxValueValidator(60_000)],
        help_text="Milliseconds after which no answer is a failure; from 100 to 60,000.",
    )  # fmt: skip
    grace_s = models.PositiveIntegerField(
        "grace", default=300, validators=[MaxValueValidator(7 * 86_400)],
        help_text="Seconds a heartbeat may be overdue before it counts as late.",
    )  # fmt: skip
    failures_needed = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1)],
        help_text="The status changes when so many of the last answers say so: for the worse, and back again.",
    )  # fmt: skip
    of_last = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="How many of the last answers are looked at, up to 10. With 2 of 3, one failure alone is no alarm.",
    )  # fmt: skip
    is_active = models.BooleanField("active", default=True, db_default=True)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    # Part of the history, so that it tells who renewed the token and when.
    token_made_at = models.DateTimeField("address of its pings made", default=timezone.now, editable=False)

    objects = CheckQuerySet.as_manager()
    choice_label = Concat("entity__reference__name", Value(": "), "name")

    class Meta(Versioned.Meta):
        abstract = False
        triggers = [bump_version("token", "token_made_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "name"],
                name="one_check_of_a_name",
                violation_error_message="This service has a check of that name already.",
            ),
            models.CheckConstraint(
                name="check_needs_at_most_what_it_looks_at",
                condition=Q(failures_needed__lte=models.F("of_last")),
                violation_error_message="A check cannot need more failures than it looks at.",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="check_by_name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        from services.health.targets import validate

        validate(self)


class CheckState(models.Model):
    """What the machines know of a check, and when it is due: the queue of the prober.

    Whoever probes takes the row with a lease; a lease that has run out is anybody's. ``recent`` holds the outcomes of
    the last ``of_last`` answers, newest last. ``lag_ms`` is how late the last question was asked.
    """

    # Named like this because ``check`` is a method of every model.
    of = models.OneToOneField(Check, on_delete=models.CASCADE, primary_key=True, related_name="state")
    status = models.CharField(max_length=12, choices=CheckStatus, default=CheckStatus.UNKNOWN)
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    status_before_maintenance = models.CharField(max_length=12, blank=True)
    recent = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    last_at = models.DateTimeField("last answer", null=True, blank=True)
    latency_ms = models.FloatField(null=True, blank=True)
    certificate_expires_at = models.DateTimeField(null=True, blank=True)
    pinged_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lag_ms = models.FloatField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="check_due"),
            models.Index(fields=["lease"], name="check_lease", condition=~Q(lease=None)),
            models.Index(fields=["status"], name="check_status"),
        ]

    def __str__(self) -> str:
        return f"{self.of}: {self.get_status_display()}"


class CheckChange(models.Model):
    """That the status of a check changed: what timelines and strips are drawn from."""

    of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    before = models.CharField(max_length=12, choices=CheckStatus)
    after = models.CharField(max_length=12, choices=CheckStatus)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "at"], name="one_change_at_a_time")]
        indexes = [models.Index(fields=["-at"], name="check_change_by_time")]

    def __str__(self) -> str:
        return f"{self.of}: {self.get_after_display()}"


class Outcome(models.IntegerChoices):
    """What one answer said."""

    UP = 0, "Up"
    DEGRADED = 1, "Degraded"
    DOWN = 2, "Down"
    # Nothing was asked in time: the portal's own lateness, or a ping that did not come.
    LATE = 3, "Late"


class CheckResult(models.Model):
    """One answer. The table is partitioned by day of ``due_at`` and written by COPY; nothing points into it.

    ``due_at`` is the moment the question was due, so that one question has one answer whoever asks twice, and when it
    counts. Of a heartbeat it is the moment of the ping, or the end of the grace of one that did not come.
    """

    pk = models.CompositePrimaryKey("of_id", "due_at")
    of_id = models.BigIntegerField()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField()
    outcome = models.SmallIntegerField(choices=Outcome)
    maintenance = models.BooleanField()
    # Others were asked for by a person besides the schedule: shown, but part of no sum.
    scheduled = models.BooleanField(default=True)
    latency_ms = models.FloatField(null=True)
    status_code = models.SmallIntegerField(null=True)
    reason = models.TextField()

    class Meta:
        managed = False
        db_table = "health_checkresult"

    def __str__(self) -> str:
        return f"{self.of_id} at {self.due_at:%Y-%m-%d %H:%M:%S}"


class CheckDay(models.Model):
    """One day (UTC) of one check, summed. What is older than the raw results is known from here alone.

    Counts are answers: ``good`` (up and degraded), ``slow`` (degraded, part of good), ``bad``, ``late`` (missing), and
    ``maintenance``, which is part of none of them. ``latency`` is a histogram of ``scheme`` (services.health.buckets).
    ``hours`` and ``fine`` pack the five counts, in this order, for 24 hours and 288 spans of five minutes, one after
    another; ``hour_latency`` packs 24 histograms. Retention empties ``fine`` first, then ``hours``.
    """

    of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    scheme = models.PositiveSmallIntegerField(default=1)
    good = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    maintenance = models.PositiveIntegerField(default=0)
    latency = ArrayField(models.IntegerField(), default=list)
    hours = ArrayField(models.IntegerField(), null=True)
    hour_latency = ArrayField(models.IntegerField(), null=True)
    fine = ArrayField(models.IntegerField(), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "day"], name="one_row_of_a_check_and_day")]
        indexes = [models.Index(fields=["day"], name="check_day_by_day")]

    def __str__(self) -> str:
        return f"{self.of_id} on {self.day}"


class RollUpMark(models.Model):
    """Up to when raw results have been summed: one row. What came later is only in the raw results.

    ``late_answers`` counts how often answers came to hours that may be summed already, so that a summing under way sees
    that it may have missed them.
    """

    rolled_until = models.DateTimeField()
    late_answers = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rolled_until:%Y-%m-%d %H:%M}"


class Weekday(models.TextChoices):
    """In the order in which Python numbers them."""

    MONDAY = "monday", "Monday"
    TUESDAY = "tuesday", "Tuesday"
    WEDNESDAY = "wednesday", "Wednesday"
    THURSDAY = "thursday", "Thursday"
    FRIDAY = "friday", "Friday"
    SATURDAY = "saturday", "Saturday"
    SUNDAY = "sunday", "Sunday"


@track_history()
class MaintenanceWindow(Versioned):
    """When no answer is expected of an entity: once, from ``starts_at`` to ``ends_at``; or every week on ``weekday`` at
    ``start_time`` in ``zone``, for ``minutes``. Weekly ones are computed, never written out."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="maintenance_windows")
    reason = models.CharField(max_length=200)
    starts_at = models.DateTimeField(
        null=True, blank=True, validators=[check_planned],
        help_text="Of a single one, on the clocks of your own time zone: your browser’s, unless your profile names "
        "one.",
    )  # fmt: skip
    ends_at = models.DateTimeField(
        null=True, blank=True, validators=[check_planned],
        help_text="Of a single one, on the clocks of your own time zone as well.",
    )  # fmt: skip
    weekday = models.CharField(
        max_length=9, choices=Weekday, blank=True, help_text="Of a weekly one. A single one has none."
    )
    start_time = models.TimeField(
        null=True, blank=True, help_text="Of a weekly one, such as 07:30, on the clocks of the time zone below."
    )
    minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(7 * 24 * 60)],
        help_text="How long a weekly one lasts.",
    )  # fmt: skip
    zone = models.CharField(
        "time zone", max_length=60, default="UTC",
        help_text="Of a weekly one: its weekday and hour are those of this zone. It says nothing of a single one.",
    )  # fmt: skip

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="window_is_once_or_weekly",
                # A comparison with what is not there is neither true nor false, and a constraint lets that pass.
                condition=Q(starts_at__isnull=False, ends_at__isnull=False, weekday="")
                & Q(ends_at__gt=models.F("starts_at"))
                | ~Q(weekday="") & Q(starts_at=None, ends_at=None, start_time__isnull=False, minutes__isnull=False),
                violation_error_message="Give a start and a later end, or a weekday, a time and a number of minutes.",
            ),
            models.CheckConstraint(
                name="window_is_of_years_that_can_be_read",
                condition=Q(starts_at__gte=EARLIEST, ends_at__lt=LATEST_KEPT),
                violation_error_message="Choose days from 1990 to 2199.",
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    def clean(self) -> None:
        from portal.people.models import check_time_zone

        check_time_zone(self.zone)
        if self.weekday and (self.starts_at or self.ends_at):
            raise ValidationError("Give either a start and an end, or a weekday, a time and minutes: not both.")
        if self.starts_at and not self.ends_at:
            raise ValidationError({"ends_at": "Say when it ends."})


class EntityHealth(models.TextChoices):
    """One word for a whole entity (ui: Healthy, Degraded, Failing, In maintenance, No checks, Unknown)."""

    HEALTHY = "healthy", "Healthy"
    DEGRADED = "degraded", "Degraded"
    FAILING = "failing", "Failing"
    MAINTENANCE = "maintenance", "In maintenance"
    UNKNOWN = "unknown", "Unknown"


class HealthState(models.Model):
    """The health of an entity as its checks and SLOs tell it; no row means that it has no checks."""

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True, related_name="health")
    status = models.CharField("health", max_length=12, choices=EntityHealth, default=EntityHealth.UNKNOWN)
    reason = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["status"], name="health_by_status")]

    def __str__(self) -> str:
        return self.get_status_display()


# The history, told with that of the entity, says who made, renewed or withdrew it; not where it is.
@track_history(exclude=("token",))
class Badge(models.Model):
    """That the health of an entity may be seen by whoever has the address of its badge, until that is renewed or
    withdrawn. Somebody makes it; nothing is open by itself. It outlives the state, which goes with the last check."""

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True, related_name="badge")
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Badge of {self.entity}"
