"""References of whatever an import names, found or made in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from portal.references.grammar import Ref
from portal.references.models import Reference, ReferenceAlias

BATCH = 2000


def chunked(items: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def find(canonicals: Iterable[str]) -> dict[str, int]:
    """The ids of these references, former names of renamed ones included."""
    found: dict[str, int] = {}
    for chunk in chunked(canonicals, BATCH):
        found |= dict(Reference.objects.filter(canonical__in=chunk).values_list("canonical", "pk"))
        missing = [canonical for canonical in chunk if canonical not in found]
        aliases = ReferenceAlias.objects.filter(canonical__in=missing) if missing else ReferenceAlias.objects.none()
        found |= dict(aliases.values_list("canonical", "reference_id"))
    return found


def former_names(canonicals: Iterable[str]) -> dict[str, str]:
    """Of these references, the ones that something bore before it was renamed, with the name it bears now."""
    if not ReferenceAlias.objects.exists():
        return {}
    found: dict[str, str] = {}
    for chunk in chunked(canonicals, BATCH):
        found |= dict(
            ReferenceAlias.objects.filter(canonical__in=chunk).values_list("canonical", "reference__canonical")
        )
    borne = set(Reference.objects.filter(canonical__in=found).values_list("canonical", flat=True))
    return {former: now for former, now in found.items() if former not in borne}


def find_or_make(refs: Iterable[Ref]) -> dict[str, int]:
    """The ids of these references; one that nobody has named before is made, dangling until something describes it."""
    wanted = {ref.canonical: ref for ref in refs}
    found = find(wanted)
    missing = {canonical: ref for canonical, ref in wanted.items() if canonical not in found}
    if missing:
        rows = [_new(canonical, ref) for canonical, ref in missing.items()]
        Reference.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        found |= find(missing)
    return found


def _new(canonical: str, ref: Ref) -> Reference:
    return Reference(
        kind=ref.kind.lower(),
        namespace=ref.namespace.lower(),
        name=ref.name.lower(),
        canonical=canonical,
        label=ref.name,
    )
