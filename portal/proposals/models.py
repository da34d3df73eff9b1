"""Proposals: work that the evidence asks for, until somebody decides."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned, bump_version

# What the source of a proposal writes anew as long as it is open; no edit of anybody's, so neither version nor history.
REFRESHED = ("title", "text", "evidence", "price", "url", "severity", "refreshed_at")


class State(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    MERGED = "merged", "Merged"
    DECLINED = "declined", "Declined"
    # Nobody decided: what made it no longer asks for it.
    WITHDRAWN = "withdrawn", "Withdrawn"


@track_history(exclude=REFRESHED)
class Proposal(Versioned):
    """That something should be done, with what speaks for it and what it costs.

    ``source_key`` names what proposes, such as ``limit:12``; one proposal of it is open at a time. ``evidence`` and
    ``price`` are names with values as the page shows them: texts, numbers, ISO dates, lists and maps of these.
    ``severity`` is how bad the evidence says it is, higher being worse.
    """

    source_key = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    price = models.JSONField(default=dict, blank=True)
    url = models.CharField("source", max_length=500)
    severity = models.FloatField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField("decided", null=True, blank=True)
    refreshed_at = models.DateTimeField("evidence of", default=timezone.now)

    class Meta(Versioned.Meta):
        abstract = False
        triggers = [bump_version(*REFRESHED)]
        constraints = [
            models.UniqueConstraint(fields=["source_key"], condition=Q(state="open"), name="one_open_proposal"),
            models.CheckConstraint(
                name="declined_with_a_reason",
                condition=~Q(state="declined") | ~Q(reason=""),
                violation_error_message="Say why it is declined: the next who sees this evidence will ask.",
            ),
            models.CheckConstraint(
                name="merged_into_another",
                condition=~Q(merged_into=models.F("id")),
                violation_error_message="A proposal cannot be merged into itself.",
            ),
        ]
        indexes = [
            models.Index(fields=["source_key", "-id"], name="proposal_by_source"),
            models.Index(fields=["state", "-created_at"], name="proposal_by_state"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ended_in_words(self) -> str:
        """How one that is no longer open came to its end."""
        ended = f"It was {self.get_state_display().lower()} already"
        return f"{ended}." if self.state == State.WITHDRAWN else f"{ended}, by {self.decided_by or 'somebody'}."
