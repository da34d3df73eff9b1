"""Values that a file declares: read-only in the browser, with a link to where they are written.

The catalog registers who knows (services.provenance); the shared layer only asks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True)
class Declared:
    """Where a value is declared: file and line, the run that read it, and the page of the document."""

    file: str
    line: int | None
    url: str

    @property
    def text(self) -> str:
        return f"{self.file}, line {self.line}" if self.line else self.file


Lookup = Callable[[models.Model], Mapping[str, Declared]]
_lookups: list[Lookup] = []


def register_declared(lookup: Lookup) -> Lookup:
    _lookups.append(lookup)
    return lookup


def declared_fields(record: models.Model) -> dict[str, Declared]:
    """Model field name → where a file declares it."""
    return {name: declared for lookup in _lookups for name, declared in lookup(record).items()}
