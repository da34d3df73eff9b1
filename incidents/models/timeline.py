"""What happened in an incident, in the order in which it happened; who did what in which role; what was hit."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.models.upload import Upload
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference


class EventKind(models.TextChoices):
    """What an event tells of. People write notes, decisions and observations; the others are noted by the portal."""

    NOTE = "note", "Note"
    OBSERVATION = "observation", "Observation"
    DECISION = "decision", "Decision"
    ACTION = "action", "Action"
    REPORT = "report", "Report from outside"
    UPDATE = "update", "Status update"
    STATUS = "status", "Status"
    SEVERITY = "severity", "Severity"
    ROLE = "role", "Role"
    ALERT = "alert", "Alert"
    DEPLOYMENT = "deployment", "Deployment"
    ROLLBACK = "rollback", "Rollback"
    HEALTH = "health", "Health"


BY_PEOPLE = frozenset(
    {EventKind.NOTE, EventKind.OBSERVATION, EventKind.DECISION, EventKind.ACTION, EventKind.REPORT, EventKind.UPDATE}
)


class TimelineEvent(models.Model):
    """One thing that happened. It is never changed: a correction is an event of its own that ``supersedes`` it, and one
    that is ``withdrawn`` supersedes it with nothing. ``source_key`` names what a machine noted, so that it is noted
    once. ``is_key`` marks what a postmortem tells; it may be chosen later, and is no part of what happened.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=12, choices=EventKind, default=EventKind.NOTE)
    text = models.TextField(max_length=10_000, blank=True)
    happened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    actor_role = models.CharField("acting as", max_length=60, blank=True)
    source = models.CharField(max_length=120, blank=True, help_text="What noted it, such as Alertmanager or CI.")
    source_key = models.CharField(max_length=200, blank=True, editable=False)
    about = models.ForeignKey(Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="timeline")
    link = models.CharField(max_length=2000, blank=True, validators=[URLValidator(schemes=["http", "https"])])
    quote = models.TextField("quoted log", max_length=20_000, blank=True)
    files = models.ManyToManyField(Upload, blank=True, related_name="events")
    is_key = models.BooleanField("key event", default=False, db_default=False)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by", editable=False
    )
    withdrawn = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = "timeline event"
        constraints = [
            models.UniqueConstraint(fields=["incident", "source_key"], name="noted_once", condition=~Q(source_key="")),
            models.CheckConstraint(
                name="ends_after_it_began",
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("happened_at")),
                violation_error_message="It ended before it began. Swap the two times.",
            ),
        ]
        indexes = [models.Index(fields=["incident", "happened_at", "id"], name="timeline_in_order")]

    def __str__(self) -> str:
        return self.text[:80] or self.get_kind_display()

    def clean(self) -> None:
        if not self.text.strip() and not self.withdrawn:
            raise ValidationError({"text": "Say what happened."})


@track_history()
class IncidentRole(Versioned):
    """A role that somebody takes in an incident, such as lead or communication."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Stays as it is: addresses and files name it.")
    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True, help_text="What whoever has it does.")
    place = models.PositiveSmallIntegerField(default=50)
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name


@track_history()
class Assignment(models.Model):
    """That a person has a role from a moment until a moment. One person at a time has it: whoever takes it over ends
    the one before."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="assignments")
    role = models.ForeignKey(IncidentRole, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="incident_roles", limit_choices_to={"kind__in": ["user"]}
    )
    from_at = models.DateTimeField("from")
    to_at = models.DateTimeField("until", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"], name="one_has_a_role_at_a_time", condition=Q(to_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.person}"


# The kinds of thing that an incident can hit.
HIT = ("component", "api", "resource", "system")


class ImpactLevel(models.TextChoices):
    """How much of what a service promises was not kept."""

    DEGRADED = "degraded", "Degraded"
    PARTIAL = "partial", "Partly down"
    DOWN = "down", "Down"
    NONE = "none", "Not hit"


@track_history()
class Impact(Versioned):
    """What an incident did to one service, from when until when. Several follow each other as the level changes; an
    open one has no end, and one of which nobody said when it began has no start."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="impacts")
    subject = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="impacts", verbose_name="service",
        limit_choices_to={"kind__in": list(HIT)},
    )  # fmt: skip
    level = models.CharField(max_length=10, choices=ImpactLevel, default=ImpactLevel.DEGRADED)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    customers = models.PositiveIntegerField(
        "customers hit", null=True, blank=True, validators=[MaxValueValidator(2_000_000_000)]
    )
    note = models.CharField(max_length=500, blank=True, help_text="What users noticed.")

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="impact_ends_after_it_began",
                condition=Q(ended_at=None) | Q(started_at__isnull=False, ended_at__gt=models.F("started_at")),
                violation_error_message="An impact that ended began before that. Correct one of the two times.",
            )
        ]
        indexes = [models.Index(fields=["subject", "-started_at"], name="impacts_of_a_service")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_level_display()}"
