"""The five times of an incident: when it started, was detected, acknowledged, mitigated and resolved."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from portal.history.tracking import track_history
from portal.models import Versioned


class Point(models.TextChoices):
    """In the order in which they follow each other, unless the lint says otherwise."""

    STARTED = "started", "Started"
    DETECTED = "detected", "Detected"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"


class Precision(models.TextChoices):
    """How well a time is known. ``about`` is give or take ``give_or_take_s``; an interval lasts until ``until``."""

    EXACT = "exact", "Exact"
    ABOUT = "about", "About"
    INTERVAL = "interval", "Between"


@track_history()
class IncidentTime(Versioned):
    """One of the five times, how well it is known, and who or what says so."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="times")
    point = models.CharField(max_length=12, choices=Point)
    at = models.DateTimeField()
    precision = models.CharField(max_length=8, choices=Precision, default=Precision.EXACT)
    until = models.DateTimeField(null=True, blank=True, help_text="Of an interval: it was no later than this.")
    give_or_take_s = models.PositiveIntegerField(
        "give or take", null=True, blank=True, validators=[MaxValueValidator(7 * 86_400)],
        help_text="Of about: seconds before and after.",
    )  # fmt: skip
    source = models.CharField(
        max_length=200, blank=True, help_text="Who or what says so, such as the alert, the pipeline, a customer."
    )

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "time"
        constraints = [
            models.UniqueConstraint(fields=["incident", "point"], name="one_time_of_a_point"),
            models.CheckConstraint(
                name="a_time_is_known_in_one_way",
                condition=Q(precision="exact", until=None, give_or_take_s=None)
                | Q(precision="about", until=None, give_or_take_s__isnull=False)
                | Q(precision="interval", until__isnull=False, until__gt=models.F("at"), give_or_take_s=None),
                violation_error_message="An exact time stands alone, about says give or take how much, an "
                "interval has a later end.",
            ),
        ]
        indexes = [models.Index(fields=["point", "at"], name="time_of_a_point")]

    def __str__(self) -> str:
        return f"{self.get_point_display()} of {self.incident.name}"

    def clean(self) -> None:
        if self.precision == Precision.INTERVAL and self.until and self.at and self.until <= self.at:
            raise ValidationError({"until": "The interval ends before it begins. Swap the two."})

    @property
    def earliest(self) -> dt.datetime:
        return self.at - dt.timedelta(seconds=self.give_or_take_s or 0)

    @property
    def latest(self) -> dt.datetime:
        return self.until or self.at + dt.timedelta(seconds=self.give_or_take_s or 0)
