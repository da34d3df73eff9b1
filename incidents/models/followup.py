"""Follow-ups: what an incident taught to do, from an idea to what shows that it helped."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident, granted_to
from incidents.models.taxonomy import Node
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from services.health.plausible import check_day


class FollowUpState(models.TextChoices):
    """An idea binds nobody. Whoever commits owns it and says by when; verified means that something shows it works."""

    IDEA = "idea", "Idea"
    COMMITTED = "committed", "Committed"
    DONE = "done", "Done"
    VERIFIED = "verified", "Verified"
    DECLINED = "declined", "Declined"


# What a follow-up can work against.
FACTOR_FACETS = ("trigger", "contributing_factor", "detection_gap", "hindrance")
FOLLOW_UP_OPEN = frozenset({FollowUpState.IDEA, FollowUpState.COMMITTED})


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible(self, reader: Any) -> "FollowUpQuerySet":
        """Those of the incidents that the reader may see."""
        return self.filter(Q(incident__is_private=False) | Q(incident__in=granted_to(reader)))

    def late(self, today: dt.date) -> "FollowUpQuerySet":
        """What was committed to and whose day is over."""
        return self.filter(state=FollowUpState.COMMITTED, due_on__lt=today)


@track_history()
class FollowUp(Versioned):
    """One thing to do. ``number`` counts within the incident, so that no gap tells of others. ``factor`` is what it
    works against: the archive says how often that has happened."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="follow_ups")
    number = models.PositiveSmallIntegerField(editable=False)
    title = models.CharField(max_length=200)
    text = models.TextField("what and why", max_length=10_000, blank=True)
    action_type = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="kind",
        limit_choices_to={"facet": "action_type"},
    )  # fmt: skip
    factor = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, blank=True, related_name="answered_by", verbose_name="works against",
        limit_choices_to={"facet__in": FACTOR_FACETS},
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=FollowUpState, default=FollowUpState.IDEA, editable=False)
    owner = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_ups",
        limit_choices_to={"kind__in": ["group"]},
    )  # fmt: skip
    due_on = models.DateField("due", null=True, blank=True, validators=[check_day])
    ticket = models.CharField(max_length=500, blank=True, help_text="Address or number of where the work is planned.")
    evidence = models.TextField("what shows it", max_length=2000, blank=True, editable=False)
    reason = models.CharField("why not", max_length=500, blank=True, editable=False)
    committed_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("verified or declined", null=True, blank=True, editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "follow-up"
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_follow_up_of_a_number"),
            models.CheckConstraint(
                name="who_commits_owns_it_and_says_by_when",
                condition=~Q(state="committed") | Q(owner__isnull=False, due_on__isnull=False),
                violation_error_message="Whoever commits owns it and says by when: give an owner and a day.",
            ),
            models.CheckConstraint(
                name="declined_with_a_reason_verified_with_evidence",
                condition=(~Q(state="declined") | ~Q(reason="")) & (~Q(state="verified") | ~Q(evidence="")),
                violation_error_message="Declined needs a reason, verified needs what shows it.",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="follow_ups_due", condition=Q(state="committed")),
            models.Index(fields=["owner", "state"], name="follow_ups_of_an_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.name}-{self.number} {self.title}"
