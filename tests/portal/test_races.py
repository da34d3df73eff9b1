"""Two at the same time: one wins, the other is told, and nothing is lost or doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from portal.references.models import Reference
from services.models import Entity, Ownership
from tests.factories import make_entity, make_reference

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[int]:
    """Do these in threads of their own, let go together; the statuses that they were answered with, sorted."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> int:
        start.wait(timeout=10)
        try:
            return int(act().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_of_two_changes_of_one_version_one_is_refused(api, people):
    entity = make_entity("checkout-api", owner=people.team)
    etag = f'"{entity.version}"'
    clients = [api(people.editor) for _ in range(4)]

    def change(client: Any, tier: int) -> Any:
        return client.patch("/api/v1/services/checkout-api/", {"tier": tier}, format="json", headers={"If-Match": etag})

    statuses = at_once(*(lambda client=client, n=n: change(client, n) for n, client in enumerate(clients)))
    assert statuses == [200, 412, 412, 412]
    entity.refresh_from_db()
    assert entity.version == int(etag.strip('"')) + 1


@pytest.mark.parametrize("dangling", [False, True])
def test_of_two_who_describe_the_same_thing_one_is_refused(api, people, dangling):
    if dangling:
        make_reference("component:default/cart")
    clients = [api(people.editor) for _ in range(4)]
    sent = {"name": "cart", "type": "service", "owner": "checkout"}
    statuses = at_once(
        *(lambda client=client: client.post("/api/v1/services/", sent, format="json") for client in clients)
    )
    assert statuses == [201, 422, 422, 422]
    assert Entity.objects.get().reference == Reference.objects.get(canonical="component:default/cart")


def test_of_two_new_owners_one_is_accountable(api, people):
    entity = make_entity("checkout-api", owner=people.team)
    clients = [api(people.administrator) for _ in range(2)]
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    statuses = at_once(
        *(
            lambda client=client, owner=owner: client.patch(
                "/api/v1/services/checkout-api/", {"owner": owner}, **anyway
            )
            for client, owner in zip(clients, ("payments", "user:default/stranger"), strict=True)
        )
    )
    assert statuses == [200, 200]
    entity.refresh_from_db()
    assert Ownership.objects.get(entity=entity, role="accountable", effective_to=None).owner == entity.owner


def test_of_two_who_delete_one_finds_nothing(api, people):
    make_entity("checkout-api", owner=people.team)
    clients = [api(people.editor) for _ in range(2)]
    statuses = at_once(
        *(
            lambda client=client: client.delete("/api/v1/services/checkout-api/", headers={"If-Match": "*"})
            for client in clients
        )
    )
    assert statuses in ([204, 404], [204, 412])
    assert not Entity.objects.exists()
