"""Raw results for tests, written as the prober writes them: rows of one check a minute, or as told."""

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from services.health.models import Check, CheckState, Outcome
from tests.factories import make_entity


def make_check(name: str = "Front page", **values) -> Check:
    entity = values.pop("entity", None) or make_entity()
    check = Check.objects.create(entity=entity, name=name, address="http://127.0.0.1:1/", **values)
    CheckState.objects.create(of=check, due_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    return check


def answer(
    check: Check,
    moments: Iterable[dt.datetime],
    outcome: int = Outcome.UP,
    latency_ms: float | None = 20.0,
    *,
    maintenance: bool = False,
) -> None:
    """Write one result of ``outcome`` for each of these moments."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO health_checkresult (of_id, due_at, taken_at, outcome, maintenance, latency_ms)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(check.pk, at, at, int(outcome), maintenance, latency_ms) for at in moments],
        )


def every(start: dt.datetime, end: dt.datetime, seconds: int = 60) -> list[dt.datetime]:
    """The moments from ``start`` up to, not including, ``end``."""
    return [start + dt.timedelta(seconds=at) for at in range(0, int((end - start).total_seconds()), seconds)]
