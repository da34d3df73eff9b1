"""What is computed of an incident, apart from what people edit: how long its stages took, and whether that counts."""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from incidents.models.incident import Incident
from incidents.models.moment import Point


@dataclass(frozen=True)
class Stage:
    """From one of the five times to a later one. ``field`` of IncidentState has how long it took, in seconds, and the
    ``column`` of the list in minutes."""

    field: str
    column: str
    start: str
    end: str
    label: str


STAGES = (
    Stage("lasted_s", "minutes_to_resolve", Point.STARTED, Point.RESOLVED, "Started to resolved"),
    Stage("hurt_s", "minutes_to_mitigate", Point.STARTED, Point.MITIGATED, "Started to mitigated"),
    Stage("detect_s", "minutes_to_detect", Point.STARTED, Point.DETECTED, "Started to detected"),
    Stage("acknowledge_s", "minutes_to_acknowledge", Point.DETECTED, Point.ACKNOWLEDGED, "Detected to acknowledged"),
    Stage("mitigate_s", "minutes_to_fix", Point.ACKNOWLEDGED, Point.MITIGATED, "Acknowledged to mitigated"),
    Stage("resolve_s", "minutes_to_close", Point.MITIGATED, Point.RESOLVED, "Mitigated to resolved"),
)


_HALF = 2**31


def pair_of(trigger: int, mitigation: int) -> int:
    """Two ids as one number."""
    return trigger * _HALF + mitigation


def ids_of(pair: int) -> tuple[int, int]:
    """(trigger, mitigation)"""
    return divmod(pair, _HALF)


class IncidentState(models.Model):
    """``problems`` are the rules of the time lint that the times break: then nothing of them counts, and no stage has
    a length. ``doubts`` are what it asks besides. A stage of which a time is missing has none either; of a time that
    is known as an interval the middle counts, and ``is_about`` says so.

    ``impact_minutes`` are those in which at least one service was hit, ``customers`` the most of one window, and
    ``budget_minutes`` what it took of error budgets, in minutes of complete outage; None where nothing says so."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True, related_name="state")
    problems = ArrayField(models.CharField(max_length=20), default=list)
    doubts = ArrayField(models.CharField(max_length=20), default=list)
    is_about = models.BooleanField(default=False)
    lasted_s = models.PositiveBigIntegerField(null=True)
    hurt_s = models.PositiveBigIntegerField(null=True)
    detect_s = models.PositiveBigIntegerField(null=True)
    acknowledge_s = models.PositiveBigIntegerField(null=True)
    mitigate_s = models.PositiveBigIntegerField(null=True)
    resolve_s = models.PositiveBigIntegerField(null=True)
    # Ids of its nodes, of those and what they are part of at the top, and of each trigger at the top with each
    # mitigation at the top: in one number, as ``pair_of`` has it.
    nodes = ArrayField(models.BigIntegerField(), default=list)
    tops = ArrayField(models.BigIntegerField(), default=list)
    pairs = ArrayField(models.BigIntegerField(), default=list)
    # A bit for each that is there, in the order of Facet, Mode and Point.
    facets = models.PositiveIntegerField(default=0)
    modes = models.PositiveIntegerField(default=0)
    points = models.PositiveIntegerField(default=0)
    impact_minutes = models.FloatField(null=True)
    customers = models.PositiveBigIntegerField(null=True)
    budget_minutes = models.FloatField(null=True)
    # Set by whatever changes what this is computed from; the next run computes it anew.
    is_stale = models.BooleanField(default=False, db_default=False)
    refreshed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["incident"], name="stale_incident_states", condition=models.Q(is_stale=True))]

    def __str__(self) -> str:
        return f"State of {self.incident_id}"
