"""Who is on call: how a team hands it over, and the shifts that follow from that."""

import datetime as dt
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import get_random_string

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.people.models import check_time_zone
from portal.references.models import Reference

# No rotation began so long ago or begins so late: the year is mistyped.
_FAR_AWAY = dt.timedelta(days=20 * 365)


def new_token() -> str:
    return get_random_string(40)


def default_zone() -> str:
    return timezone.get_default_timezone_name()


class Way(models.TextChoices):
    ROTATION = "rotation", "Rotation kept here"
    CALENDAR = "calendar", "Calendar of another system"


# Whoever has the address of either calendar sees who works when: neither is a column, nor part of the history.
@track_history(exclude=("feed_url", "token"))
class Schedule(Versioned):
    """How a team hands over who is on call: its people in order, or a calendar that another system keeps.

    The first shift of a rotation begins on ``first_day`` at ``hand_over_at`` on the clocks of ``zone``, and each lasts
    ``length_days``, so that one of whole weeks is handed over on the same day of the week. ``token`` opens the calendar
    that the portal makes of the shifts, without a sign-in; empty, nobody has asked for one.
    """

    team = models.OneToOneField(
        Reference, on_delete=models.CASCADE, related_name="on_call", limit_choices_to={"kind__in": ["group"]},
        error_messages={"unique": "This team says already who is on call. Edit that."},
    )  # fmt: skip
    way = models.CharField("kept", max_length=10, choices=Way, default=Way.ROTATION)
    first_day = models.DateField(
        "first shift begins on", null=True, blank=True,
        help_text="Of a rotation. In one of whole weeks every shift begins on this day of the week.",
    )  # fmt: skip
    hand_over_at = models.TimeField("handed over at", default=dt.time(9), help_text="On the clocks of the time zone.")
    length_days = models.PositiveSmallIntegerField(
        "days of a shift", default=7, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    zone = models.CharField("time zone", max_length=63, default=default_zone, validators=[check_time_zone])
    feed_url = models.CharField(
        "address of the calendar", max_length=2000, blank=True,
        help_text="The iCal address (https or webcal) that PagerDuty, Opsgenie, Grafana or a calendar gives you. "
        "Only those who may edit see it.",
    )  # fmt: skip
    token = models.CharField(max_length=40, unique=True, null=True, editable=False)  # noqa: DJ001  many have none

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "on-call schedule"
        constraints = [
            models.CheckConstraint(
                name="a_rotation_begins_a_calendar_lies_somewhere",
                condition=Q(way="rotation", first_day__isnull=False) | (Q(way="calendar") & ~Q(feed_url="")),
                violation_error_message="A rotation says when its first shift begins, a calendar where it lies.",
            )
        ]

    def __str__(self) -> str:
        return f"On call in {self.team.label}"

    def clean(self) -> None:
        if self.way == Way.ROTATION and self.first_day is None:
            raise ValidationError({"first_day": "Say on which day the first shift begins; it may be in the past."})
        if self.first_day and abs(self.first_day - timezone.localdate()) > _FAR_AWAY:
            raise ValidationError({"first_day": f"This is in the year {self.first_day.year}. Look at the year again."})
        if self.way == Way.CALENDAR and not self.feed_url:
            raise ValidationError({"feed_url": "Give the iCal address of the calendar, or keep the rotation here."})

    @property
    def timezone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)


@track_history()
class Turn(models.Model):
    """A person in a rotation; ``place`` counts from 1 without gaps, in the order in which they follow each other."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey(
        Reference, on_delete=models.CASCADE, related_name="on_call_turns", limit_choices_to={"kind__in": ["user"]}
    )
    place = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "person"], name="in_a_rotation_once",
                violation_error_message="This person is in the rotation already. Move them up or down.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person} is number {self.place}"


@track_history()
class StandIn(models.Model):
    """That a person takes over from whoever would be on call between two moments. Of several the last made counts."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="stand_ins")
    person = models.ForeignKey(
        Reference, on_delete=models.CASCADE, related_name="on_call_stand_ins", limit_choices_to={"kind__in": ["user"]}
    )
    from_at = models.DateTimeField("from")
    until_at = models.DateTimeField("until")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_stand_in_ends_after_it_began",
                condition=Q(until_at__gt=F("from_at")),
                violation_error_message="It ends before it begins. Swap the two times.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} from {self.from_at:%Y-%m-%d %H:%M}"


class Shift(models.Model):
    """Who is on call from one moment until another. What is to come is laid out anew from the schedule; what is past
    stays as it was. ``name`` is what a calendar says where nobody here is meant."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="shifts")
    person = models.ForeignKey(Reference, on_delete=models.CASCADE, null=True, related_name="on_call_shifts")
    name = models.CharField(max_length=200, blank=True)
    from_at = models.DateTimeField("from")
    until_at = models.DateTimeField("until")
    stands_in = models.BooleanField("stands in", default=False, db_default=False)

    class Meta:
        verbose_name = "on-call shift"
        constraints = [
            models.CheckConstraint(name="a_shift_is_somebodys", condition=Q(person__isnull=False) ^ ~Q(name="")),
            models.CheckConstraint(name="a_shift_ends_after_it_began", condition=Q(until_at__gt=F("from_at"))),
        ]
        indexes = [models.Index(fields=["schedule", "until_at"], name="shifts_of_a_team")]

    def __str__(self) -> str:
        return f"{self.who} from {self.from_at:%Y-%m-%d %H:%M}"

    @property
    def who(self) -> str:
        return self.person.label if self.person else self.name


class CalendarState(models.Model):
    """What was last read of a calendar of another system: the file that could be read, and why the last could not."""

    schedule = models.OneToOneField(Schedule, on_delete=models.CASCADE, primary_key=True, related_name="calendar")
    body = models.TextField(blank=True)
    etag = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(null=True)
    good_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=400, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="calendars_due")]

    def __str__(self) -> str:
        return f"Calendar of {self.schedule}"
