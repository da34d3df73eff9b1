"""Initiatives: what is promised to change, for whom, until when, and what says so."""

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference, Referenced
from portal.texts import LONGEST_TEXT
from roadmap.models.append_only import append_only
from roadmap.models.cycle import Cycle
from roadmap.models.objective import Objective, refuse_other_way
from roadmap.models.words import GUARDRAILS, OVER, Category, Course, Horizon, Status, Translation, Way
from services.health.models import Metric
from services.health.plausible import check_day, check_number


class InitiativeQuerySet(models.QuerySet["Initiative"]):
    def visible(self, reader: Any) -> "InitiativeQuerySet":
        """Public ones, and the private ones that the reader, or a team of theirs, is let into."""
        return self.filter(Q(is_private=False) | Q(pk__in=granted_to(reader)))

    def hidden_from(self, reader: Any) -> "InitiativeQuerySet":
        """The others: private ones that the reader is not let into."""
        return self.filter(is_private=True).exclude(pk__in=granted_to(reader))

    def going_on(self) -> "InitiativeQuerySet":
        return self.exclude(status__in=OVER)


def granted_to(reader: Any) -> models.QuerySet[Any, Any]:
    """The ids of private initiatives that the reader is let into, in person or by a team."""
    named = set(getattr(reader, "team_ids", ()))
    if person := getattr(reader, "person", None):
        named.add(person.reference_id)
    return InitiativeAccess.objects.filter(who__in=named).values("initiative")


def _person(related: str, **more: Any) -> Any:
    return models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name=related,
        limit_choices_to={"kind__in": ["user"]}, **more,
    )  # fmt: skip


@track_history()
class Initiative(Versioned, Referenced):
    """One promise. ``name`` is its number with the prefix of its series, such as RM-12, and never changes; nor does
    ``is_private``, because a public number cannot be taken back.

    It starts on ``starts_on`` and is likely delivered on ``ends_likely``; in one case of ten already on
    ``ends_earliest``, in nine of ten by ``ends_latest``. ``started_on`` and ``delivered_on`` are what came of it.
    ``effort_days`` are days of people, ``cost`` is money besides them."""

    name = models.CharField("number", max_length=20, editable=False)
    title = models.CharField(max_length=200)
    problem = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="What hurts, whom, and how one knows.")
    scope_in = models.TextField("in scope", blank=True, max_length=LONGEST_TEXT)
    scope_out = models.TextField("out of scope", blank=True, max_length=LONGEST_TEXT)
    category = models.CharField(max_length=20, choices=Category, default=Category.RELIABILITY)
    horizon = models.CharField(max_length=5, choices=Horizon, default=Horizon.LATER)
    status = models.CharField(max_length=11, choices=Status, default=Status.IDEA, editable=False)
    status_reason = models.CharField("reason", max_length=500, blank=True, editable=False)
    team = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="team_initiatives",
        limit_choices_to={"kind__in": ["group"]}, help_text="The team that does it.",
    )  # fmt: skip
    owner = _person("owned_initiatives", help_text="The person who answers for it.")
    sponsor = _person("sponsored_initiatives", help_text="Who wants it and pays for it.")
    cycle = models.ForeignKey(Cycle, on_delete=models.SET_NULL, null=True, blank=True, related_name="initiatives")
    objective = models.ForeignKey(
        Objective, on_delete=models.SET_NULL, null=True, blank=True, related_name="initiatives",
        help_text="What it serves before all else.",
    )  # fmt: skip
    starts_on = models.DateField("start", null=True, blank=True, validators=[check_day])
    ends_earliest = models.DateField("earliest end", null=True, blank=True, validators=[check_day])
    ends_likely = models.DateField("likely end", null=True, blank=True, validators=[check_day])
    ends_latest = models.DateField(
        "latest end", null=True, blank=True, validators=[check_day],
        help_text="In nine of ten cases it is done by then.",
    )  # fmt: skip
    started_on = models.DateField("started", null=True, blank=True, editable=False, validators=[check_day])
    delivered_on = models.DateField("delivered", null=True, blank=True, editable=False, validators=[check_day])
    done_percent = models.PositiveSmallIntegerField(
        "done, percent", default=0, validators=[MaxValueValidator(100)], help_text="Of the work, not of its effect."
    )
    effort_days = models.FloatField(
        "effort, days", null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(100_000)],
        help_text="Days of people.",
    )  # fmt: skip
    cost = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="Money besides the days of people.",
    )  # fmt: skip
    goal = models.TextField("business goal", blank=True, max_length=2000)
    translation = models.CharField("means to the business", max_length=12, choices=Translation, blank=True)
    for_executives = models.TextField(blank=True, max_length=2000, help_text="The same in a sentence without jargon.")
    is_hundredfold = models.BooleanField(
        "100×",
        default=False,
        db_default=False,
        help_text="For a hundred times the load of today: its people do nothing else.",
    )
    is_private = models.BooleanField("private", default=False, db_default=False, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = InitiativeQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        triggers = [*Versioned.Meta.triggers, *Referenced.Meta.triggers]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="one_initiative_of_a_number"),
            models.CheckConstraint(
                name="initiative_dates_in_order",
                condition=(
                    (Q(starts_on=None) | Q(ends_likely=None) | Q(ends_likely__gte=F("starts_on")))
                    & (Q(starts_on=None) | Q(ends_earliest=None) | Q(ends_earliest__gte=F("starts_on")))
                    & (Q(ends_earliest=None) | Q(ends_likely=None) | Q(ends_likely__gte=F("ends_earliest")))
                    & (Q(ends_likely=None) | Q(ends_latest=None) | Q(ends_latest__gte=F("ends_likely")))
                    & (Q(starts_on=None) | Q(ends_latest=None) | Q(ends_latest__gte=F("starts_on")))
                ),
                violation_error_message="The dates are out of order: start, then earliest, likely, latest end.",
            ),
            models.CheckConstraint(
                name="initiative_over_with_a_reason",
                condition=~Q(status__in=["paused", "dropped"]) | ~Q(status_reason=""),
                violation_error_message="Say why it is paused or dropped: who planned on it will ask.",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "ends_likely"], name="initiatives_by_status"),
            models.Index(fields=["team", "status"], name="initiatives_of_a_team"),
            models.Index(fields=["owner", "status"], name="initiatives_of_a_person"),
            models.Index(fields=["objective"], name="initiatives_of_an_objective"),
            models.Index(fields=["starts_on", "id"], name="initiatives_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.title}"

    def clean(self) -> None:
        """Raise ValidationError at the date that is out of order, naming both."""
        ordered = ("starts_on", "ends_earliest", "ends_likely", "ends_latest")
        given = [(name, getattr(self, name)) for name in ordered if getattr(self, name)]
        for (before, first), (after, second) in pairwise(given):
            if second < first:
                words = [str(getattr(self._meta.get_field(name), "verbose_name", name)) for name in (before, after)]
                told = f"The {words[1]} ({second:%-d %b %Y}) lies before the {words[0]} ({first:%-d %b %Y})."
                raise ValidationError({after: f"{told} Exchange them, or correct one."})


LET_IN = ("user", "group")


@track_history()
class InitiativeAccess(models.Model):
    """That a person or a team is let into a private initiative."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="access")
    who = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="initiative_access",
        limit_choices_to={"kind__in": list(LET_IN)},
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "initiative access"
        constraints = [models.UniqueConstraint(fields=["initiative", "who"], name="let_into_initiative_once")]

    def __str__(self) -> str:
        return f"{self.who} sees {self.initiative.name}"


@track_history()
class DedicatedPerson(models.Model):
    """Somebody who does nothing else than a 100× initiative."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="dedicated")
    person = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="dedicated_to", limit_choices_to={"kind__in": ["user"]}
    )

    class Meta:
        verbose_name_plural = "dedicated people"
        constraints = [models.UniqueConstraint(fields=["initiative", "person"], name="dedicated_once")]

    def __str__(self) -> str:
        return f"{self.person} for {self.initiative.name}"


