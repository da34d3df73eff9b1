"""Taking away what tests committed, where ``flush`` does not: the partitioned tables are not managed by Django."""

from django.db import connection

from services.health.partitions import TABLES, partitions


def empty_partitions() -> None:
    """Their rows, and the partitions themselves: what is made for a day is there for the tests after it."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"TRUNCATE {table.table}")
            for name in partitions(table):
                cursor.execute(f"DROP TABLE {name}")
