"""Writing what an import has read: each row by itself, once however often it is read, never over what people wrote.

What a row said is kept by field. When it says something else later, a field changes that still is as the row said it;
what people have changed since stays as they left it, and the report says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.actions import new_record
from roadmap.imports.delivery import settle
from roadmap.imports.mapping import FieldMapping
from roadmap.imports.reading import Row
from roadmap.imports.values import Meaning, Meant, Problem, as_kept, empty
from roadmap.making import PUBLIC, edit, make
from roadmap.models import ImportedInitiative, Initiative

CREATED, CHANGED, UNCHANGED, REFUSED = "created", "changed", "unchanged", "refused"
RESULTS = (CREATED, CHANGED, UNCHANGED, REFUSED)
_LONGEST_KEY = 300
_IN_THE_SOURCE = "Correct it in the source, or say in the mapping what it means."
_SOMEBODY_ELSE = Problem("key", "Somebody imported it at the same time.", "Import once more: then it is known.")


@dataclass(frozen=True)
class Outcome:
    """What became of one row. ``changed`` names the fields that were written, ``kept`` those that people had changed
    since; ``left_out`` is what the row says and the initiative does not have; ``problems`` why it was refused."""

    file: str
    row: int
    key: str
    result: str
    initiative: str = ""
    title: str = ""
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = field(default_factory=tuple)


class Importing:
    """One run over the rows of a source. Without ``write`` each row is tried and taken back."""

    def __init__(self, mapping: FieldMapping, *, by: Any = None, write: bool = True) -> None:
        self.mapping, self.by, self.write = mapping, by, write
        self.meaning = Meaning()
        known = ImportedInitiative.objects.filter(source=mapping.source).select_related("initiative")
        self.known = {each.key: each for each in known}
        self.seen: dict[str, Row] = {}

    def run(self, rows: Iterable[Row]) -> Iterator[Outcome]:
        """What becomes of each row. A row that does not fit keeps no other out."""
        for row in rows:
            yield self._row(row)

    def _row(self, row: Row) -> Outcome:
        if row.problem:
            return _refused(row, "", [Problem("the row", row.problem, "Correct the file, and import it again.")])
        key = self._key(row)
        if isinstance(key, Problem):
            return _refused(row, "", [key])
        meant = self.meaning.of(self.mapping.fields, row.value)
        if not meant.problems and not meant.values.get("title"):
            or_default = "" if self.mapping.key.chosen else ", or a default in the mapping"
            meant.problems.append(Problem("title", "It has none.", f"Give it one in the source{or_default}."))
        if meant.problems:
            return _refused(row, key, meant.problems, meant)
        settle(meant)
        try:
            with transaction.atomic():
                outcome = self._write(row, key, meant)
                if not self.write:
                    transaction.set_rollback(True)
        except ValidationError as problem:
            return _refused(row, key, list(_told(problem)), meant)
        except IntegrityError:
            return _refused(row, key, [_SOMEBODY_ELSE], meant)
        return outcome

    def _key(self, row: Row) -> str | Problem:
        raw = self.mapping.key.raw(row.value)
        key = "" if raw is None or isinstance(raw, dict | list) else str(raw).strip()
        if not key:
            return Problem("key", "The row has nothing that names it.", "Fill it in, or let something else be the key.")
        if len(key) > _LONGEST_KEY:
            return Problem("key", f"It has {len(key):,} letters.", f"Take one of at most {_LONGEST_KEY}.")
        first = self.seen.setdefault(key, row)
        if first is not row:
            told = f"“{key}” names row {first.number} of {first.file} already."
            return Problem("key", told, "Give each row a key of its own, or keep one of the two.")
        return key

    def _write(self, row: Row, key: str, meant: Meant) -> Outcome:
        said = {name: as_kept(_field(name), value) for name, value in meant.values.items()}
        known = self.known.get(key)
        if known is None:
            return self._create(row, key, meant, said)
        if known.values == said:
            return _outcome(row, key, UNCHANGED, known.initiative, meant)
        return self._change(row, key, meant, said, known)

    def _create(self, row: Row, key: str, meant: Meant, said: Mapping[str, Any]) -> Outcome:
        if not self.write:
            # Checked as it would be, without the number and the rows that are taken back at once.
            values = {**meant.values, "name": f"{PUBLIC}-0"}
            tried = new_record(model=Initiative, kind="initiative", values=values)
            return _outcome(row, key, CREATED, tried, meant, new=True)
        made = make(by=self.by, values=meant.values)
        ImportedInitiative.objects.create(initiative=made, source=self.mapping.source, key=key, values=said)
        return _outcome(row, key, CREATED, made, meant)

    def _change(self, row: Row, key: str, meant: Meant, said: Mapping[str, Any], known: ImportedInitiative) -> Outcome:
        record = Initiative.objects.select_for_update(of=("self",)).get(pk=known.initiative_id)
        changed, kept = _compared(record, said, known.values)
        if "status" in kept:
            # People say where it stands, so what follows from the status of the row does not hold here.
            changed = [name for name in changed if name not in meant.by_status]
        if changed:
            edit(by=self.by, record=record, values={name: meant.values[name] for name in changed})
        ImportedInitiative.objects.filter(pk=known.pk).update(values={**known.values, **said})
        word = CHANGED if changed or kept else UNCHANGED
        return _outcome(row, key, word, record, meant, changed=tuple(changed), kept=tuple(kept))


def _compared(record: Initiative, said: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The fields to write, and those that people have changed since the row was imported."""
    changed: list[str] = []
    kept: list[str] = []
    for name, value in said.items():
        model_field = _field(name)
        was = before.get(name, as_kept(model_field, empty(model_field)))
        held = as_kept(model_field, getattr(record, name))
        if value in (was, held):
            continue
        (changed if held == was else kept).append(name)
    return changed, kept


def _field(name: str) -> Any:
    return Initiative._meta.get_field(name)


def _outcome(
    row: Row, key: str, result: str, initiative: Initiative, meant: Meant, *, new: bool = False,
    changed: tuple[str, ...] = (), kept: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    """``new`` is one that was tried alone: the number it had is not kept."""
    return Outcome(
        row.file, row.number, key, result, "" if new else initiative.name, meant.values["title"],
        changed, kept, tuple(meant.left_out),
    )  # fmt: skip


def _refused(row: Row, key: str, problems: list[Problem], meant: Meant | None = None) -> Outcome:
    title = str(meant.values.get("title", "")) if meant else ""
    left_out = tuple(meant.left_out) if meant else ()
    return Outcome(row.file, row.number, key, REFUSED, "", title, left_out=left_out, problems=tuple(problems))


def _told(problem: ValidationError) -> Iterator[Problem]:
    by_field = problem.message_dict if hasattr(problem, "error_dict") else {"__all__": problem.messages}
    for name, texts in by_field.items():
        for text in texts:
            yield Problem("the row" if name == "__all__" else name, text, _IN_THE_SOURCE)
