"""Reading descriptors without a database, and their relations as the reference implementation emits them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from services.catalog.files import find_files, load
from services.catalog.kinds import (
    CHILD_OF,
    CONSUMES_API,
    DEPENDENCY_OF,
    DEPENDS_ON,
    HAS_MEMBER,
    MEMBER_OF,
    OWNED_BY,
    PARENT_OF,
    PART_OF,
    PROVIDES_API,
)
from services.catalog.reader import ReadDocument, read_file
from services.catalog.relations import Declared

INVERSES = {
    OWNED_BY: "ownerOf",
    PART_OF: "hasPart",
    PROVIDES_API: "apiProvidedBy",
    CONSUMES_API: "apiConsumedBy",
    DEPENDS_ON: DEPENDENCY_OF,
    DEPENDENCY_OF: DEPENDS_ON,
    CHILD_OF: PARENT_OF,
    PARENT_OF: CHILD_OF,
    HAS_MEMBER: MEMBER_OF,
    MEMBER_OF: HAS_MEMBER,
}


def read_path(path: str | Path) -> Iterator[ReadDocument]:
    """Every document at or below a path."""
    for found in find_files(path):
        yield from read_file(load(found))


def both_directions(reference: str, relations: Iterable[Declared]) -> list[tuple[str, str, str]]:
    """Source, type and target of each relation and of its inverse, sorted."""
    emitted = set()
    for relation in relations:
        target = relation.ref.canonical
        emitted |= {(reference, relation.type, target), (target, INVERSES[relation.type], reference)}
    return sorted(emitted)
