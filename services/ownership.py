"""Who answers for an entity: Ownership rows are the truth, ``Entity.owner`` is their cache."""

from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from portal.people.models import Person, Team
from portal.references.models import Reference
from portal.search import index
from portal.tenure import organisation_today
from services.models import Entity, Ownership, OwnershipRole


def nobody_answers(entity: Entity) -> bool:
    """Nobody owns it, or its owner is not described, has left or, being a team, was closed."""
    owner = entity.owner
    if owner is None or not owner.attached:
        return True
    behind = record_behind(owner)
    return behind is None or not behind.is_active


def record_behind(owner: Reference) -> Team | Person | None:
    """The team or person that an owner is, read once however often one page asks."""
    return getattr(owner, "person" if owner.kind == "user" else "team", None)


def unanswered() -> Q:
    """The condition of ``nobody_answers``, of entities."""
    gone = [model.objects.filter(is_active=False).values("reference") for model in (Person, Team)]
    return Q(owner=None) | Q(owner__attached=False) | Q(owner__in=gone[0]) | Q(owner__in=gone[1])


@transaction.atomic
def set_accountable(*, entity: Entity, owner: Reference | None) -> None:
    """Make ``owner`` accountable from today; None leaves the entity without an owner. The former tenure ends today."""
    today = organisation_today()
    current = Ownership.objects.filter(entity=entity, role=OwnershipRole.ACCOUNTABLE, effective_to=None).first()
    if (current.owner_id if current else None) == (owner.pk if owner else None):
        return
    if current and current.effective_from >= today:
        current.delete()
    elif current:
        current.effective_to = today
        current.save(update_fields=["effective_to"])
    if owner:
        Ownership.objects.create(entity=entity, owner=owner, effective_from=today)
    refresh_owner_cache([entity.pk])


_REFRESH = """
    UPDATE services_entity SET owner_id = truth.owner_id
      FROM (SELECT entity.id, ownership.owner_id
              FROM services_entity entity
              LEFT JOIN services_ownership ownership
                     ON ownership.entity_id = entity.id AND ownership.role = 'accountable'
                    AND ownership.effective_to IS NULL
             WHERE entity.id = ANY(%s)) truth
     WHERE truth.id = services_entity.id AND services_entity.owner_id IS DISTINCT FROM truth.owner_id
"""


def refresh_owner_cache(entity_pks: list[Any]) -> None:
    """Bring ``Entity.owner`` in line with the open accountable ownership, and the search with it."""
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, [entity_pks])
    index.refresh(Entity, entity_pks)
