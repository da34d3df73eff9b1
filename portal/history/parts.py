"""Rows that belong to a record and are told in its history: who is in a team, who owned a service, which tokens a login
has. Each app registers its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from portal.history.saying import NOTHING, Change, said, sentence


@dataclass(frozen=True)
class Part:
    """``field`` of ``model`` names the record, by its reference or itself. ``label`` says what such a row is, or is the
    name of the field that says so; ``fields`` are what is told of it. ``guarded`` parts are only for who may change
    the record."""

    of: type[models.Model]
    model: type[models.Model]
    field: str
    label: str
    fields: tuple[str, ...]
    guarded: bool = False

    def key(self, record: Any) -> dict[str, Any]:
        points_at: Any = self.model._meta.get_field(self.field).related_model
        return {self.field: record.pk if isinstance(record, points_at) else record.reference_id}

    @property
    def told(self) -> list[Any]:
        return [self.model._meta.get_field(name) for name in self.fields]

    def tell(self, before: Any, after: Any, references: Mapping[int, str]) -> Change:
        """What became of one row, from a version (None before there was one) to the next (None for deleted)."""
        return Change(
            self._label(after or before),
            self._row(before, references) if before else NOTHING,
            self._row(after, references) if after else NOTHING,
        )

    def _label(self, version: Any) -> str:
        named = {field.name for field in self.model._meta.concrete_fields}
        return sentence(getattr(version, f"get_{self.label}_display")()) if self.label in named else self.label

    def _row(self, version: Any, references: Mapping[int, str]) -> str:
        """The first field stands for itself, the others have their names before them."""
        found: list[str] = []
        for field in self.told:
            text = said(field, getattr(version, field.attname), references)
            if text != NOTHING:
                found.append(f"{field.verbose_name} {text}" if found else text)
        return ", ".join(found)


_parts: list[Part] = []


def tell_with(*parts: Part) -> None:
    """Tell these rows in the history of the records that they belong to."""
    _parts.extend(parts)


def parts_of(record: models.Model) -> Iterable[Part]:
    return [each for each in _parts if isinstance(record, each.of)]
