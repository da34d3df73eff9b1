"""Two at the same time: one wins, the other is told, and nothing is lost or doubled."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal.people import actions
from portal.people.models import Membership, Role, User
from portal.references.models import Reference
from services.models import Entity, Ownership
from tests.factories import make_entity, make_reference, make_user

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


def linger_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let whoever has checked wait until the others have checked too."""
    check = getattr(owner, name)

    def lingering(*args: Any, **options: Any) -> Any:
        found = check(*args, **options)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(owner, name, lingering)


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


def test_of_two_who_choose_one_new_name_one_is_told_it_is_taken(api, people):
    for name in ("cart", "basket"):
        make_entity(name, owner=people.team)
    clients = [api(people.editor) for _ in range(2)]
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    statuses = at_once(
        *(
            lambda client=client, name=name: client.patch(f"/api/v1/services/{name}/", {"name": "trolley"}, **anyway)
            for client, name in zip(clients, ("cart", "basket"), strict=True)
        )
    )
    assert statuses == [200, 422]
    assert Entity.objects.filter(name="trolley").count() == 1


def test_of_two_logins_with_one_address_one_is_told_it_exists(api, people, monkeypatch):
    linger_after(monkeypatch, User, "full_clean")
    clients = [api(people.administrator) for _ in range(2)]
    sent = {"email": "jo@larkspur.example", "role": "reader"}
    statuses = at_once(
        *(lambda client=client: client.post("/api/v1/users/", sent, format="json") for client in clients)
    )
    assert statuses == [201, 422]


def test_of_two_who_add_the_same_member_one_is_told_they_are_in_it(people):
    clients = [_signed_in(people.editor) for _ in range(2)]
    sent = {"person": "stranger", "role": "member"}
    said = []

    def add(client):
        response = client.post("/teams/checkout/-/members/", sent)
        said.append(response.content.decode())
        return response

    assert at_once(*(lambda client=client: add(client) for client in clients)) == [302, 422]
    assert Membership.objects.filter(person=people.stranger.person.reference).count() == 1
    assert sum(ALREADY in text for text in said) == 1


def test_of_two_administrators_who_step_down_one_stays(api, people):
    second = make_user("second", role=Role.ADMINISTRATOR)
    users = (people.administrator, second)
    clients = [(api(user), f"/api/v1/users/{user.pk}/") for user in users]
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    statuses = at_once(
        *(
            lambda client=client, address=address: client.patch(address, {"role": "reader"}, **anyway)
            for client, address in clients
        )
    )
    assert statuses == [200, 422]
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def test_of_two_administrators_who_leave_one_stays(people, monkeypatch):
    linger_after(monkeypatch, actions, "_another_administrator")
    second = make_user("second", role=Role.ADMINISTRATOR)
    users = (people.administrator, second)
    clients = [(_signed_in(user), f"/people/{user.person.name}/-/deactivate/") for user in users]
    sent = {"left_at": "2026-01-01"}
    at_once(*(lambda client=client, address=address: client.post(address, sent) for client, address in clients))
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


ALREADY = "This person is in this team already."


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="portal.people.backends.PersonBackend")
    return client
