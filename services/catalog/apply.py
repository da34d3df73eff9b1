"""Applying descriptor files: read them, settle who keeps which reference, write only what differs.

One source is one transaction: it is applied whole or not at all, and two imports never interleave. A file whose bytes
are those of the last run is not parsed again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.people.models import Person, Team
from portal.references.grammar import Ref
from portal.search import index
from services.catalog import bulk, claims, documents, entities, organisation, references
from services.catalog.documents import Reading, Row
from services.catalog.entities import ORGANISATION, EntityWrite
from services.catalog.files import FoundFile, LoadedFile, find_files, load, named
from services.catalog.organisation import OrganisationWrite
from services.catalog.reader import ACCEPTED, FOREIGN, read_file
from services.catalog.records import Written
from services.models import DocumentStatus, Entity, Run, Source

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one document. ``file`` is relative to the path that was given."""

    file: str
    doc: int
    status: str
    ref: str | None = None
    error: str | None = None
    conflict: str | None = None
    notes: tuple[str, ...] = ()
    line: int | None = None
    change: str = "unchanged"


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is asked for a source; None leaves one that is known as it is."""

    trusted: bool | None
    precedence: int | None

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(slots=True)
class _File:
    """One file of a run: its rows where nothing changed, otherwise what was read."""

    found: FoundFile
    rows: list[Row] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)


def apply_paths(
    paths: Iterable[str | Path],
    *,
    source: str = "",
    trusted: bool | None = None,
    precedence: int | None = None,
    by: Any = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Iterator[Result]:
    """Apply the files at or below ``paths`` and return what became of each document.

    Without the name of a ``source``, each path is a source of its own. Only a ``trusted`` one makes teams and people:
    one that is known stays as it is unless that is said, a new one is. ``precedence`` too stays where it is not said.
    ``say`` is told what is another about a source than before.
    Raises MissingPathError before anything is written when a path does not exist.
    """
    found = {Path(path): list(find_files(path)) for path in paths}
    groups = [(source, list(found.items()))] if source else [("", [item]) for item in found.items()]
    results: list[Result] = []
    terms = _Terms(trusted, precedence)
    for name, group in groups:
        with bulk.without_collection():
            results += _apply_source(
                name, group, terms=terms, by=by, progress=progress or _no_progress, say=say or _say_nothing
            )
    return iter(results)


def _no_progress(stage: str, done: int, total: int) -> None:
    pass


def _say_nothing(text: str) -> None:
    pass


@transaction.atomic
def _apply_source(
    name: str, group: list[tuple[Path, list[FoundFile]]], *, terms: _Terms, by: Any, progress: Progress, say: Say
) -> list[Result]:
    bulk.wait_for_turn()
    bulk.skip_no_trigger()
    source, before = _source(name, [path for path, _ in group], terms)
    with pghistory.context(origin=source.name, **({"user": by.pk} if by else {})):
        run = Run.objects.create(source=source, started_at=timezone.now())
        rows = documents.rows_of(source)
        files = _read(source, rows, _distinct(group), progress, read_all="trusted" in before)
        ended = 0 if source.trusted else organisation.withdraw(source)
        changed = _write(source, run, rows, files, progress)
        results = [result for file in files for result in _results(file, changed)]
        _finish(run, results, changed)
    for text in _what_changed(source, before, ended):
        say(text)
    return results


def _source(name: str, paths: list[Path], terms: _Terms) -> tuple[Source, dict[str, Any]]:
    """The source of these paths, made where there is none; and the values it had that are others now."""
    location = ", ".join(str(path.resolve()) for path in paths)[:1000]
    if name:
        source = Source.objects.filter(name=name).first()
    else:
        source = Source.objects.filter(kind="folder", location=location).first()
        name = _free_name(paths[0].resolve().name or "files")
    if source is None:
        return Source.objects.create(name=name[:200], location=location, **{"trusted": True, **terms.given()}), {}
    wanted = {"location": location, **terms.given()}
    before = {name: getattr(source, name) for name, value in wanted.items() if getattr(source, name) != value}
    for name in before:
        setattr(source, name, wanted[name])
    if before:
        source.save(update_fields=list(before))
    return source, before


def _what_changed(source: Source, before: dict[str, Any], ended: int) -> Iterator[str]:
    if "trusted" in before and source.trusted:
        yield f"The source {source} is trusted from now on: it makes teams, people and memberships, which give rights."
    elif "trusted" in before:
        yield (
            f"The source {source} is no longer trusted: its teams and people are set aside, and memberships that only "
            f"it declared end ({ended:,})."
        )
    if "precedence" in before:
        yield f"The source {source} has precedence {source.precedence} from now on, no longer {before['precedence']}."


def _free_name(name: str) -> str:
    taken = set(Source.objects.filter(name__startswith=name[:190]).values_list("name", flat=True))
    candidates = (name[:190] if number == 1 else f"{name[:190]} {number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)


def _distinct(group: list[tuple[Path, list[FoundFile]]]) -> list[FoundFile]:
    """The files of all paths; where two paths have one of the same name, the later bears the name of its path."""
    taken: set[str] = set()
    files = []
    for path, found in group:
        for file in found:
            own, name = file, file.file
            while own.file in taken:
                name = f"{path.resolve().name}/{name}"
                own = named(replace(file, file=name))
            taken.add(own.file)
            files.append(own)
    return files


# --- reading --------------------------------------------------------------------------------------------------------


def _read(
    source: Source, rows: list[Row], found: list[FoundFile], progress: Progress, *, read_all: bool
) -> list[_File]:
    """Every file, parsed where its bytes are not those of the last run."""
    standing: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.status != DocumentStatus.GONE:
            standing[row.file].append(row)
    files = []
    for number, each in enumerate(found, 1):
        loaded, before = load(each), standing[each.file]
        if not read_all and not loaded.has_substitutions and documents.is_unchanged(before, loaded.digest):
            files.append(_File(each, rows=sorted(before, key=lambda row: row.number)))
        else:
            files.append(_File(each, readings=_readings(source, loaded)))
        progress("Reading files", number, len(found))
    if _concerns_organisation(files, standing):
        _read_organisation(source, files)
    return files


def _readings(source: Source, loaded: LoadedFile) -> list[Reading]:
    readings = [Reading(document) for document in read_file(loaded)]
    for reading in readings:
        if reading.kind in ORGANISATION:
            organisation.set_aside(reading, trusted=source.trusted)
    return readings


def _concerns_organisation(files: list[_File], rows: dict[str, list[Row]]) -> bool:
    """Whether a team or person came, changed or went."""
    present = {file.found.file for file in files if file.rows}
    changed = any(reading.kind in ORGANISATION for file in files for reading in file.readings)
    return changed or any(
        _is_organisation(row) for name, each in rows.items() if name not in present for row in each if row.is_holder
    )


def _is_organisation(row: Row) -> bool:
    return (row.canonical or "").partition(":")[0] in ORGANISATION


def _read_organisation(source: Source, files: list[_File]) -> None:
    """Who belongs to which team follows from all files together, so those unchanged are needed as well."""
    for file in files:
        if any(_is_organisation(row) for row in file.rows):
            file.rows, file.readings = [], _readings(source, load(file.found))


# --- writing --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Changed:
    entities: EntityWrite
    organisation: OrganisationWrite
    gone: int

    def of(self, reading: Reading) -> str:
        if not reading.is_winner:
            return "unchanged"
        if reading.kind == organisation.GROUP:
            return self.organisation.teams.change_of(reading.reference_id)
        if reading.kind == organisation.USER:
            return self.organisation.people.change_of(reading.reference_id)
        return self.entities.records.change_of(reading.reference_id)


def _write(source: Source, run: Run, rows: list[Row], files: list[_File], progress: Progress) -> _Changed:
    readings = [reading for file in files for reading in file.readings]
    vanished = _settle(source, rows, [row for file in files for row in file.rows], readings)
    ids = _find_references(readings)
    progress("Writing documents", 0, len(readings))
    documents.make_room(readings)
    gone = documents.mark_gone(vanished, {file.found.file: len(file.readings) for file in files if file.readings}, run)
    documents.write(source, run, readings, run.started_at)
    progress("Writing entities", 0, len(readings))
    written = _Changed(
        entities.write_entities(source, readings, ids), organisation.write_organisation(readings, ids), gone
    )
    progress("Refreshing search and counts", 0, len(readings))
    _refresh(written)
    return written


def _settle(source: Source, rows: list[Row], kept: list[Row], readings: list[Reading]) -> list[Row]:
    """Give every reading its row and its conflict; return the rows whose documents vanished."""
    unchanged = {row.pk for row in kept}
    vanished = documents.match([row for row in rows if row.pk not in unchanged], readings)
    claims.settle(source, kept, readings)
    for reading in readings:
        if reading.is_winner:
            (entities if entities.is_entity(reading) else organisation).prepare(reading)
    return vanished


def _find_references(readings: list[Reading]) -> dict[str, int]:
    """The ids of all references that are needed; those of rejected documents only where they exist."""
    taken = [reading for reading in readings if reading.document.is_taken]
    ids = references.find_or_make(ref for reading in taken for ref in _named(reading))
    others = {r.document.reference for r in readings if r.document.reference and not r.document.is_taken}
    ids |= references.find(others - ids.keys())
    for reading in readings:
        reading.reference_id = ids.get(reading.document.reference or "")
    return ids


def _named(reading: Reading) -> Iterator[Ref]:
    metadata = reading.document.entity["metadata"]
    yield Ref(reading.document.entity["kind"], metadata.get("namespace") or "default", metadata["name"])
    if reading.is_winner:
        yield from (relation.ref for relation in reading.document.relations)
        if "successor" in reading.values:
            yield reading.values["successor"]


def _refresh(written: _Changed) -> None:
    """Bring counts and search in line with what was written."""
    entities.refresh_counts(written.entities)
    teams, people, records = written.organisation.teams, written.organisation.people, written.entities.records
    for model, pks in ((Team, teams.pks), (Person, people.pks), (Entity, _to_find_anew(records, teams, people))):
        if pks:
            index.refresh(model, pks)


def _to_find_anew(records: Written, teams: Written, people: Written) -> set[int]:
    """Entities that changed, and those found by the name of an owner or a system that did."""
    owners = {*teams.made, *teams.changed, *people.made, *people.changed}
    systems = {pk for group in (records.made, records.changed) for pk, each in group.items() if each.kind == "system"}
    neighbours = Entity.objects.filter(Q(owner__in=owners) | Q(system__in=systems))
    return {*records.pks, *(neighbours.values_list("pk", flat=True) if owners or systems else ())}


# --- the outcome ----------------------------------------------------------------------------------------------------


def _results(file: _File, changed: _Changed) -> Iterator[Result]:
    for row in file.rows:
        notes, error = (tuple(row.error.splitlines()), "") if row.is_holder else ((), row.error)
        yield Result(file.found.file, row.number, row.status, row.canonical, error or None, None, notes, row.line)
    for reading in file.readings:
        read = reading.document
        yield Result(
            read.file,
            read.number,
            read.status,
            read.reference,
            read.error or None,
            reading.conflict or None,
            read.notes,
            read.line,
            changed.of(reading),
        )


def _finish(run: Run, results: list[Result], changed: _Changed) -> None:
    counts = Counter(result.status for result in results)
    counts.update(result.change for result in results if result.status in (ACCEPTED, FOREIGN) and not result.conflict)
    counts["conflicts"] = sum(result.conflict is not None for result in results)
    counts["gone"] = changed.gone
    run.counts, run.finished_at = dict(counts), timezone.now()
    run.save(update_fields=["counts", "finished_at"])
