"""Writing in the past: each version of a record is dated by when it came about at Larkspur."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection, models

from services.catalog import bulk
from services.demo import backdate

Row = TypeVar("Row", bound=models.Model)


class Past:
    """Writes rows and their changes, and remembers when each was; ``date`` moves all of them there."""

    def __init__(self) -> None:
        self.versions: dict[type[models.Model], dict[int, list[dt.datetime]]] = defaultdict(lambda: defaultdict(list))

    def insert(self, model: type[Row], rows: Sequence[tuple[Row, dt.datetime]]) -> list[Row]:
        """Write new rows, each with the moment it came about."""
        made = [row for row, _ in rows]
        bulk.insert(model, made)
        for row, at in rows:
            self.versions[model][row.pk].append(at)
        return made

    def change(self, model: type[Row], fields: Iterable[str], rows: Sequence[tuple[Row, dt.datetime]]) -> None:
        """Write what was changed in some rows, each with its moment; every one of them has to differ from before."""
        _update(model, [model._meta.get_field(name) for name in fields], [row for row, _ in rows])
        for row, at in rows:
            # No version is older than the one it replaces.
            self.versions[model][row.pk].append(max(at, self.versions[model][row.pk][-1]))

    def date(self) -> None:
        """Date what was written, the history of tracked models included."""
        for model, rows in self.versions.items():
            backdate.date_versions(model, rows)


_UPDATE = "UPDATE {table} SET {changes} FROM unnest({arrays}) AS told({names}) WHERE told.id = {table}.id"


def _update(model: type[models.Model], fields: Sequence[Any], rows: Sequence[models.Model]) -> None:
    """Write some fields of many rows in one statement."""
    names = [field.column for field in fields]
    sql = _UPDATE.format(
        table=model._meta.db_table, names=", ".join(["id", *names]),
        changes=", ".join(f"{name} = told.{name}" for name in names),
        arrays=", ".join(["%s::bigint[]", *(f"%s::{field.rel_db_type(connection)}[]" for field in fields)]),
    )  # fmt: skip
    values = [[row.pk for row in rows], *([getattr(row, field.attname) for row in rows] for field in fields)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
