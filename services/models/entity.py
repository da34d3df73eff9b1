"""What the company runs: entities, who owns them and how they hang together."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from portal.history.tracking import track_history
from portal.models import Versioned
from portal.references.models import Reference, Referenced
from portal.tenure import Tenure, organisation_today
from services.models.source import Document, Source
from services.querysets import EntityQuerySet


class Lifecycle(models.TextChoices):
    """The lifecycles people filter by; what a file says in other words is kept in ``spec``."""

    EXPERIMENTAL = "experimental", "Experimental"
    PRODUCTION = "production", "Production"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


class PrivacyClass(models.TextChoices):
    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    PERSONAL = "personal", "Personal data"
    SENSITIVE = "sensitive", "Sensitive personal data"


def _text(label: str, help_text: str = "", length: int = 200) -> Any:
    return models.CharField(label, max_length=length, blank=True, help_text=help_text)


@track_history()
class Entity(Versioned, Referenced):
    """A component, API, resource, system or domain, or a kind this portal has no page of its own for.

    ``owner``, ``system`` and ``domain`` are caches of Ownership and Relation rows, kept by services.ownership and
    services.graph; ``spec``, ``labels``, ``annotations`` and ``extra`` (metadata that the format does not name) are as
    read from the file.
    """

    kind = models.CharField(max_length=63, editable=False)
    namespace = models.CharField(max_length=63, default="default", editable=False)
    name = models.CharField(max_length=63)
    title = _text("display name")
    description = models.TextField(blank=True)
    type = _text("type", "service, website, library, openapi, database …", 100)
    lifecycle = models.CharField(max_length=20, choices=Lifecycle, blank=True)
    tier = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(4)],
        help_text="0 stops the company when it fails, 4 is noticed next week.",
    )
    privacy_class = models.CharField(max_length=20, choices=PrivacyClass, blank=True)
    residency = _text("data residency", "Where its data may lie, such as EU.")
    region = _text("region", "Where it runs.")
    failover = _text("failover", "Planned, exercised on which day, or none.")
    encryption = _text("encryption", "In transit, at rest, end to end.")
    owner = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_entities",
        limit_choices_to={"kind__in": ["group", "user"]},
    )
    system = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="system_entities",
        limit_choices_to={"kind__in": ["system"]},
    )
    domain = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="domain_entities",
        limit_choices_to={"kind__in": ["domain"]},
    )
    successor = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="predecessors",
        limit_choices_to={"kind__in": ["component", "api"]},
    )
    tags = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    spec = models.JSONField(default=dict, blank=True)
    extra = models.JSONField("other metadata", default=dict, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    source = models.ForeignKey(
        Source,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="entities",
        editable=False,
    )
    document = models.ForeignKey(
        Document,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="entities",
        editable=False,
    )

    objects = EntityQuerySet.as_manager()

    class Meta(Versioned.Meta, Referenced.Meta):
        abstract = False
        verbose_name_plural = "entities"
        triggers = [*Versioned.Meta.triggers, *Referenced.Meta.triggers]
        constraints = [
            models.CheckConstraint(
                name="tier_is_0_to_4",
                condition=Q(tier=None) | Q(tier__lte=4),
                violation_error_message="A tier is a number from 0 to 4.",
            )
        ]
        indexes = [
            models.Index(fields=["kind", "name", "id"], name="entity_by_name"),
            models.Index(fields=["name", "id"], name="entity_all_by_name"),
            models.Index(fields=["kind", "tier", "id"], name="entity_by_tier"),
            models.Index(fields=["kind", "lifecycle", "name"], name="entity_by_lifecycle"),
            models.Index(fields=["kind", "type", "name"], name="entity_by_type"),
            models.Index(fields=["kind", "-updated_at", "id"], name="entity_by_change"),
            GinIndex(fields=["tags"], name="entity_tags"),
        ]

    def __str__(self) -> str:
        return self.title or self.name


class EntityState(models.Model):
    """What machines refresh about an entity: apart from it, so that a refresh makes neither history nor conflict.

    ``dependants`` and ``dependencies`` count direct neighbours (services.graph).
    """

    entity = models.OneToOneField(Entity, on_delete=models.CASCADE, primary_key=True, related_name="state")
    dependants = models.PositiveIntegerField(default=0, db_default=0)
    dependencies = models.PositiveIntegerField(default=0, db_default=0)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"State of {self.entity_id}"


class OwnershipRole(models.TextChoices):
    ACCOUNTABLE = "accountable", "Owner"
    ON_CALL = "on_call", "On call"
    BUSINESS = "business", "Business owner"


@track_history()
class Ownership(models.Model):
    """A team or a person answers for an entity in a role, from a day until a day."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="ownerships")
    owner = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="ownerships")
    role = models.CharField(max_length=20, choices=OwnershipRole, default=OwnershipRole.ACCOUNTABLE)
    effective_from = models.DateField("from", default=organisation_today)
    effective_to = models.DateField("until", null=True, blank=True)

    objects = Tenure.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity"],
                condition=Q(role="accountable", effective_to=None),
                name="one_accountable_owner",
                violation_error_message="Somebody is accountable already; one owner at a time.",
            ),
            models.CheckConstraint(
                name="ownership_ends_after_it_begins",
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                violation_error_message="Ownership cannot end before it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} for {self.entity}"


class RelationType(models.TextChoices):
    """Relations are kept in this direction only; the other one is read backwards."""

    DEPENDS_ON = "dependsOn", "depends on"
    CONSUMES_API = "consumesApi", "uses"
    PROVIDES_API = "providesApi", "provides"
    PART_OF = "partOf", "is part of"


@track_history()
class Relation(models.Model):
    """``subject`` has ``type`` to ``object``. ``document`` declared it; without one, a person did, here."""

    subject = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="relations")
    type = models.CharField(max_length=20, choices=RelationType)
    object = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="inverse_relations")
    document = models.ForeignKey(
        Document,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="relations",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "type", "object", "document"],
                name="one_relation",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["object", "type", "subject"], name="relation_backwards"),
            models.Index(fields=["subject", "type", "object"], name="relation_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.get_type_display()} {self.object}"


class Edge(models.Model):
    """A step of the dependency graph, from what fails to what suffers: a view over relations (services.graph)."""

    origin = models.BigIntegerField(primary_key=True)
    reached = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "services_edge"

    def __str__(self) -> str:
        return f"{self.origin} to {self.reached}"
