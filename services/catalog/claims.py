"""Who keeps a reference that several documents describe: the first one, unless its source ranks lower."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from services.catalog import references
from services.catalog.documents import BATCH, TAKEN, Reading, Row
from services.models import Document, Source


def settle(source: Source, kept: Iterable[Row], readings: list[Reading]) -> None:
    """Note the conflict on every reading whose reference another document keeps.

    ``kept`` are the rows of unchanged files; they hold their references already.
    """
    holders = {row.canonical: f"{row.file}, document {row.number}," for row in kept if row.is_holder}
    claims: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        if reading.document.is_taken and reading.document.reference:
            claims[reading.document.reference].append(reading)
    elsewhere, renamed = _held_elsewhere(source, claims), references.former_names(claims)
    for reference, claimants in claims.items():
        if reference in renamed:
            _refuse(claimants, f"{reference} was renamed to {renamed[reference]}. Write that name, or choose another.")
        else:
            _choose(source, claimants, holders.get(reference), elsewhere.get(reference))


def _choose(source: Source, claimants: list[Reading], holder: str | None, outside: Document | None) -> None:
    """Let one of the claimants keep the reference, unless a ``holder`` of this source or one outside does."""
    if outside and outside.source.precedence <= source.precedence:
        holder = f"{outside.file}, document {outside.number}, of the source {outside.source}"
    winner = None if holder else _first(claimants)
    if winner:
        holder = f"{winner.document.file}, document {winner.document.number},"
        if outside:
            _displace(outside, source, winner)
    losers = [reading for reading in claimants if reading is not winner]
    _refuse(losers, f"{holder} describes {claimants[0].document.reference} already and keeps it. {_MEND}")


def _first(claimants: list[Reading]) -> Reading:
    """Who kept it until now, or else who comes first."""
    return next((reading for reading in claimants if reading.row and reading.row.is_holder), claimants[0])


def _refuse(readings: list[Reading], reason: str) -> None:
    for reading in readings:
        reading.conflict = reason


_MEND = "Give one of the two another name, or remove it."


def _held_elsewhere(source: Source, claims: Iterable[str]) -> dict[str, Document]:
    """The documents of other sources that keep one of these references."""
    others = Document.objects.filter(status__in=TAKEN, conflict="").exclude(source=source)
    if not others.exists():
        return {}
    found = {}
    for chunk in references.chunked(claims, BATCH):
        for document in others.filter(reference__canonical__in=chunk).select_related("source", "reference"):
            found[document.reference.canonical] = document  # type: ignore[union-attr]  # filtered by it
    return found


def _displace(document: Document, source: Source, by: Reading) -> None:
    """A source that ranks before the present holder's takes the reference over."""
    document.conflict = (
        f"{by.document.file}, document {by.document.number}, of the source {source} describes "
        f"{by.document.reference} as well and keeps it, because that source comes first. {_MEND}"
    )
    document.save(update_fields=["conflict"])
    document.relations.all().delete()
