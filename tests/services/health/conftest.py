"""Servers that probes ask."""

from collections.abc import Iterator

import pytest

from tests.services.health.targets import Targets, serving


@pytest.fixture
def targets(settings) -> Iterator[Targets]:
    """Targets on 127.0.0.1, which may be asked."""
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    with serving() as running:
        yield running
