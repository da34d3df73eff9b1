"""Each test here runs once for every registered collection."""

import pytest
from django.test import Client

from portal.collections import Collection
from portal.people.models import Role, User
from tests import factories
from tests.every_collection.rows import WALKED


@pytest.fixture(params=sorted(WALKED))
def collection(request: pytest.FixtureRequest, db: None) -> Collection:
    return WALKED[request.param]


@pytest.fixture
def administrator(db: None) -> User:
    return factories.make_user("the-administrator", role=Role.ADMINISTRATOR)


@pytest.fixture
def browser(administrator: User, client: Client) -> Client:
    client.force_login(administrator, backend="portal.people.backends.PersonBackend")
    return client
