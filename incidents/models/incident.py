"""Incidents: something went wrong, or nearly did, or is being practised."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference, Referenced


class IncidentKind(models.TextChoices):
    """What the record is of. Only real ones count in figures."""

    REAL = "real", "Real"
    DRILL = "drill", "Drill"
    RETROSPECTIVE = "retrospective", "Retrospective"
    NEAR_MISS = "near_miss", "Near miss"


class Category(models.TextChoices):
    """What a status means, whatever it is called. These are fixed, so that figures survive another choice of words."""

    TRIAGE = "triage", "Triage"
    ACTIVE = "active", "Active"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    DECLINED = "declined", "Declined"
    MERGED = "merged", "Merged"
    CANCELLED = "cancelled", "Cancelled"


OPEN = frozenset({Category.TRIAGE, Category.ACTIVE, Category.MITIGATED})
# What was declared, and was none after all, or another one: neither counted nor asked for.
NO_INCIDENT = frozenset({Category.DECLINED, Category.MERGED, Category.CANCELLED})


@track_history()
class Severity(Versioned):
    """How bad an incident is. ``rank`` 1 is the worst; ``postmortem_days`` after the resolution its postmortem is due,
    where it needs one."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Stays as it is: addresses and files name it.")
    name = models.CharField(max_length=40, unique=True, help_text="Such as SEV-1.")
    description = models.CharField(max_length=300, blank=True, help_text="When to choose it.")
    rank = models.PositiveSmallIntegerField(unique=True, help_text="1 is the worst.")
    postmortem_days = models.PositiveSmallIntegerField(
        "postmortem due after", null=True, blank=True, validators=[MaxValueValidator(365)],
        help_text="Days after it was resolved. Without a number none is asked for.",
    )  # fmt: skip
    # Begins as PagerDuty's guide to postmortems has it for the two worst: 15 days for SEV-1, 30 for SEV-2.
    follow_up_days = models.PositiveSmallIntegerField(
        "follow-ups due after", default=60, validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text="Days after somebody commits to one. Whoever commits may choose another day.",
    )  # fmt: skip
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name_plural = "severities"

    def __str__(self) -> str:
        return self.name


@track_history()
class Status(Versioned):
    """A word of the organisation for one of the fixed categories."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Stays as it is: addresses and files name it.")
    name = models.CharField(max_length=40, unique=True, help_text="Such as Investigating.")
    category = models.CharField(
        max_length=12, choices=Category, help_text="Stays as it is: make another status for another category."
    )
    place = models.PositiveSmallIntegerField(default=50, help_text="Where it stands among those of its category.")
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name_plural = "statuses"

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """Where the numbers of a series stand. Public and private incidents count apart, so that no gap tells of what is
    private; whoever declares holds the row until the incident is there, so that none is left out."""

    prefix = models.CharField(max_length=8, primary_key=True)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last_number}"


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible(self, reader: Any) -> "IncidentQuerySet":
        """Public ones, and the private ones whose access list has the reader or a team of theirs."""
        return self.filter(Q(is_private=False) | Q(pk__in=granted_to(reader)))

    def hidden_from(self, reader: Any) -> "IncidentQuerySet":
        """The others: private ones that the reader is not let into."""
        return self.filter(is_private=True).exclude(pk__in=granted_to(reader))

    def for_pages(self) -> "IncidentQuerySet":
        """With what every part of an incident's page asks again: its times, and in ``held`` who has which role now."""
        assignments: Any = self.model._meta.get_field("assignments").related_model
        held = assignments.objects.filter(to_at=None).select_related("person", "role").order_by("role__place", "pk")
        return self.prefetch_related("times", models.Prefetch("assignments", held, to_attr="held"))

    def open(self) -> "IncidentQuerySet":
        return self.filter(status__category__in=OPEN)


def granted_to(reader: Any) -> models.QuerySet[Any, Any]:
    """The ids of private incidents that the reader is let into, in person or by a team."""
    named = set(getattr(reader, "team_ids", ()))  # who counts for the navigation of everybody is in no team
    if person := getattr(reader, "person", None):
        named.add(person.reference_id)
    return Access.objects.filter(who__in=named).values("incident")


@track_history()
class Incident(Versioned, Referenced):
    """One incident. ``name`` is its number with the prefix of its series, such as INC-412, and never changes; nor does
    ``is_private``, because a public number cannot be taken back. ``reason`` is why it was declined, cancelled, merged
    or opened again. What happened when stands in IncidentTime and TimelineEvent.
    """

    name = models.CharField("number", max_length=20, editable=False)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True, max_length=20_000)
    kind = models.CharField(max_length=15, choices=IncidentKind, default=IncidentKind.REAL)
    is_private = models.BooleanField("private", default=False, db_default=False, editable=False)
    status = models.ForeignKey(Status, on_delete=models.PROTECT, related_name="incidents")
    severity = models.ForeignKey(Severity, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents")
    owner = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_incidents",
        limit_choices_to={"kind__in": ["group"]},
    )  # fmt: skip
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    reason = models.CharField(max_length=500, blank=True, editable=False)
    declared_at = models.DateTimeField("declared", default=timezone.now, editable=False)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
        related_name="declared_incidents", editable=False,
    )  # fmt: skip

    objects = IncidentQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        triggers = [*Versioned.Meta.triggers, *Referenced.Meta.triggers]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="one_incident_of_a_number"),
            models.CheckConstraint(
                name="not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("pk")),
                violation_error_message="An incident cannot be merged into itself.",
            ),
        ]
        indexes = [
            models.Index(fields=["-declared_at", "id"], name="incident_by_declared"),
            models.Index(fields=["status", "-declared_at"], name="incident_by_status"),
            models.Index(fields=["owner", "-declared_at"], name="incident_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.title}"


# Who can be let into a private incident.
LET_IN = ("user", "group")


@track_history()
class Access(models.Model):
    """That a person or a team is let into a private incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="access")
    who = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="incident_access",
        limit_choices_to={"kind__in": list(LET_IN)},
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "access"
        constraints = [models.UniqueConstraint(fields=["incident", "who"], name="let_in_once")]

    def __str__(self) -> str:
        return f"{self.who} sees {self.incident.name}"


class Origin(models.Model):
    """Where an imported incident came from: its ``key`` in the other system, and what it said then, as a digest."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True, related_name="origin")
    format = models.CharField(max_length=30)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["format", "key"], name="imported_once")]

    def __str__(self) -> str:
        return f"{self.format}: {self.key}"
