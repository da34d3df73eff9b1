"""Writing what descriptors declare into records: entities, teams, people. Only what differs is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.references.models import Referenced
from services.catalog import bulk
from services.catalog.documents import BATCH, Reading
from services.catalog.fields import PATHS

Record = TypeVar("Record", bound=Referenced)


@dataclass(slots=True)
class Written:
    """The records that a run made, changed and left as they were, by reference."""

    made: dict[int, Any] = field(default_factory=dict)
    changed: dict[int, Any] = field(default_factory=dict)
    same: dict[int, Any] = field(default_factory=dict)

    def change_of(self, reference_id: int | None) -> str:
        if reference_id in self.made:
            return "created"
        return "changed" if reference_id in self.changed else "unchanged"

    @property
    def pks(self) -> list[int]:
        """Of the records that are not as they were."""
        return [record.pk for record in (*self.made.values(), *self.changed.values())]

    def get(self, reference_id: int | None) -> Any:
        return next(
            (group[reference_id] for group in (self.made, self.changed, self.same) if reference_id in group), None
        )


def write_records(model: type[Record], wanted: dict[int, dict[str, Any]]) -> Written:
    """Make or change the record of each reference so that it has the wanted values."""
    written = Written()
    together: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    existing = {record.reference_id: record for record in _existing(model, wanted)}
    for reference_id, values in wanted.items():
        record = existing.get(reference_id)
        if record is None:
            written.made[reference_id] = model(reference_id=reference_id, **values)
            continue
        differing = {name: value for name, value in values.items() if getattr(record, name) != value}
        for name, value in differing.items():
            setattr(record, name, value)
        (written.changed if differing else written.same)[reference_id] = record
        together[tuple(differing)].append(record)
    bulk.insert(model, list(written.made.values()))
    for columns, records in together.items():
        if columns:  # only these: what people edit meanwhile in other columns stands
            names = [model._meta.get_field(name).name for name in columns]
            model._default_manager.bulk_update(records, names, batch_size=BATCH // 2)
    return written


def defaults(model: type[Referenced], reading: Reading, *, but: Iterable[str] = ()) -> dict[str, Any]:
    """The default of each column that the file declares without a usable value, or declared before and now does not."""
    touched = reading.fields_before.keys() | reading.document.lines.keys()
    values = {}
    for column, paths in PATHS[model].items():
        if column not in but and column not in reading.values and not touched.isdisjoint(paths):
            field = model._meta.get_field(column)
            values[field.attname] = None if field.is_relation else field.get_default()  # type: ignore[union-attr]
    return values


def _existing(model: type[Record], wanted: Iterable[int]) -> Iterable[Record]:
    ids = list(wanted)
    for start in range(0, len(ids), BATCH):
        yield from model._default_manager.filter(reference_id__in=ids[start : start + BATCH])
