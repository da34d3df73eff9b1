"""The identity of everything that has a ``kind:namespace/name``.

A team, a person and a catalog entity are each 1:1 with a Reference; relations and ownership point at References. One
that no record stands behind is *dangling*: visible, countable, and whole again as soon as its record appears.
"""

import uuid
from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q


class ReferenceQuerySet(models.QuerySet["Reference"]):
    def dangling(self) -> "ReferenceQuerySet":
        return self.filter(attached=False)

    def pointed_at(self) -> Q:
        """The condition that some row names the reference: as owner, as end of a relation, as parent of a team …"""
        named = Q(pk__in=[])
        for each in self.model._meta.related_objects:
            if each.one_to_many and each.related_model is not ReferenceAlias:
                pointing = each.related_model._default_manager.filter(**{each.field.name: OuterRef("pk")})
                named |= Q(Exists(pointing))
        return named

    def ids_called(self, texts: Iterable[str]) -> models.QuerySet[Any, Any]:
        """The ids of what has one of these names, or had it before a rename and nothing else has it now."""
        own, former = Q(), Q()
        for text in texts:
            kind, _, rest = text.lower().rpartition(":")
            namespace, _, name = rest.rpartition("/")
            namespace = namespace or "default"
            own |= Q(name=name, namespace=namespace, **({"kind": kind} if kind else {}))
            ending = f":{namespace}/{name}"
            former |= Q(canonical=kind + ending) if kind else Q(canonical__endswith=ending)
        taken = Exists(self.model._default_manager.filter(canonical=OuterRef("canonical")))
        aliases = ReferenceAlias.objects.filter(former).exclude(taken)
        return self.filter(own).values_list("pk", flat=True).union(aliases.values_list("reference", flat=True))


class Reference(models.Model):
    """One ``kind:namespace/name``, all lower case. ``label`` is what people read; it follows the record's title."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=63, default="default")
    name = models.CharField(max_length=253)
    canonical = models.CharField("reference", max_length=400, unique=True)
    label = models.CharField("name", max_length=300)
    # True while a record stands behind it; kept by the database (Referenced).
    attached = models.BooleanField("described", default=False, db_default=False)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reference_is_canonical",
                condition=Q(canonical=models.functions.Lower("canonical")),
                violation_error_message="A reference is written in lower case.",
            )
        ]
        indexes = [
            models.Index(fields=["kind", "label"], name="reference_kind_label"),
            models.Index(fields=["name"], name="reference_name"),
            models.Index(fields=["kind"], name="reference_dangling", condition=Q(attached=False)),
        ]

    def __str__(self) -> str:
        return self.label


class ReferenceAlias(models.Model):
    """A former reference of something that was renamed: it still finds its record."""

    canonical = models.CharField(max_length=400, unique=True)
    reference = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="aliases")

    def __str__(self) -> str:
        return self.canonical


_FOLLOW_RECORD = """
    IF TG_OP = 'DELETE' THEN
        UPDATE references_reference SET attached = false WHERE id = OLD.reference_id;
        RETURN OLD;
    END IF;
    UPDATE references_reference
       SET attached = true, label = left(COALESCE(NULLIF(NEW.title, ''), NEW.name), 300)
     WHERE id = NEW.reference_id
       AND (NOT attached OR label IS DISTINCT FROM left(COALESCE(NULLIF(NEW.title, ''), NEW.name), 300));
    RETURN NEW;
"""


class Referenced(models.Model):
    """A record with a reference of its own. The database keeps ``attached`` and ``label`` of that reference true."""

    reference = models.OneToOneField(Reference, on_delete=models.PROTECT, related_name="%(class)s", editable=False)

    # Each record has a name of its own, with a help text of its own.
    name: Any

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Trigger(
                name="follow_record",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Delete | pgtrigger.UpdateOf("title", "name"),
                func=pgtrigger.Func(_FOLLOW_RECORD),
            )
        ]
