"""How entities hang together: Relation rows are the truth, ``Entity.system`` and ``.domain`` are caches of partOf."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from portal.references.models import Reference
from portal.search import index
from services import graph
from services.models import Entity, Relation, RelationType


@transaction.atomic
def set_single_relation(*, entity: Entity, name: str, target: Reference | None) -> None:
    """Say which ``system`` or ``domain`` the entity is part of. What a file declares is not touched here."""
    declared_here = Relation.objects.filter(
        subject=entity.reference_id,
        type=RelationType.PART_OF,
        object__kind=name,
        document=None,
    )
    declared_here.exclude(object=target).delete()
    if target:
        Relation.objects.get_or_create(
            subject_id=entity.reference_id,
            type=RelationType.PART_OF,
            object=target,
            document=None,
        )
    refresh_part_of_cache([entity.pk])


# What a person can say here; what an API is provided by, and what a thing is part of, is said elsewhere.
DEPENDENCIES = (RelationType.DEPENDS_ON, RelationType.CONSUMES_API)


@transaction.atomic
def add_dependency(*, entity: Entity, target: Reference) -> Relation:
    """Say that the entity needs ``target``: it uses an API, and depends on anything else. Where a file says so too,
    both stand. Raises ValidationError when it is said already, or of the entity itself."""
    if target.pk == entity.reference_id:
        raise ValidationError({"target": f"{entity} cannot depend on itself."})
    needs = RelationType.CONSUMES_API if target.kind == "api" else RelationType.DEPENDS_ON
    relation, is_new = Relation.objects.get_or_create(
        subject_id=entity.reference_id, type=needs, object=target, document=None
    )
    if not is_new:
        raise ValidationError({"target": f"It is said already that {entity} {needs.label} {target}."})
    graph.refresh_counts([entity.reference_id, target.pk])
    return relation


@transaction.atomic
def remove_dependency(*, relation: Relation) -> None:
    """Take back what a person said. What a file says stays."""
    ends = [relation.subject_id, relation.object_id]
    relation.delete()
    graph.refresh_counts(ends)


_REFRESH = """
    UPDATE services_entity SET {name}_id = truth.object_id
      FROM (SELECT entity.id, (
                SELECT relation.object_id
                  FROM services_relation relation
                  JOIN references_reference target ON target.id = relation.object_id AND target.kind = '{name}'
                 WHERE relation.subject_id = entity.reference_id AND relation.type = 'partOf'
                 ORDER BY relation.id LIMIT 1) AS object_id
              FROM services_entity entity WHERE entity.id = ANY(%s)) truth
     WHERE truth.id = services_entity.id AND services_entity.{name}_id IS DISTINCT FROM truth.object_id
"""


def refresh_part_of_cache(entity_pks: list[Any]) -> None:
    """Bring ``Entity.system`` and ``Entity.domain`` in line with the first partOf of each kind, and the search."""
    with connection.cursor() as cursor:
        for name in ("system", "domain"):
            cursor.execute(_REFRESH.format(name=name), [entity_pks])
    index.refresh(Entity, entity_pks)
