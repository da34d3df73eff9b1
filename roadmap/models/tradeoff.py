"""The ledger of trade-offs: this was shipped now, that was put off, and it is a loan until it is paid."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from incidents.models import Incident
from incidents.models import granted_to as incidents_granted_to
from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.models.allocation import Allocation
from roadmap.models.append_only import append_only
from roadmap.models.cycle import Cycle
from roadmap.models.initiative import Initiative, granted_to
from services.health.plausible import check_day

# Trade-offs of private initiatives have the keys above this one, and a series of their own: no gap in what everybody
# sees tells of them.
PRIVATE_FROM = 10**9


class LoanState(models.TextChoices):
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    WRITTEN_OFF = "written_off", "Written off"


class TradeOffQuerySet(models.QuerySet["TradeOff"]):
    def visible(self, reader: Any) -> "TradeOffQuerySet":
        """All but those whose initiative is private and hides from the reader."""
        return self.filter(Q(initiative=None) | Q(initiative__is_private=False) | Q(initiative__in=granted_to(reader)))

    def overdue(self) -> "TradeOffQuerySet":
        return self.filter(state=LoanState.OPEN, due_cycle__ends_on__lt=organisation_today())


@track_history()
class TradeOff(Versioned):
    """A promise: ``principal_days`` of ``deferred`` work are owed by ``team`` until the end of ``due_cycle``, because
    ``shipped`` came first. ``initiative`` is what pays it back, ``allocation`` the plan whose guard objected.
    ``due_first`` is what was promised before anybody renegotiated."""

    shipped = models.CharField("shipped instead", max_length=200)
    deferred = models.CharField("put off", max_length=200)
    why = models.TextField(blank=True, max_length=5000)
    team = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="trade_offs", limit_choices_to={"kind__in": ["group"]},
        help_text="The team that owes it.",
    )  # fmt: skip
    decided_by = models.ForeignKey(
        Reference, on_delete=models.SET_NULL, null=True, blank=True, related_name="decided_trade_offs",
        limit_choices_to={"kind__in": ["user"]},
    )  # fmt: skip
    decided_on = models.DateField("decided", default=organisation_today, validators=[check_day])
    principal_days = models.FloatField(
        "principal, days", validators=[MinValueValidator(0.5), MaxValueValidator(10_000)],
        help_text="Days of people that the work takes.",
    )  # fmt: skip
    due_cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="trade_offs", verbose_name="due in")
    due_first = models.ForeignKey(
        Cycle, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name="first due in",
    )  # fmt: skip
    initiative = models.ForeignKey(
        Initiative, on_delete=models.SET_NULL, null=True, blank=True, related_name="trade_offs",
        help_text="What pays it back.",
    )  # fmt: skip
    allocation = models.ForeignKey(
        Allocation, on_delete=models.SET_NULL, null=True, blank=True, related_name="trade_offs", editable=False,
        verbose_name="plan that made it",
    )  # fmt: skip
    state = models.CharField(max_length=11, choices=LoanState, default=LoanState.OPEN, editable=False)
    reason = models.CharField(max_length=500, blank=True, editable=False)
    ended_on = models.DateField("paid or written off", null=True, blank=True, editable=False)

    objects = TradeOffQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "trade-off"
        constraints = [
            models.CheckConstraint(
                name="written_off_with_a_reason",
                condition=~Q(state="written_off") | ~Q(reason=""),
                violation_error_message="Say why it is written off: whoever lives with it will ask.",
            ),
            models.CheckConstraint(
                name="ended_loan_has_a_day",
                condition=Q(state="open", ended_on=None) | Q(ended_on__isnull=False) & ~Q(state="open"),
            ),
        ]
        indexes = [
            models.Index(fields=["team", "state"], name="trade_offs_of_a_team"),
            models.Index(fields=["due_cycle"], name="trade_offs_due", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.deferred}" if self.pk else self.deferred

    @property
    def number(self) -> str:
        """``TR-7``; ``TRP-1`` of a private initiative."""
        return f"TRP-{self.pk - PRIVATE_FROM}" if self.pk > PRIVATE_FROM else f"TR-{self.pk}"


class OfTradeOff(models.QuerySet[Any]):
    def visible(self, reader: Any) -> "OfTradeOff":
        """Those of trade-offs and of incidents that the reader may see."""
        return self.filter(
            Q(trade_off__initiative=None)
            | Q(trade_off__initiative__is_private=False)
            | Q(trade_off__initiative__in=granted_to(reader))
        ).filter(Q(incident__is_private=False) | Q(incident__in=incidents_granted_to(reader)))


@track_history()
class Interest(models.Model):
    """That an incident happened, or lasted longer, because the work was put off: its minutes are interest."""

    trade_off = models.ForeignKey(TradeOff, on_delete=models.CASCADE, related_name="interest")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="interest_of")
    note = models.CharField(max_length=300, blank=True)

    objects = OfTradeOff.as_manager()

    class Meta:
        verbose_name_plural = "interest"
        constraints = [models.UniqueConstraint(fields=["trade_off", "incident"], name="interest_once")]

    def __str__(self) -> str:
        return f"{self.incident.name} for {self.trade_off}"


class Renegotiation(models.Model):
    """That a loan was put off once more: from which cycle to which, and why. Never changed."""

    trade_off = models.ForeignKey(TradeOff, on_delete=models.CASCADE, related_name="renegotiations")
    from_cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    to_cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        triggers = [append_only("by_id")]

    def __str__(self) -> str:
        return f"{self.from_cycle} → {self.to_cycle}"


class TradeOffState(models.Model):
    """What it has cost so far: minutes of public incidents, and the same in working days of people."""

    trade_off = models.OneToOneField(TradeOff, on_delete=models.CASCADE, primary_key=True, related_name="owed")
    incidents = models.PositiveIntegerField(default=0)
    interest_minutes = models.FloatField(default=0)
    interest_days = models.FloatField(default=0)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"State of {self.trade_off}"
