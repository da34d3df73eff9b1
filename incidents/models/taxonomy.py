"""What an incident was like, in words that stay comparable: facets with nodes, and which of them apply to it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from incidents.models.timeline import TimelineEvent
from portal.history.tracking import track_history
from portal.models import Versioned


class Facet(models.TextChoices):
    """Six independent questions about an incident, with two that two of them lead to, and what kind of work a follow-up
    is."""

    TRIGGER = "trigger", "Trigger"
    CONTRIBUTING_FACTOR = "contributing_factor", "Contributing factors"
    FAILURE_MODE = "failure_mode", "Failure mode"
    DETECTION = "detection", "Detection"
    DETECTION_GAP = "detection_gap", "Why monitoring was not first"
    MITIGATION = "mitigation", "Mitigation"
    HINDRANCE = "hindrance", "What delayed mitigation"
    IMPACT_TYPE = "impact_type", "Impact"
    ACTION_TYPE = "action_type", "Kind of action"


@track_history()
class Node(Versioned):
    """One value of a facet. ``slug`` never changes and is never used again; a name may. ``is_unknown`` says that
    somebody looked and could not tell, which is not the same as that nobody looked."""

    facet = models.CharField(max_length=24, choices=Facet, editable=False)
    slug = models.SlugField(max_length=60, unique=True, editable=False)
    name = models.CharField(max_length=120)
    definition = models.CharField(max_length=500, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    place = models.PositiveSmallIntegerField(default=500)
    is_unknown = models.BooleanField("means unknown", default=False, db_default=False, editable=False)
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False
        verbose_name = "taxonomy node"
        constraints = [models.UniqueConstraint(fields=["facet", "name"], name="one_node_of_a_name")]
        indexes = [models.Index(fields=["facet", "place", "id"], name="nodes_in_order")]

    def __str__(self) -> str:
        return self.name


class Confidence(models.TextChoices):
    SUSPECTED = "suspected", "Suspected"
    SUPPORTED = "supported", "Supported"
    CONFIRMED = "confirmed", "Confirmed"


class Effect(models.TextChoices):
    """What a mitigation did to the impact."""

    ENDED = "ended", "Ended it"
    REDUCED = "reduced", "Reduced it"
    NONE = "none", "Did nothing"
    WORSE = "worse", "Made it worse"


class Mode(models.TextChoices):
    """How a mitigation came about."""

    AUTOMATIC = "automatic", "Automatic"
    ONE_CLICK = "one_click", "One click"
    MANUAL = "manual", "Manual"


class TagQuerySet(models.QuerySet["Tag"]):
    def visible(self, reader: Any) -> "TagQuerySet":
        """Those of incidents that the reader may see."""
        return self.filter(incident__in=Incident.objects.visible(reader))


@track_history()
class Tag(Versioned):
    """That a node applies to an incident, how sure that is, and what shows it. ``mode``, ``effect`` and the ``place``
    in their order are of mitigations; of several detections one ``is_primary``."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tags")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="tags")
    confidence = models.CharField(max_length=10, choices=Confidence, default=Confidence.SUPPORTED)
    mode = models.CharField(max_length=10, choices=Mode, blank=True)
    effect = models.CharField(max_length=10, choices=Effect, blank=True)
    place = models.PositiveSmallIntegerField("order", default=0)
    is_primary = models.BooleanField("first", default=False, db_default=False)
    note = models.CharField(max_length=500, blank=True)
    evidence = models.ManyToManyField(TimelineEvent, blank=True, related_name="tags")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    objects = TagQuerySet.as_manager()

    class Meta(Versioned.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["incident", "node"], name="a_node_applies_once"),
            models.CheckConstraint(
                name="mode_is_known",
                condition=Q(mode__in=["", *Mode.values]),
                violation_error_message="A mitigation is automatic, one click or manual.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node} of {self.incident.name}"
