"""How entities hang together: Relation rows are the truth, ``Entity.system`` and ``.domain`` are caches of partOf."""

from typing import Any

from django.db import connection, transaction

from portal.references.models import Reference
from portal.search import index
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