class OfInitiative(models.QuerySet[Any]):
    """Rows that belong to an initiative and are seen with it."""

    def visible(self, reader: Any) -> "OfInitiative":
        return self.filter(Q(initiative__is_private=False) | Q(initiative__in=granted_to(reader)))


@track_history()
class Criterion(Versioned):
    """What makes it a success: a metric on its way, as a key result has it, or words where nothing is measured yet."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="criteria")
    title = models.CharField(max_length=200)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="criteria")
    way = models.CharField("kind", max_length=12, choices=Way, default=Way.DECREASE)
    baseline = models.FloatField("from", null=True, blank=True, validators=[check_number])
    target = models.FloatField("to", null=True, blank=True, validators=[check_number])

    objects = OfInitiative.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "success criterion"
        verbose_name_plural = "success criteria"
        constraints = [
            models.CheckConstraint(
                name="criterion_has_a_way_to_go",
                condition=(
                    Q(metric=None)
                    | Q(way__in=sorted(GUARDRAILS), target__isnull=False)
                    | (Q(baseline__isnull=False, target__isnull=False) & ~Q(baseline=F("target")))
                ),
                violation_error_message="A criterion with a metric says from where to where, and the two differ.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Raise ValidationError for values that go the other way, as a key result does."""
        refuse_other_way(self.way, self.baseline, self.target)


@track_history()
class Objection(Versioned):
    """What speaks against it, and what is answered: cost, time, risk."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="objections")
    text = models.CharField("objection", max_length=500)
    answer = models.TextField(blank=True, max_length=2000)

    objects = OfInitiative.as_manager()

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.text


class Update(models.Model):
    """How it goes, said once a week. Never changed: the next one corrects it."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="updates")
    course = models.CharField(max_length=9, choices=Course)
    text = models.TextField(max_length=5000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = OfInitiative.as_manager()

    class Meta:
        triggers = [append_only("by_id")]
        indexes = [models.Index(fields=["initiative", "-at"], name="updates_of_an_initiative")]

    def __str__(self) -> str:
        return self.text[:80]


class InitiativeState(models.Model):
    """What the portal keeps of it: ``reached`` counts what depends on its services; ``rice`` and ``wsjf`` are its
    scores; ``slack_days`` is by how much it may slip before what depends on it does, 0 on a critical path, None without
    dates or when nothing hangs together with it."""

    initiative = models.OneToOneField(Initiative, on_delete=models.CASCADE, primary_key=True, related_name="state")
    course = models.CharField(max_length=9, choices=Course, blank=True)
    updated_at = models.DateTimeField("last update", null=True)
    reached = models.PositiveIntegerField("services reached", default=0)
    reached_teams = models.PositiveIntegerField("teams reached", default=0)
    slack_days = models.IntegerField(null=True)
    rice = models.FloatField(null=True)
    wsjf = models.FloatField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"State of {self.initiative}"
