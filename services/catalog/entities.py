"""Entities, who owns them and how they hang together, as the documents of a run declare them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.references.grammar import InvalidReferenceError, parse_reference
from portal.tenure import organisation_today
from services import graph
from services.catalog import bulk
from services.catalog.documents import Reading
from services.catalog.fields import ENTITY_PATHS, declared_values, value_at
from services.catalog.kinds import CONSUMES_API, DEPENDENCY_OF, DEPENDS_ON, OWNED_BY, PART_OF, PROVIDES_API
from services.catalog.records import Written, defaults, write_records
from services.models import Entity, EntityState, Ownership, OwnershipRole, Relation, Source
from services.relations import refresh_part_of_cache

# Kinds that are teams and people here, not entities.
ORGANISATION = ("group", "user")
_STORED = (DEPENDS_ON, PROVIDES_API, CONSUMES_API, PART_OF)
# What a record has a column of its own for, or the catalog writes itself.
KNOWN_METADATA = frozenset(
    {"name", "namespace", "title", "description", "labels", "annotations", "tags", "links", "uid", "etag"}
)
_FOLLOWING = frozenset({"system", "domain"})
Triple = tuple[int, str, int]


@dataclass(slots=True)
class EntityWrite:
    """What a run did to entities: the records, and the references whose neighbours changed."""

    records: Written
    touched: set[int] = field(default_factory=set)


def is_entity(reading: Reading) -> bool:
    return reading.kind not in ORGANISATION


def prepare(reading: Reading) -> None:
    """Work out the values a document declares, and note what of it does not fit."""
    entity, document = reading.document.entity, reading.document
    values, notes = declared_values(Entity, entity)
    reading.values = {
        "name": entity["metadata"]["name"],
        **values,
        "extra": {key: value for key, value in entity["metadata"].items() if key not in KNOWN_METADATA},
        "kind": reading.kind,
        "namespace": reading.namespace,
    }
    text = value_at(entity, ENTITY_PATHS["successor"][0])
    if isinstance(text, str):
        try:
            reading.values["successor"] = parse_reference(text.strip(), reading.kind, reading.namespace)
        except InvalidReferenceError as error:
            notes.append(f"groundwork/successor is not taken: {error}")
    document.notes += tuple(notes)


def write_entities(source: Source, readings: list[Reading], ids: dict[str, int]) -> EntityWrite:
    """Bring entities, ownership and relations in line with the documents that keep their references."""
    winners = [reading for reading in readings if reading.is_winner and is_entity(reading)]
    wanted = {reading.reference_id: _wanted(source, reading, ids) for reading in winners if reading.reference_id}
    records = write_records(Entity, wanted)
    states = [EntityState(entity=entity) for entity in records.made.values()]
    bulk.insert(EntityState, states)
    _write_owners(winners, records, ids)
    touched = _write_relations(readings, ids)
    complete = {reading.reference_id for reading in winners if not reading.row} & records.made.keys()
    _follow_relations(({triple[0] for triple in touched} | records.made.keys()) - complete)
    return EntityWrite(records, {end for subject, _, target in touched for end in (subject, target)})


def refresh_counts(write: EntityWrite) -> None:
    """Count dependants anew where a neighbour came or went."""
    if touched := write.touched | write.records.made.keys():
        graph.refresh_counts(touched)


def _follow_relations(reference_ids: set[int]) -> None:
    if reference_ids:
        refresh_part_of_cache(list(Entity.objects.filter(reference_id__in=reference_ids).values_list("pk", flat=True)))


# --- values ---------------------------------------------------------------------------------------------------------


def _wanted(source: Source, reading: Reading, ids: dict[str, int]) -> dict[str, Any]:
    """The values the record must have: declared ones, and defaults for what the file no longer declares."""
    values = {**reading.values, "source_id": source.pk, "document_id": reading.pk, **_references(reading, ids)}
    if "successor" in values:
        values["successor_id"] = ids[values.pop("successor").canonical]
    return {**defaults(Entity, reading, but=_FOLLOWING), **values}


def _references(reading: Reading, ids: dict[str, int]) -> dict[str, Any]:
    """Owner, and for a new record system and domain; one that stands follows its relations."""
    found: dict[str, Any] = {}
    for relation in reading.document.relations:
        kind = relation.ref.kind.lower()
        if relation.type == OWNED_BY:
            found["owner_id"] = ids[relation.ref.canonical]
        elif relation.type == PART_OF and kind in _FOLLOWING and not reading.row:
            found.setdefault(f"{kind}_id", ids[relation.ref.canonical])
    return found


# --- owners ---------------------------------------------------------------------------------------------------------


def _write_owners(winners: list[Reading], records: Written, ids: dict[str, int]) -> None:
    """Open and close accountable ownerships, so that each entity has the owner its file names."""
    today = organisation_today()
    wanted: dict[int, int | None] = {}
    for reading in winners:
        owner = next((each for each in reading.document.relations if each.type == OWNED_BY), None)
        if owner or "spec.owner" in reading.fields_before:
            wanted[records.get(reading.reference_id).pk] = ids[owner.ref.canonical] if owner else None
    current = {row.entity_id: row for row in _open_ownerships(wanted)}
    replaced = [row for pk, row in current.items() if row.owner_id != wanted[pk]]
    Ownership.objects.filter(pk__in=[row.pk for row in replaced if row.effective_from >= today]).delete()
    Ownership.objects.filter(pk__in=[row.pk for row in replaced]).update(effective_to=today)
    standing = {row.entity_id for row in current.values()} - {row.entity_id for row in replaced}
    bulk.insert(
        Ownership,
        [
            Ownership(entity_id=pk, owner_id=owner, effective_from=today)
            for pk, owner in wanted.items()
            if owner and pk not in standing
        ],
    )


def _open_ownerships(entity_pks: Iterable[int]) -> Iterable[Ownership]:
    return Ownership.objects.filter(entity_id__in=list(entity_pks), role=OwnershipRole.ACCOUNTABLE, effective_to=None)


# --- relations ------------------------------------------------------------------------------------------------------


def _write_relations(readings: list[Reading], ids: dict[str, int]) -> set[Triple]:
    """Make and remove relations so that each document has those it declares; return the ones that came or went."""
    wanted = {reading.pk: _triples(reading, ids) for reading in readings if reading.pk and reading.document.is_taken}
    present: dict[int, dict[Triple, int]] = defaultdict(dict)
    standing = [reading.pk for reading in readings if reading.row and reading.pk in wanted]
    rows = Relation.objects.filter(document_id__in=standing)
    for pk, document, subject, kind, target in rows.values_list("pk", "document_id", "subject_id", "type", "object_id"):
        present[document][subject, kind, target] = pk
    new, old = [], []
    touched: set[Triple] = set()
    for document, triples in wanted.items():
        for triple in (triple for triple in triples if triple not in present[document]):
            new.append(Relation(subject_id=triple[0], type=triple[1], object_id=triple[2], document_id=document))
            touched.add(triple)
        for triple in present[document].keys() - triples.keys():
            old.append(present[document][triple])
            touched.add(triple)
    Relation.objects.filter(pk__in=old).delete()
    bulk.insert(Relation, new)
    return touched


def _triples(reading: Reading, ids: dict[str, int]) -> dict[Triple, None]:
    """Relations in the direction in which they are kept; none for a document that lost its claim."""
    if not reading.is_winner or not reading.reference_id:
        return {}
    own = reading.reference_id
    triples: dict[Triple, None] = {}
    for relation in reading.document.relations:
        other = ids[relation.ref.canonical]
        if relation.type == DEPENDENCY_OF:
            triples[other, DEPENDS_ON, own] = None
        elif relation.type in _STORED:
            triples[own, relation.type, other] = None
    return triples
