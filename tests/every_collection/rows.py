"""Rows of every collection, and reading them back as page, file and API. MAKERS says how a test makes a record of each
model; a new collection only has to say that.
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from portal.collections import Collection, collections
from portal.delivery.models import ChatWebhook, OutboxMessage, Shape
from portal.delivery.models import State as DeliveryState
from portal.people.models import Person, Role, ServiceAccount, Team, TeamKind, User
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal
from portal.references.models import Reference
from services.models import Document, DocumentStatus, Entity, EntityState, Lifecycle, Run, Source
from services.models.entity import PrivacyClass
from tests import factories
from tests.incidents import makers as incidents
from tests.roadmap import makers as roadmap
from tests.services.health import makers as health
from tests.services.oncall import makers as oncall

WALKED = {each.slug: each for each in collections()}


# One maker for each model: number n of several records. Odd ones have a value in every column, even ones few, so that
# filters have something to tell apart and sorting meets empty values.


def _make_team(collection: Collection, n: int) -> Team:
    parent = Reference.objects.filter(kind="group").first()
    values = {
        "kind": list(TeamKind)[n % 3],
        "type": "team",
        "parent": parent or factories.make_reference(f"group:default/parent-{n}"),
        "chat": f"#team-{n}",
        "email": f"team-{n}@larkspur.example",
        "description": f"Looks after part {n}",
    }
    team = factories.make_team(f"team-{n:03}", **(values if n % 2 else {"title": f"Team {n}"}))
    if n % 2:
        factories.make_person(f"member-{n}", teams=(team,))
        oncall.put_on_call(team, n)
    return team


def _make_person(collection: Collection, n: int) -> Person:
    if n % 2 == 0:
        return factories.make_person(f"person-{n:03}", email="")
    user = factories.make_user(f"person-{n:03}", teams=(factories.make_team(f"home-{n}"),))
    User.objects.filter(pk=user.pk).update(last_login=timezone.now() - dt.timedelta(days=n))
    Person.objects.filter(pk=user.person.pk).update(left_at=timezone.localdate() - dt.timedelta(days=n))
    return user.person


def _make_user(collection: Collection, n: int) -> User:
    if n % 2 == 0:
        return User.objects.create_user(f"login-{n:03}@larkspur.example")
    user = factories.make_user(f"login-{n:03}", role=list(Role)[n % 3])
    User.objects.filter(pk=user.pk).update(last_login=timezone.now() - dt.timedelta(days=n))
    return user


def _make_service_account(collection: Collection, n: int) -> ServiceAccount:
    team = Team.objects.filter(name=f"machines-{n % 2}").first() or factories.make_team(f"machines-{n % 2}")
    account = factories.make_service_account(team, f"machine-{n:03}")
    ServiceAccount.objects.filter(pk=account.pk).update(is_active=n % 3 > 0, description=f"Does {n}" if n % 2 else "")
    return account


def _make_reference(collection: Collection, n: int) -> Reference:
    if n % 2:
        return factories.make_reference(f"component:space-{n % 3}/loose-{n:03}")
    return factories.make_entity(f"described-{n:03}", kind="resource").reference


def _make_entity(collection: Collection, n: int) -> Entity:
    kind = collection.kinds[0] if collection.kinds else ("component", "api", "resource", "system")[n % 4]
    if n % 2 == 0:
        return factories.make_entity(f"thing-{n:03}", kind=kind, type="service" if kind == "component" else "")
    owner = Team.objects.filter(name=f"owner-{n % 3}").first()
    owner = owner or factories.make_team(
        f"owner-{n % 3}",
        kind=list(TeamKind)[n % 3],
        chat=f"#{n % 3}",
        on_call_url=f"https://on-call.example/{n % 3}",
    )
    oncall.put_on_call(owner, n % 3)
    parts = {
        name: Reference.objects.filter(canonical=canonical).first() or factories.make_reference(canonical)
        for name, canonical in {
            "system": f"system:default/whole-{n % 3}",
            "domain": f"domain:default/area-{n % 3}",
            "successor": f"component:default/next-{n % 3}",
        }.items()
    }
    entity = factories.make_entity(
        f"thing-{n:03}",
        kind=kind,
        owner=owner,
        title=f"Thing number {n}",
        description=f"Does what thing {n} does",
        type=("service", "website")[n % 4 // 2],
        lifecycle=list(Lifecycle)[n % 4],
        tier=n % 5,
        privacy_class=list(PrivacyClass)[n % 4],
        residency=("EU", "US")[n % 4 // 2],
        region=f"eu-west-{n % 3}",
        failover=f"exercised {n}",
        encryption=f"at rest {n}",
        tags=[f"tag-{n % 3}", "odd"],
        **parts,
    )
    source, _ = Source.objects.get_or_create(name=f"folder {n % 3}")
    Entity.objects.filter(pk=entity.pk).update(source=source)
    EntityState.objects.filter(entity=entity).update(dependants=n, dependencies=n % 3)
    health.give_health(entity, n)
    return entity


def _make_document(collection: Collection, n: int) -> Document:
    source, _ = Source.objects.get_or_create(name="folder of documents")
    values: dict[str, Any] = {"status": DocumentStatus.EMPTY}
    if n % 2:
        values = {
            "status": (DocumentStatus.REJECTED, DocumentStatus.ACCEPTED)[n % 4 // 2],
            "line": n,
            "reference": factories.make_reference(f"component:default/of-document-{n}"),
            "error": f"metadata.name is wrong {n}",
            "conflict": f"kept by folder {n}",
            "read_at": timezone.now() - dt.timedelta(days=n),
        }
    return Document.objects.create(source=source, file=f"repo/{n:03}.yaml", number=n, **values)


def _make_source(collection: Collection, n: int) -> Source:
    source = Source.objects.create(name=f"source-{n:03}", location=f"/repositories/{n}", trusted=bool(n % 2))
    for number in range(n % 3):
        values = {"status": (DocumentStatus.REJECTED, DocumentStatus.ACCEPTED)[number], "number": number}
        Document.objects.create(source=source, file="catalog-info.yaml", **values)
    if n % 2:
        Run.objects.create(source=source, started_at=timezone.now() - dt.timedelta(days=n))
    return source


def _make_webhook(collection: Collection, n: int) -> ChatWebhook:
    team = Team.objects.filter(name=f"chatting-{n % 3}").first() or factories.make_team(f"chatting-{n % 3}")
    shape = list(Shape)[n % 2]
    return factories.make_webhook(team, f"#chat-{n:03}", shape=shape, is_active=n % 3 > 0)


def _make_delivery(collection: Collection, n: int) -> OutboxMessage:
    at = timezone.now() - dt.timedelta(days=n)
    values: dict[str, Any] = {"state": DeliveryState.WAITING}
    if n % 2:
        values = {
            "state": (DeliveryState.SENT, DeliveryState.DEAD)[n % 4 // 2],
            "attempts": n,
            "last_error": f"The mail server refused it: {n}",
            "sent_at": at,
            "possibly_repeated": n % 3 == 0,
        }
    return OutboxMessage.objects.create(
        key=f"key-{n:03}", kind=("check", "limit")[n % 3 % 2], channel=("email", "chat")[n % 3 % 2],
        title=f"Told {n:03}", recipient=f"reader-{n}@larkspur.example", created_at=at, next_attempt_at=at, **values,
    )  # fmt: skip


def _make_proposal(collection: Collection, n: int) -> Proposal:
    evidence = {"severity": n % 4, "used": n / 100}
    made = factories.make_proposal(f"limit:{n:03}", title=f"Raise ceiling {n:03}", kind=("limit", "cause")[n % 2])
    made = factories.make_proposal(f"limit:{n:03}", title=f"Raise ceiling {n:03}", evidence=evidence)
    if n % 2 == 0:
        return made
    somebody = User.objects.filter(email=f"decides-{n % 3}@larkspur.example").first()
    somebody = somebody or factories.make_user(f"decides-{n % 3}", role=Role.PRODUCT_MANAGER)
    return proposals.decline(by=somebody, proposal=made, reason=f"Not this quarter {n}")


Maker = Callable[[Collection, int], Any]
MAKERS: dict[type, Maker] = {
    Team: _make_team,
    Person: _make_person,
    User: _make_user,
    ServiceAccount: _make_service_account,
    Reference: _make_reference,
    Entity: _make_entity,
    Document: _make_document,
    Source: _make_source,
    ChatWebhook: _make_webhook,
    OutboxMessage: _make_delivery,
    Proposal: _make_proposal,
    **health.MAKERS,
    **oncall.MAKERS,
    **incidents.MAKERS,
    **roadmap.MAKERS,
}


def make_rows(collection: Collection, numbers: range) -> list[Any]:
    return [MAKERS[collection.model](collection, n) for n in numbers]


def lifted(collection: Collection) -> dict[str, str]:
    """The parameters that lift the collection's default filters."""
    return dict.fromkeys(collection.defaults, "*")


def ask_api(browser: Client, collection: Collection, **params: Any) -> dict[str, Any]:
    response = browser.get(collection.api_url, params)
    assert response.status_code == 200, f"{collection.slug} {params}: {response.content.decode()[:500]}"
    return response.json()


def read_csv(browser: Client, collection: Collection, **params: Any) -> list[list[str]]:
    response = browser.get(collection.url, {**params, "format": "csv"})
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def read_json(browser: Client, collection: Collection, **params: Any) -> list[dict[str, Any]]:
    response = browser.get(collection.url, {**params, "format": "json"})
    assert response.status_code == 200
    return json.loads(b"".join(response.streaming_content))["items"]


def refusals(browser: Client, collection: Collection, params: dict[str, str]) -> list[str]:
    """What page, API and file say to a question that cannot be answered; each must be a 400."""
    page = browser.get(collection.url, params)
    file = browser.get(collection.url, {**params, "format": "csv"})
    answer = browser.get(collection.api_url, params)
    assert [page.status_code, file.status_code, answer.status_code] == [400, 400, 400], f"{collection.slug} {params}"
    return [*(response.content.decode() for response in (page, file)), escape(answer.json()["error"])]
