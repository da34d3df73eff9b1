"""What tests of health share: servers that probes ask, a clock that stands, and a service."""

from collections.abc import Iterator

import pytest
import time_machine

from services.models import Entity
from tests.factories import make_entity
from tests.services.health.targets import Targets, serving


@pytest.fixture
def targets(settings) -> Iterator[Targets]:
    """Targets on 127.0.0.1, which may be asked."""
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    with serving() as running:
        yield running


@pytest.fixture
def at_noon(request) -> Iterator[None]:
    """The clock stands at the NOON of the module."""
    with time_machine.travel(request.module.NOON, tick=False):
        yield


@pytest.fixture
def cart(people) -> Entity:
    return make_entity("cart", owner=people.team)
