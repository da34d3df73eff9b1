"""What the organisation answers to: frameworks and their controls, and what shows that they are met."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from services.health.plausible import check_day
from services.models import Entity


@track_history()
class Framework(Versioned):
    """A set of controls, such as SOC 2. One that is switched off is neither counted nor asked for."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Stays as it is: addresses and files name it.")
    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name


@track_history()
class Control(Versioned):
    """One thing that a framework asks for, by its identifier there and in words of our own."""

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="controls")
    identifier = models.CharField(max_length=40, help_text="As the framework has it, such as CC6.1.")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=2000)
    review_days = models.PositiveSmallIntegerField(
        "reviewed every, days", default=180, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )

    # What tells one from another in forms, such as SOC 2 CC6.1.
    choice_label = Concat("framework__name", Value(" "), "identifier")

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["framework", "identifier"], name="one_control_of_an_identifier")]

    def __str__(self) -> str:
        return f"{self.identifier} {self.title}"


class Fulfilment(models.TextChoices):
    MET = "met", "Met"
    PARTLY = "partly", "Partly met"
    GAP = "gap", "Gap"
    NOT_APPLICABLE = "not_applicable", "Does not apply"


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible(self, reader: Any) -> "EvidenceQuerySet":
        """All but what rests on a private initiative that the reader is not let into."""
        from roadmap.models.initiative import granted_to

        return self.filter(Q(initiative=None) | Q(initiative__is_private=False) | Q(initiative__in=granted_to(reader)))


@track_history()
class Evidence(Versioned):
    """That a service fulfils a control or does not, what shows it, and until when that holds. Without a service: the
    organisation as a whole."""

    control = models.ForeignKey(Control, on_delete=models.CASCADE, related_name="evidence")
    service = models.ForeignKey(
        Entity, on_delete=models.CASCADE, null=True, blank=True, related_name="evidence",
        help_text="Empty: the organisation as a whole.",
    )  # fmt: skip
    fulfilment = models.CharField(max_length=14, choices=Fulfilment, default=Fulfilment.GAP)
    text = models.TextField("what shows it", blank=True, max_length=5000)
    url = models.URLField("address of the proof", max_length=500, blank=True)
    owner = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="evidence_owned",
        limit_choices_to={"kind__in": ["group"]},
    )  # fmt: skip
    initiative = models.ForeignKey(
        "roadmap.Initiative", on_delete=models.SET_NULL, null=True, blank=True, related_name="evidence",
        help_text="What closes the gap.",
    )  # fmt: skip
    reviewed_on = models.DateField("reviewed", null=True, blank=True, validators=[check_day])
    review_by = models.DateField("review by", null=True, blank=True, validators=[check_day])

    objects = EvidenceQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(fields=["control", "service"], name="one_evidence_each", nulls_distinct=False,
                                    violation_error_message="This control has evidence for this service already."),
            models.CheckConstraint(
                name="met_with_what_shows_it",
                condition=Q(fulfilment__in=["gap", "not_applicable"]) | ~Q(text="") | ~Q(url=""),
                violation_error_message="Say what shows that it is met, or give its address.",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["review_by"], name="evidence_by_review")]

    def __str__(self) -> str:
        return f"{self.control.identifier}: {self.service or 'the organisation'}"
