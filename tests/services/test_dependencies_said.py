"""What a service needs, said by people on its page: for what no file declares."""

import re

import pytest

from services.models import Document, Entity, Relation, RelationType, Source
from tests.factories import depend, make_entity, make_reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkout(people):
    return make_entity("checkout-api", owner=people.team)


@pytest.fixture
def editor(sign_in, people):
    return sign_in(people.editor)


def say(client, entity, target):
    return client.post(f"/catalog/needs/{entity.pk}/", {"target": target}, follow=True)


def take_back(client, entity, relation):
    return client.post(f"/catalog/needs/{entity.pk}/{relation.pk}/remove/", follow=True)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def counts(name):
    return Entity.objects.values_list("state__dependencies", "state__dependants").get(name=name)


def test_what_is_said_stands_in_both_directions_at_once(editor, checkout):
    make_entity("orders-db", kind="resource")
    assert "Checkout" not in text(editor.get("/resources/orders-db/")).partition("Needed by")[2]
    said = text(say(editor, checkout, "orders-db"))
    assert "checkout-api needs orders-db." in said
    assert counts("checkout-api") == (1, 0)
    assert counts("orders-db") == (0, 1)
    assert "checkout-api" in text(editor.get("/resources/orders-db/")).partition("Needed by")[2]


def test_an_api_is_used_and_anything_else_is_depended_on(editor, checkout):
    make_entity("orders", kind="api")
    say(editor, checkout, "api:default/orders")
    make_reference("component:default/not-yet-described")
    say(editor, checkout, "not-yet-described")
    assert list(Relation.objects.order_by("type").values_list("type", "object__name")) == [
        ("consumesApi", "orders"),
        ("dependsOn", "not-yet-described"),
    ]


def test_it_is_told_in_the_history_and_can_be_taken_back(editor, checkout):
    make_entity("orders-db", kind="resource")
    say(editor, checkout, "orders-db")
    assert "orders-db" in text(editor.get("/services/checkout-api/history/")).partition("Depends on")[2]
    answer = take_back(editor, checkout, Relation.objects.get())
    assert "It is no longer said here that checkout-api needs orders-db." in text(answer)
    assert not Relation.objects.exists()
    assert counts("checkout-api") == (0, 0)


def test_what_a_file_says_cannot_be_taken_back_here(editor, checkout):
    database = make_entity("orders-db", kind="resource")
    document = Document.objects.create(source=Source.objects.create(name="repos"), file="a.yaml", number=0)
    declared = Relation.objects.create(
        subject=checkout.reference, type=RelationType.DEPENDS_ON, object=database.reference, document=document
    )
    assert take_back(editor, checkout, declared).status_code == 404
    assert Relation.objects.filter(pk=declared.pk).exists()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nothing-like-that", "There is no"),
        ("checkout-api", "checkout-api cannot depend on itself."),
        ("orders-db", "It is said already that checkout-api depends on"),
        ("", "This is missing. Fill it in."),
    ],
)
def test_what_cannot_be_said_is_refused_beside_the_field_and_what_was_typed_stays(editor, checkout, target, reason):
    depend(checkout, make_entity("orders-db", kind="resource"))
    answer = say(editor, checkout, target)
    assert answer.status_code == 422
    assert reason in text(answer)
    assert f'value="{target}"' in text(answer) or not target
    assert Relation.objects.count() == 1


def test_who_may_not_change_it_neither_says_nor_takes_back(sign_in, people, checkout):
    database = make_entity("orders-db", kind="resource")
    depend(checkout, database)
    reader = sign_in(people.reader)
    assert say(reader, checkout, "orders-db").status_code == 403
    assert take_back(reader, checkout, Relation.objects.get()).status_code == 403
    assert "Said here" not in text(reader.get("/services/checkout-api/dependencies/"))
    assert Relation.objects.count() == 1
