"""Objectives and their key results, each of which is one metric on its way."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from roadmap.models.append_only import append_only
from roadmap.models.cycle import Cycle
from roadmap.models.words import GUARDRAILS, Statistic, Way
from services.health.models import Metric
from services.health.plausible import check_number


@track_history()
class Objective(Versioned):
    """What a team, or without an ``owner`` the company, wants to be true at the end of a cycle. ``parent`` is what it
    serves."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="objectives")
    title = models.CharField(max_length=200)
    why = models.TextField(blank=True, max_length=5000, help_text="Which goal of the business it serves.")
    owner = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="objectives",
        limit_choices_to={"kind__in": ["group"]}, help_text="A team. Empty: the company.",
    )  # fmt: skip
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children", verbose_name="serves",
        help_text="The objective above it.",
    )  # fmt: skip

    choice_label = Concat("cycle__name", Value(": "), "title", output_field=models.CharField())

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "owner", "title"], name="one_objective_of_a_title", nulls_distinct=False,
                violation_error_message="There is an objective of that title in this cycle already.",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["owner", "cycle"], name="objectives_of_a_team")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Raise ValidationError where objectives would serve each other in a circle; it is named."""
        seen, above = [self], self.parent
        while above is not None and above not in seen[1:]:
            if above.pk == self.pk:
                way = " → ".join(f"“{each}”" for each in [*seen, self])
                raise ValidationError(
                    {"parent": f"They would serve each other in a circle: {way}. Choose another one."}
                )
            seen.append(above)
            above = above.parent


class ObjectiveState(models.Model):
    """The mean and the weakest progress of its key results: the weakest is what holds it up."""

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, primary_key=True, related_name="state")
    mean = models.FloatField(null=True)
    weakest = models.FloatField(null=True)
    measured = models.PositiveSmallIntegerField(default=0)
    unmeasured = models.PositiveSmallIntegerField(default=0)
    confidence = models.FloatField("least confidence", null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"State of {self.objective}"


@track_history()
class KeyResult(Versioned):
    """One value of one metric, from ``baseline`` to ``target``. Progress is ``(current − baseline) / (target −
    baseline)`` and is not clamped. A guardrail has no way to go: its progress is the share of time inside the bound.

    ``statistic`` over ``window_days`` is how the metric becomes one value; ``relative`` is the promise in percent of
    the baseline, where it was made so ("p95 down 40 %")."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="key_results")
    title = models.CharField(max_length=200)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="key_results")
    way = models.CharField("kind", max_length=12, choices=Way, default=Way.INCREASE)
    baseline = models.FloatField(
        "from", null=True, blank=True, validators=[check_number],
        help_text="In the unit of the metric; of good of total as a share, such as 0.99. Empty: what is measured now.",
    )  # fmt: skip
    baseline_note = models.CharField("measured", max_length=200, blank=True, help_text="Of when, and how.")
    target = models.FloatField(
        "to", blank=True, validators=[check_number],
        help_text="In the unit of the metric; of good of total as a share, such as 0.999. Empty: by the percent below.",
    )  # fmt: skip
    relative = models.FloatField(
        "change, percent", null=True, blank=True, validators=[check_number],
        help_text="Where the promise is one of percent: −40 for “40 % less”.",
    )  # fmt: skip
    statistic = models.CharField(max_length=4, choices=Statistic, default=Statistic.LAST)
    window_days = models.PositiveSmallIntegerField(
        "over days", default=7, validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text="Of which days the mean, sum or worst in ten is taken.",
    )  # fmt: skip

    choice_label = Concat("objective__cycle__name", Value(": "), "title", output_field=models.CharField())

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "key result"
        constraints = [
            models.CheckConstraint(
                name="key_result_has_a_way_to_go",
                condition=Q(way__in=sorted(GUARDRAILS)) | (Q(baseline__isnull=False) & ~Q(baseline=models.F("target"))),
                violation_error_message="From and to are the same, or from is missing: there is no way to go. "
                "Say where it stood when the cycle began, or choose “Stay above” or “Stay below”.",
            ),
        ]
        indexes = [models.Index(fields=["metric", "objective"], name="key_results_of_a_metric")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_guardrail(self) -> bool:
        return self.way in GUARDRAILS

    def clean(self) -> None:
        """Raise ValidationError for values that the metric can never have, or that go the other way."""
        values = {"baseline": self.baseline, "target": self.target}
        given = {field: value for field, value in values.items() if value is not None}
        if self.metric_id is not None:
            for field, value in given.items():
                self.metric.check_share(field, value)
        refuse_other_way(self.way, self.baseline, self.target)
        if self.way in GUARDRAILS and self.statistic == Statistic.SUM:
            told = "A bound is judged day by day, and a sum is of many. Choose another statistic, or “decrease to”."
            raise ValidationError({"statistic": told})


def refuse_other_way(way: str, start: float | None, end: float | None) -> None:
    """Raise ValidationError for an increase that goes down, and a decrease that goes up."""
    if start is None or end is None or start == end or way not in (Way.INCREASE, Way.DECREASE):
        return
    if (end > start) != (way == Way.INCREASE):
        told = f"From {start:g} to {end:g} is no {Way(way).value}."
        raise ValidationError({"way": f"{told} Choose the other kind, or exchange the two values."})


class Standing(models.TextChoices):
    """How a key result stands: the progress beside the share of the cycle that is over."""

    REACHED = "reached", "Reached"
    AHEAD = "ahead", "On track"
    BEHIND = "behind", "Behind"
    AWAY = "away", "Off track"
    UNKNOWN = "unknown", "No data"


class KeyResultState(models.Model):
    """What the worker read last: ``value`` is of the moment ``at``, ``progress`` the share of the way or, of a
    guardrail, of the time inside. ``problem`` says why nothing could be read."""

    key_result = models.OneToOneField(KeyResult, on_delete=models.CASCADE, primary_key=True, related_name="state")
    value = models.FloatField(null=True)
    at = models.DateTimeField("measured", null=True)
    progress = models.FloatField(null=True)
    standing = models.CharField(max_length=8, choices=Standing, default=Standing.UNKNOWN)
    confidence = models.FloatField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"State of {self.key_result}"


class CheckIn(models.Model):
    """What somebody who answers for it said, beside what was measured then. Never changed: the next one corrects it.
    ``confidence`` is the probability, from 0 to 1, that the target is reached."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="check_ins")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    confidence = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(1)])
    text = models.TextField(max_length=2000)
    value = models.FloatField(null=True)
    progress = models.FloatField(null=True)

    class Meta:
        verbose_name = "check-in"
        triggers = [append_only("by_id")]
        indexes = [models.Index(fields=["key_result", "-at"], name="check_ins_of_a_key_result")]

    def __str__(self) -> str:
        return self.text[:80]


class ClosingValue(models.Model):
    """What a key result had reached when its cycle was closed. A correction is another row with a ``note``; the newest
    counts and the first one stays."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="closing_values")
    value = models.FloatField(null=True, validators=[check_number])
    progress = models.FloatField(null=True)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        triggers = [append_only("by_id")]
        indexes = [models.Index(fields=["key_result", "-id"], name="closing_values_of_one")]

    def __str__(self) -> str:
        return f"{self.key_result}: {self.value}"
