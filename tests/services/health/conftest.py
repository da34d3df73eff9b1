"""Servers that probes ask, and a database that several connections see."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.services.health.targets import Targets, serving


@pytest.fixture
def targets(settings) -> Iterator[Targets]:
    """Targets on 127.0.0.1, which may be asked."""
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    with serving() as running:
        yield running


@pytest.fixture
def lasting(transactional_db) -> Iterator[None]:
    """What is written is committed; afterwards the tables that Django does not manage are emptied too."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE health_checkresult, health_sample")
