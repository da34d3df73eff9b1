"""The people that tests speak of, and what every test starts from."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from portal.people.models import Role, ServiceAccount, Team, User
from tests import factories
from tests.emptying import empty_partitions

_LOCK = pytest.StashKey[IO[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Two runs on one DATA_DIR would destroy each other's databases, so the second is refused."""
    if hasattr(config, "workerinput"):
        return
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    config.stash[_LOCK] = (settings.DATA_DIR / "tests.lock").open("w")  # held until this process ends
    try:
        fcntl.flock(config.stash[_LOCK], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise pytest.UsageError(
            f"Another test run uses {settings.DATA_DIR}, and both would write to the same databases. "
            "Wait until it ends, or set DATA_DIR to a folder of your own."
        ) from None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: tests wait for the database, the browser, and programs that start and stop."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one worker has to do alone, such as tests that share a world, takes longest, so it begins first; all else
    keeps its random order."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(autouse=True)
def _own_cache(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Each test has keys of its own in the shared Redis."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": f"test-{uuid.uuid4().hex}"}}
    yield
    cache.close()


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test commits is taken away after it, from the tables that Django does not manage too."""
    marker = request.node.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        empty_partitions()


@dataclass
class People:
    """``stranger`` is signed in and in no team; ``reader`` is in ``other``, ``editor`` in ``team``."""

    team: Team
    other: Team
    stranger: User
    reader: User
    editor: User
    product_manager: User
    administrator: User
    service_account: ServiceAccount


@pytest.fixture
def people(db) -> People:
    return make_people()


def make_people() -> People:
    """One of each kind, with their teams."""
    team, other = factories.make_team("checkout"), factories.make_team("payments")
    return People(
        team=team,
        other=other,
        stranger=factories.make_user("stranger"),
        reader=factories.make_user("reader", teams=(other,)),
        editor=factories.make_user("editor", teams=(team,)),
        product_manager=factories.make_user("product-manager", role=Role.PRODUCT_MANAGER),
        administrator=factories.make_user("administrator", role=Role.ADMINISTRATOR),
        service_account=factories.make_service_account(team, "deploy-pipeline"),
    )


@pytest.fixture
def sign_in(client: Client):
    """Return a client signed in as the given user."""

    def signed_in(user: User) -> Client:
        client.force_login(user, backend="portal.people.backends.PersonBackend")
        return client

    return signed_in


@pytest.fixture
def api():
    """Return an API client with a token of the given holder, both scopes unless some are named."""

    def authorised(holder: User | ServiceAccount, *scopes: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.token_for(holder, *scopes)}")
        return client

    return authorised
