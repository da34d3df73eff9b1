"""What an initiative is about: the evidence that it rests on, and what it promises to change; and what it waits for."""

from functools import reduce
from operator import or_
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from incidents.models import FollowUp, Incident, Node
from incidents.models import granted_to as incidents_granted_to
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from roadmap.models.compliance import Control
from roadmap.models.initiative import Initiative, granted_to
from roadmap.models.objective import KeyResult
from services.health.models import Limit

# What can stand at the other end of a link, by the name of its column.
ENDS = ("service", "incident", "factor", "follow_up", "limit", "control", "key_result")


class LinkQuerySet(models.QuerySet["Link"]):
    def visible(self, reader: Any) -> "LinkQuerySet":
        """Those of which the reader may see both ends."""
        let_in = incidents_granted_to(reader)
        return (
            self.filter(Q(initiative__is_private=False) | Q(initiative__in=granted_to(reader)))
            .filter(Q(incident=None) | Q(incident__is_private=False) | Q(incident__in=let_in))
            .filter(Q(follow_up=None) | Q(follow_up__incident__is_private=False) | Q(follow_up__incident__in=let_in))
        )


def _one_of(names: tuple[str, ...]) -> Q:
    """Exactly one of these columns has a value."""
    conditions = [Q(**{f"{each}__isnull": each != name for each in names}) for name in names]
    return reduce(or_, conditions)


def _end(model: Any, related: str = "initiative_links", **more: Any) -> Any:
    return models.ForeignKey(model, on_delete=models.CASCADE, null=True, blank=True, related_name=related, **more)


@track_history()
class Link(models.Model):
    """One link of an initiative to exactly one other thing. ``note`` is why; ``is_carried`` says that it came with the
    proposal."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="links")
    service = _end(Reference)
    incident = _end(Incident)
    factor = _end(Node)
    follow_up = _end(FollowUp)
    limit = _end(Limit)
    control = _end(Control)
    key_result = _end(KeyResult)
    note = models.CharField(max_length=300, blank=True)
    is_carried = models.BooleanField("came with the proposal", default=False, db_default=False)

    objects = LinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="link_has_one_other_end",
                condition=_one_of(ENDS),
            ),
            models.UniqueConstraint(fields=["initiative", *ENDS], name="linked_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.initiative} – {self.end}"

    @property
    def kind(self) -> str:
        """The name of the column that has the other end."""
        return next(name for name in ENDS if getattr(self, f"{name}_id") is not None)

    @property
    def end(self) -> Any:
        return getattr(self, self.kind)


class DependencyKind(models.TextChoices):
    """What of the one must have come before what of the other."""

    FINISH_START = "fs", "Finish before start"
    START_START = "ss", "Start before start"
    FINISH_FINISH = "ff", "Finish before finish"
    START_FINISH = "sf", "Start before finish"


# A year either way; whoever means longer means other dates.
LONGEST_LAG = 366


class DependencyQuerySet(models.QuerySet["Dependency"]):
    def visible(self, reader: Any) -> "DependencyQuerySet":
        """Those of which the reader may see both ends."""
        let_in = granted_to(reader)
        return self.filter(
            Q(before__is_private=False) | Q(before__in=let_in), Q(after__is_private=False) | Q(after__in=let_in)
        )


@track_history()
class Dependency(Versioned):
    """That ``after`` waits for ``before``, ``lag_days`` longer; less than nothing is a lead."""

    before = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="awaited_by")
    after = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="awaits")
    kind = models.CharField(max_length=2, choices=DependencyKind, default=DependencyKind.FINISH_START)
    lag_days = models.SmallIntegerField(
        "lag, days", default=0, validators=[MinValueValidator(-LONGEST_LAG), MaxValueValidator(LONGEST_LAG)]
    )

    objects = DependencyQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["before", "after"], name="depends_once"),
            models.CheckConstraint(
                name="does_not_wait_for_itself",
                condition=~Q(before=F("after")),
                violation_error_message="An initiative cannot wait for itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.after.name} waits for {self.before.name}"
