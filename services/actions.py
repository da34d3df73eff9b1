"""Writes to the catalog. Page, API, import and demo call these."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from portal.actions import delete_record, insert_record, lock, new_record, update_record
from services import graph
from services.models import Entity, EntityState, Ownership, Relation
from services.ownership import set_accountable
from services.relations import set_single_relation

# Values that are caches of rows of their own: written as those rows, never as a column.
_SINGLE_RELATIONS = ("system", "domain")


def create_entity(*, by: Any, model: type[Entity] = Entity, values: Mapping[str, Any], kind: str) -> Entity:
    """Describe something new of ``kind``. Its owner must be a team of the writer's, unless an administrator writes."""
    plain, owner, relations = _split(values)
    _check_new_owner(by, owner)
    # The cache of its owner is written with the row: what is new has no former owner to look up or to end.
    entity = new_record(model=model, values={**plain, "owner": owner, "kind": kind}, kind=kind)
    _check_successor(entity)
    with transaction.atomic():
        was_there = insert_record(entity)
        EntityState.objects.create(entity=entity)
        if owner:
            Ownership.objects.create(entity=entity, owner=owner)
        _write_relations(entity, relations)
        if was_there:
            graph.refresh_counts([entity.reference_id])
    return _reloaded(entity)


@transaction.atomic
def update_entity(*, by: Any, record: Entity, values: Mapping[str, Any], version: int | None = None) -> Entity:
    """Change an entity. Raises Conflict when it is no longer at ``version``."""
    lock(record, version, values)
    plain, owner, relations = _split(values)
    entity = update_record(by=by, record=record, values=plain)
    _check_successor(entity)
    if "owner" in values:
        set_accountable(entity=entity, owner=owner)
    _write_relations(entity, relations)
    return _reloaded(entity)


@transaction.atomic
def delete_entity(*, by: Any, record: Entity, version: int | None = None) -> None:
    """Delete an entity, and what people and its own document said of it. What pointed at it points at a loose end now,
    and what other documents say of it stays: they are not read again when it comes back."""
    reference_id = record.reference_id
    neighbours = graph.neighbours([reference_id])
    said_here = Q(subject=reference_id, document=None)
    Relation.objects.filter(said_here | Q(document__reference=reference_id)).delete()
    delete_record(by=by, record=record, version=version)
    graph.refresh_counts(neighbours)


def _split(values: Mapping[str, Any]) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    plain = {name: value for name, value in values.items() if name != "owner" and name not in _SINGLE_RELATIONS}
    # As files have them, so that a list filtered by type or tag has what people entered as well.
    if "type" in plain:
        plain["type"] = plain["type"].strip().lower()
    if "tags" in plain:
        plain["tags"] = list(dict.fromkeys(tag.strip().lower() for tag in plain["tags"]))
    return (
        plain,
        values.get("owner"),
        {name: values[name] for name in _SINGLE_RELATIONS if name in values},
    )


def _check_new_owner(by: Any, owner: Any) -> None:
    if by is None or by.is_administrator:
        return
    if owner is None or owner.pk not in by.team_ids:
        raise ValidationError({"owner": "Choose a team of your own as the owner; others describe what is theirs."})


def _check_successor(entity: Entity) -> None:
    if entity.successor and entity.successor.canonical == entity.reference.canonical:
        raise ValidationError({"successor": f"{entity} cannot succeed itself. Choose what takes its place."})


def _write_relations(entity: Entity, relations: Mapping[str, Any]) -> None:
    for name, target in relations.items():
        set_single_relation(entity=entity, name=name, target=target)


def _reloaded(entity: Entity) -> Entity:
    return Entity.objects.select_related("reference", "owner", "system", "domain").get(pk=entity.pk)
