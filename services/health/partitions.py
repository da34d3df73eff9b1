"""Partitions of the tables that grow by time: made ahead of time, dropped when their time is over.

A row whose partition is missing is kept in the default partition; making the partition moves it there.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from services.health.models import RollUpMark


@dataclass(frozen=True)
class Partitioned:
    """A table with a partition for each day or month (UTC) of ``column``, ``ahead`` of them made before they begin, and
    each dropped once it ended ``keep_days`` ago; results not before they are summed."""

    table: str
    column: str
    monthly: bool
    ahead: int
    keep_days: int

    def start_of(self, day: dt.date) -> dt.date:
        return day.replace(day=1) if self.monthly else day

    def next(self, start: dt.date) -> dt.date:
        return (start + dt.timedelta(days=32)).replace(day=1) if self.monthly else start + dt.timedelta(days=1)

    def name(self, start: dt.date) -> str:
        return f"{self.table}_{start:%Y%m}" if self.monthly else f"{self.table}_{start:%Y%m%d}"


RESULTS = Partitioned("health_checkresult", "due_at", monthly=False, ahead=3, keep_days=2)
SAMPLES = Partitioned("health_sample", "at", monthly=True, ahead=2, keep_days=100)
TABLES = (RESULTS, SAMPLES)


def prepare(table: Partitioned, first: dt.date, last: dt.date) -> list[str]:
    """Make the partitions of the days from ``first`` to ``last`` that are missing; return their names."""
    made, start = [], table.start_of(first)
    existing = set(partitions(table))
    while start <= last:
        if table.name(start) not in existing:
            _make(table, start)
            made.append(table.name(start))
        start = table.next(start)
    return made


def partitions(table: Partitioned) -> list[str]:
    """Names of the partitions there are, the default one left out, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [table.table]
        )
        return [name for (name,) in cursor.fetchall() if name != f"{table.table}_default"]


@transaction.atomic
def _make(table: Partitioned, start: dt.date) -> None:
    """Make one partition, and move into it what arrived before it was there."""
    parts = {
        "table": sql.Identifier(table.table),
        "default": sql.Identifier(f"{table.table}_default"),
        "name": sql.Identifier(table.name(start)),
        "column": sql.Identifier(table.column),
        "first": sql.Literal(f"{start} 00:00+00"),
        "end": sql.Literal(f"{table.next(start)} 00:00+00"),
    }
    with connection.cursor() as cursor:
        # Two workers may find the same partition missing: the second waits here, and finds that it is there.
        cursor.execute(_text("LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE", **parts))
        if table.name(start) not in partitions(table):
            for statement in _MAKE:
                cursor.execute(_text(statement, **parts))


_MAKE = (
    "CREATE TABLE {name} (LIKE {table} INCLUDING ALL)",
    "INSERT INTO {name} SELECT * FROM {default} WHERE {column} >= {first} AND {column} < {end}",
    "DELETE FROM {default} WHERE {column} >= {first} AND {column} < {end}",
    "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})",
)


def _text(statement: str, **parts: sql.Composable) -> str:
    """As text, because whoever notes who writes (pghistory) reads every statement."""
    return sql.SQL(statement).format(**parts).as_string(None)


def drop_old(table: Partitioned, today: dt.date) -> list[str]:
    """Drop the partitions whose time is over, and the rows of that time that found none; return the names."""
    first = _first_kept(table, today)
    dropped = [name for name in partitions(table) if name < table.name(first)]
    with connection.cursor() as cursor:
        for name in dropped:
            cursor.execute(_text("DROP TABLE IF EXISTS {name}", name=sql.Identifier(name)))
        cursor.execute(
            _text(
                "DELETE FROM {default} WHERE {column} < {first}",
                default=sql.Identifier(f"{table.table}_default"),
                column=sql.Identifier(table.column),
                first=sql.Literal(f"{first} 00:00+00"),
            )
        )
    return dropped


def _first_kept(table: Partitioned, today: dt.date) -> dt.date:
    """The day whose partition is the oldest to keep."""
    first = today - dt.timedelta(days=table.keep_days)
    mark = RollUpMark.objects.first() if table == RESULTS else None
    if mark:
        # A day before, because each summing begins some hours before the mark.
        first = min(first, mark.rolled_until.astimezone(dt.UTC).date() - dt.timedelta(days=1))
    return table.start_of(first)


def astray(table: Partitioned) -> int:
    """Rows that found no partition: none, unless the task that makes them has not run for days."""
    with connection.cursor() as cursor:
        cursor.execute(_text("SELECT count(*) FROM {name}", name=sql.Identifier(f"{table.table}_default")))
        return int(cursor.fetchone()[0])


def maintain() -> None:
    """Make what is coming and drop what is over, of every table."""
    today = timezone.now().astimezone(dt.UTC).date()
    for table in TABLES:
        last = today
        for _ in range(table.ahead):
            last = table.next(table.start_of(last))
        prepare(table, today, last)
        drop_old(table, today)
