"""Writing thousands of rows at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=models.Model)


# Any number, as long as nothing else in the portal takes the same lock.
LOCK = 7_302_114


def wait_for_turn() -> None:
    """Hold the catalog until the transaction ends: what reads a source and what removes one never interleave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def insert(model: type[Row], rows: Sequence[Row]) -> None:
    """Insert rows by COPY and give each its key. Triggers and constraints hold as for any insert."""
    if not rows:
        return
    fields = [field for field in model._meta.local_concrete_fields if not _is_left_to_database(field, rows)]
    _give_keys(model, rows)
    connected = connections[DEFAULT_DB_ALIAS]  # itself, not the proxy that looks it up each time
    quote = connected.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with (
        connected.cursor() as cursor,
        cursor.copy(f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([field.get_db_prep_save(field.pre_save(row, True), connected) for field in fields])
            row._state.adding, row._state.db = False, connected.alias


def skip_no_trigger() -> None:
    """Say for this transaction that no trigger is to be skipped.

    Without the setting, pgtrigger finds out by an exception in every trigger, and each of those makes PostgreSQL go
    through all constraint checks that the transaction has put off: 25,000 rows take ten times as long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")


@contextmanager
def without_collection() -> Iterator[None]:
    """Let the garbage collector rest: it would go through a million live values again and again and find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _is_left_to_database(field: models.Field[Any, Any], rows: Sequence[models.Model]) -> bool:
    """What the database computes, and what it has a default for where no row says otherwise."""
    if field.generated or field.db_default is models.NOT_PROVIDED:
        return bool(field.generated)
    usual = field.default if field.has_default() else None
    values = (getattr(row, field.attname) for row in rows)
    return all(isinstance(value, DatabaseDefault) or value == usual for value in values)


def _give_keys(model: type[Row], rows: Sequence[Row]) -> None:
    key = model._meta.pk
    if any(row.pk is not None for row in rows):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, key.column, len(rows)],
        )
        for row, (value,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = value
