"""A walk over every registered collection: what a column promises, it keeps in list, API, file, filter and sort.

No collection is named here. A new one is walked as soon as it is registered; it only has to say, in MAKERS, how a test
makes a record of its model.
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import rules
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from portal.collections import Collection, _extensions, collections, extend
from portal.columns import Column, Field
from portal.delivery.models import ChatWebhook, OutboxMessage, Shape
from portal.delivery.models import State as DeliveryState
from portal.people import actions as people_actions
from portal.people.access import is_administrator
from portal.people.models import Person, Role, ServiceAccount, Team, TeamKind, User
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal
from portal.query import RESERVED
from portal.references.models import Reference
from services.models import Document, DocumentStatus, Entity, EntityState, Lifecycle, Run, Source
from services.models.entity import PrivacyClass
from tests import factories
from tests.services.health import makers as health

pytestmark = pytest.mark.django_db

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
    owner = owner or factories.make_team(f"owner-{n % 3}", kind=list(TeamKind)[n % 3], chat=f"#{n % 3}")
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
}


def make_rows(collection: Collection, numbers: range) -> list[Any]:
    return [MAKERS[collection.model](collection, n) for n in numbers]


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


def test_every_collection_has_a_maker_of_rows():
    without = {each.slug for each in WALKED.values() if each.model not in MAKERS}
    assert not without, f"Add a maker to MAKERS for the models of: {', '.join(sorted(without))}."


# Queries


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(collection, browser):
    shapes = {
        "list": lambda: browser.get(collection.url, {**lifted(collection), "size": "500"}),
        "API": lambda: browser.get(collection.api_url, {**lifted(collection), "size": "500"}),
        "CSV": lambda: list(browser.get(collection.url, {**lifted(collection), "format": "csv"})),
        "JSON": lambda: list(browser.get(collection.url, {**lifted(collection), "format": "json"})),
    }
    make_rows(collection, range(1, 2))
    few = {name: _queries(ask) for name, ask in shapes.items()}
    make_rows(collection, range(2, 51))
    many = {name: _queries(ask) for name, ask in shapes.items()}
    for name in shapes:
        assert len(many[name]) == len(few[name]), f"{name} of {collection.slug}:\n" + "\n".join(many[name])
    assert len(many["list"]) <= 8, "\n".join(many["list"])


def _queries(ask: Callable[[], Any]) -> list[str]:
    """The queries of a request whose caches are warm."""
    ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    return [query["sql"] for query in captured.captured_queries]


# Filters


def _reference_names(value: Any) -> set[str]:
    """Every spelling by which one may ask for what a cell points at."""
    canonical = value["ref"] if value else ""
    namespace, _, name = canonical.partition(":")[2].rpartition("/")
    return {canonical, f"{namespace}/{name}"} | ({name} if namespace == "default" else set())


def _moment(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value)


def _within(value: Any, text: str) -> bool:
    span = dt.timedelta(days=int(text.removesuffix("d")))
    if len(value) == 10:
        return timezone.localdate() - span <= dt.date.fromisoformat(value) <= timezone.localdate()
    return timezone.now() - span <= _moment(value) <= timezone.now()


def _day_begins(text: str, value: str) -> Any:
    day = dt.date.fromisoformat(text)
    return day if len(value) == 10 else timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _as_time(value: str) -> Any:
    return dt.date.fromisoformat(value) if len(value) == 10 else _moment(value)


# What each question means, said once more in plain Python: (kind, operator) → does this value answer the asked text?
# ``set`` is asked of all kinds alike.
_EQUAL = lambda value, text: str(value).lower() == text.lower()  # noqa: E731
MEANING: dict[tuple[str, str], Callable[[Any, str], bool]] = {
    ("text", "contains"): lambda value, text: text.lower() in (value or "").lower(),
    ("text", "starts"): lambda value, text: (value or "").lower().startswith(text.lower()),
    ("text", ""): lambda value, text: value == text,
    ("text", "not"): lambda value, text: value != text,
    ("choice", ""): lambda value, text: value == text,
    ("choice", "not"): lambda value, text: value != text,
    ("boolean", ""): _EQUAL,
    ("tags", ""): lambda value, text: text in value,
    ("tags", "not"): lambda value, text: text not in value,
    ("reference", ""): lambda value, text: text in _reference_names(value),
    ("reference", "not"): lambda value, text: text not in _reference_names(value),
    ("record", ""): _EQUAL,
    ("record", "not"): lambda value, text: str(value) != text,
}
for _kind in ("integer", "decimal"):
    MEANING |= {
        (_kind, ""): lambda value, text: value is not None and Decimal(str(value)) == Decimal(text),
        (_kind, "not"): lambda value, text: value is None or Decimal(str(value)) != Decimal(text),
        (_kind, "min"): lambda value, text: value is not None and Decimal(str(value)) >= Decimal(text),
        (_kind, "max"): lambda value, text: value is not None and Decimal(str(value)) <= Decimal(text),
    }
for _kind in ("date", "datetime"):
    MEANING |= {
        (_kind, "after"): lambda value, text: bool(value) and _as_time(value) >= _day_begins(text, value),
        (_kind, "before"): lambda value, text: bool(value) and _as_time(value) < _day_begins(text, value),
        (_kind, "within"): lambda value, text: bool(value) and _within(value, text),
    }


def _is_set(value: Any, text: str) -> bool:
    return (value not in (None, "", [], {})) == (text == "true")


def _samples(field: Field, operator: str, value: Any) -> list[str]:
    """What to ask, made from a value that some row has."""
    if operator == "set":
        return ["true", "false"]
    if operator == "within":
        return ["7d"]
    if operator in {"after", "before"}:
        return [value[:10]]
    if field.kind.name == "reference":
        canonical = value["ref"]
        return [canonical, canonical.partition(":")[2].removeprefix("default/")]
    if field.kind.name == "tags":
        return [value[0]]
    if operator in {"contains", "starts"}:
        return [value[:4].upper()]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _questions(field: Field, values: list[Any]) -> list[tuple[str, str]]:
    filled = [value for value in values if value not in (None, "", [])]
    assert filled, f"Let the maker fill the column {field.name}, so that its filters can be asked."
    sample = filled[len(filled) // 2]
    return [(each.name, text) for each in field.kind.operators for text in _samples(field, each.name, sample)]


def test_every_filter_gives_exactly_the_rows_that_answer_it(collection, browser):
    make_rows(collection, range(1, 13))
    rows = ask_api(browser, collection, size="500", **lifted(collection))["items"]
    for field in collection.fields.values():
        for operator, text in _questions(field, [row[field.name] for row in rows]):
            name = f"{field.name}.{operator}" if operator else field.name
            answers = _is_set if operator == "set" else MEANING[field.kind.name, operator]
            expected = {row["key"] for row in rows if answers(row[field.name], text)}
            found = ask_api(browser, collection, size="500", **{**lifted(collection), name: text})
            assert {row["key"] for row in found["items"]} == expected, f"{collection.slug}?{name}={text}"
            assert found["total"] == len(expected)


def test_the_page_shows_a_chip_for_every_question_that_was_asked(collection, browser):
    make_rows(collection, range(1, 5))
    rows = ask_api(browser, collection, size="500", **lifted(collection))["items"]
    for field in collection.fields.values():
        asked = {
            f"{field.name}.{operator}" if operator else field.name: text
            for operator, text in _questions(field, [row[field.name] for row in rows])
        }
        response = browser.get(collection.url, {**lifted(collection), **asked})
        assert response.status_code == 200
        chips = [chip["label"] for chip in response.context["page"]["chips"]]
        assert chips.count(field.label) == len(asked), f"{collection.slug} {asked}"


def test_values_of_one_filter_are_alternatives_and_filters_are_conditions(collection, browser):
    make_rows(collection, range(1, 13))
    rows = ask_api(browser, collection, size="500", **lifted(collection))["items"]
    for field in collection.fields.values():
        operator = field.kind.operator("")
        if operator is None or not operator.many:
            continue
        texts = {_samples(field, "", row[field.name])[0] for row in rows if row[field.name] not in (None, "", [])}
        asked = sorted(texts)[:2]
        meaning = MEANING[field.kind.name, ""]
        expected = {row["key"] for row in rows if any(meaning(row[field.name], text) for text in asked)}
        found = ask_api(browser, collection, **{**lifted(collection), field.name: asked, "size": "500"})
        assert {row["key"] for row in found["items"]} == expected, f"{collection.slug}?{field.name}={asked}"


# Sorting


def test_every_sort_goes_both_ways_with_empty_values_last(collection, browser):
    make_rows(collection, range(1, 13))
    for field in collection.fields.values():
        if not field.kind.sortable:
            continue
        ups, downs = (_sorted(browser, collection, field, sign) for sign in ("", "-"))
        filled = [value for value in ups if value is not None]
        assert ups == filled + [None] * (len(ups) - len(filled)), f"{collection.slug}?sort={field.name}"
        assert downs == filled[::-1] + [None] * (len(ups) - len(filled)), f"{collection.slug}?sort=-{field.name}"
        if not isinstance(filled[0], str):  # the order of text is the database's
            assert filled == sorted(filled)


def _sorted(browser: Client, collection: Collection, field: Field, sign: str) -> list[Any]:
    asked = {**lifted(collection), "sort": f"{sign}{field.name}", "size": "500", "columns": field.name}
    values = [row[field.name] for row in ask_api(browser, collection, **asked)["items"]]
    return [value["name"] if isinstance(value, dict) else value for value in values]


def test_following_the_cursor_shows_every_row_once_in_the_order_of_the_whole_list(collection, browser):
    make_rows(collection, range(1, 13))
    for field in collection.fields.values():
        if not field.kind.sortable:
            continue
        for sign in ("", "-"):
            asked = {**lifted(collection), "sort": f"{sign}{field.name}", "columns": field.name}
            whole = [row["key"] for row in ask_api(browser, collection, size="500", **asked)["items"]]
            assert _follow(browser, collection, asked) == whole, f"{collection.slug}?sort={sign}{field.name}"
            assert len(set(whole)) == len(whole) >= 12


def _follow(browser: Client, collection: Collection, asked: dict[str, str]) -> list[str]:
    answer = ask_api(browser, collection, size="5", **asked)
    keys = [row["key"] for row in answer["items"]]
    while answer["next"]:
        answer = browser.get(answer["next"]).json()
        keys += [row["key"] for row in answer["items"]]
    return keys


def test_the_numbered_pages_show_every_row_once(collection, browser):
    make_rows(collection, range(1, 13))
    asked = {**lifted(collection), "size": "5", "columns": next(iter(collection.fields))}
    total = ask_api(browser, collection, **asked)["total"]
    keys: list[str] = []
    for page in range(1, total // 5 + 2):
        response = browser.get(collection.url, {**asked, "page": str(page)})
        keys += [row["url"] for row in response.context["page"]["rows"]]
    assert len(keys) == len(set(keys)) == total


# Files


def test_the_headers_of_every_file_are_its_columns(collection, browser):
    make_rows(collection, range(1, 4))
    shown = [name for name, field in collection.fields.items() if field.column.shown]
    backwards = list(collection.fields)[::-1]
    assert read_csv(browser, collection, **lifted(collection))[0] == shown
    assert read_csv(browser, collection, columns=",".join(backwards))[0] == backwards
    first = read_json(browser, collection, columns=",".join(backwards), **lifted(collection))[0]
    assert list(first) == backwards


def test_the_page_heads_its_table_with_the_same_columns(collection, browser):
    make_rows(collection, range(1, 4))
    page = browser.get(collection.url, {**lifted(collection), "columns": ",".join(collection.fields)}).context["page"]
    assert [each["name"] for each in page["columns"]] == list(collection.fields)
    assert all(len(row["cells"]) == len(collection.fields) for row in page["rows"])


def test_files_hold_the_rows_and_values_that_the_api_gives(collection, browser):
    make_rows(collection, range(1, 8))
    items = ask_api(browser, collection, size="500", **lifted(collection))["items"]
    asked = {**lifted(collection), "columns": ",".join(collection.fields)}
    without_keys = [{name: value for name, value in item.items() if name != "key"} for item in items]
    assert read_json(browser, collection, **asked) == without_keys
    assert len(read_csv(browser, collection, **asked)) == 1 + len(items)


# What cannot be answered


def _refusals(browser: Client, collection: Collection, params: dict[str, str]) -> list[str]:
    """What page, API and file say to a question that cannot be answered; each must be a 400."""
    page = browser.get(collection.url, params)
    file = browser.get(collection.url, {**params, "format": "csv"})
    answer = browser.get(collection.api_url, params)
    assert [page.status_code, file.status_code, answer.status_code] == [400, 400, 400], f"{collection.slug} {params}"
    return [*(response.content.decode() for response in (page, file)), escape(answer.json()["error"])]


@pytest.mark.parametrize("params", [{"zebra": "1"}, {"sort": "zebra"}, {"columns": "name,zebra"}, {"zebra.min": "1"}])
def test_an_unknown_name_is_refused_with_the_names_there_are(collection, browser, params):
    sortable = [name for name, field in collection.fields.items() if field.kind.sortable]
    known = sortable if "sort" in params else list(collection.fields)
    for text in _refusals(browser, collection, params):
        assert "“zebra” is not known here" in text
        assert f"There are: {', '.join(known)}." in text


def test_an_unknown_question_is_refused_with_the_questions_there_are(collection, browser):
    for name, field in collection.fields.items():
        questions = ", ".join(f"{name}.{each.name}" if each.name else name for each in field.kind.operators)
        for text in _refusals(browser, collection, {f"{name}.zebra": "1"}):
            assert f"“{name}.zebra” is no question that can be asked of “{name}”. There are: {questions}." in text


_EXPECTED = {
    "boolean": "expected true or false",
    "integer": "expected a whole number, such as 2",
    "decimal": "expected a number, such as 12.5",
    "date": "expected a date, such as 2026-11-21",
    "datetime": "expected a date or a moment, such as 2026-11-21 or 2026-11-21T14:30",
    "choice": "there is no such value. There are: ",
    "record": "expected a whole number, such as 2",
}
_EXPECTED_BY = {"set": "expected true or false", "within": "expected a span of hours, days or weeks"}


def test_a_value_that_cannot_be_read_is_refused_with_what_is_expected(collection, browser):
    for name, field in collection.fields.items():
        for operator in field.kind.operators:
            expected = _EXPECTED_BY.get(operator.name) or _EXPECTED.get(field.kind.name)
            if expected is None:
                continue  # any text is a text, a tag, or the name of something
            asked = f"{name}.{operator.name}" if operator.name else name
            for text in _refusals(browser, collection, {asked: "zebra"}):
                assert f"{asked}=zebra: {expected}" in text


def test_a_question_that_takes_one_value_refuses_two(collection, browser):
    for name, field in collection.fields.items():
        for operator in field.kind.operators:
            if operator.name == "set":
                response = browser.get(collection.api_url, {f"{name}.set": ["true", "false"]})
                assert response.status_code == 400
                assert f"{name}.set was given 2 times; it takes one value." in response.json()["error"]


def test_no_column_has_a_name_that_means_something_else_in_an_address(collection):
    assert not set(collection.fields) & set(RESERVED)


# What the reader may not see


@pytest.fixture
def guarded(collection: Collection, monkeypatch: pytest.MonkeyPatch):
    """A column that only administrators may see, added to the collection for the time of one test."""
    first = next(iter(collection.fields.values()))
    monkeypatch.setitem(rules.permissions.permissions, "tests.see_guarded", is_administrator)
    extend(collection, Column("guarded", source=first.path, label="Kept secret", perm="tests.see_guarded"))
    yield collection
    _extensions[collection.slug].pop()
    collection.__dict__.pop("fields", None)


def _guarded_names(collection: Collection) -> list[str]:
    return [name for name, field in collection.fields.items() if field.column.perm]


class _WithoutPermission:
    """Take every permission on columns away, and leave the ones on pages and records."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, collection: Collection) -> None:
        for name in _guarded_names(collection):
            perm = collection.fields[name].column.perm
            monkeypatch.setitem(rules.permissions.permissions, perm, rules.predicates.always_false)


def test_a_column_with_a_permission_does_not_exist_for_who_lacks_it(guarded, browser, monkeypatch):
    collection, names = guarded, _guarded_names(guarded)
    make_rows(collection, range(1, 4))
    _WithoutPermission(monkeypatch, collection)
    page = browser.get(collection.url, lifted(collection))
    shown = page.context["page"]
    for name in names:
        assert collection.fields[name].label not in page.content.decode()
        assert name not in {each["name"] for each in (*shown["columns"], *shown["columns_menu"])}
        assert name not in {each["field"] for each in shown["addable"]}
        assert name not in read_csv(browser, collection, **lifted(collection))[0]
        assert name not in read_json(browser, collection, **lifted(collection))[0]
        assert name not in ask_api(browser, collection, **lifted(collection))["items"][0]
        assert name not in browser.get(_one(browser, collection)).json()


def test_a_column_with_a_permission_can_neither_be_asked_for_nor_sorted_by_nor_filtered(guarded, browser, monkeypatch):
    collection = guarded
    _WithoutPermission(monkeypatch, collection)
    for name in _guarded_names(collection):
        for params in ({"columns": name}, {"sort": name}, {f"{name}.set": "true"}):
            for text in _refusals(browser, collection, params):
                assert f"“{name}” is not known here" in text
                assert name not in text.partition("There are: ")[2].partition(".")[0].split(", ")


def test_a_column_with_a_permission_is_there_for_who_has_it(guarded, browser):
    collection = guarded
    make_rows(collection, range(1, 4))
    for name in _guarded_names(collection):
        asked = {**lifted(collection), "columns": name}
        assert read_csv(browser, collection, **asked)[0] == [name]
        assert list(read_json(browser, collection, **asked)[0]) == [name]
        assert name in ask_api(browser, collection, **lifted(collection))["items"][0]
        assert [each["name"] for each in browser.get(collection.url, asked).context["page"]["columns"]] == [name]


def _one(browser: Client, collection: Collection) -> str:
    key = ask_api(browser, collection, **lifted(collection))["items"][0]["key"]
    return f"{collection.api_url}{key}/"


@pytest.fixture
def hidden(collection: Collection, administrator: User, monkeypatch: pytest.MonkeyPatch):
    """A record of the collection that is hidden, by a row rule, from the administrator of this test."""
    record = make_rows(collection, range(1, 5))[2]

    def visible(rows: QuerySet, reader: Any) -> QuerySet:
        blind = isinstance(reader, User) and reader.pk == administrator.pk
        return rows.exclude(pk=record.pk) if rows.model is collection.model and blind else rows

    monkeypatch.setattr(QuerySet, "visible", visible, raising=False)
    for each in collections():
        each.__dict__.pop("has_row_rule", None)
    yield record
    for each in collections():
        each.__dict__.pop("has_row_rule", None)


def test_a_row_that_the_reader_may_not_see_is_in_no_list_and_no_count(collection, hidden, browser):
    key = collection.key_of(hidden)
    items = ask_api(browser, collection, size="500", **lifted(collection))
    assert key not in {item["key"] for item in items["items"]}
    assert items["total"] == len(items["items"]) == collection.rows().count() - 1
    page = browser.get(collection.url, {**lifted(collection), "size": "500"})
    assert collection.url_of(hidden) not in {row["url"] for row in page.context["page"]["rows"]}
    assert page.context["page"]["total"]["count"] == items["total"]
    assert browser.get(f"{collection.url}-/total/", lifted(collection)).content.decode() == f"{items['total']:,}"
    assert len(read_csv(browser, collection, **lifted(collection))) == 1 + items["total"]
    assert len(read_json(browser, collection, **lifted(collection))) == items["total"]


def test_a_row_that_the_reader_may_not_see_is_not_there_at_its_address(collection, hidden, browser):
    address, api_address = collection.url_of(hidden), f"{collection.api_url}{collection.key_of(hidden)}/"
    for act in ("", "edit/", "delete/", "history/", "panels/x/"):
        assert browser.get(f"{address}{act}").status_code == 404, f"{address}{act}"
    assert browser.get(api_address).status_code == 404
    if collection.form and collection.update:
        answer = browser.patch(api_address, {}, content_type="application/json", headers={"If-Match": "*"})
        assert answer.status_code == 404


def test_a_row_that_the_reader_may_not_see_is_there_for_others(collection, hidden, client):
    other = factories.make_user("other-administrator", role=Role.ADMINISTRATOR)
    client.force_login(other, backend="portal.people.backends.PersonBackend")
    assert client.get(f"{collection.api_url}{collection.key_of(hidden)}/").status_code == 200


def test_a_row_that_the_reader_may_not_see_is_found_by_no_search(collection, hidden, browser):
    words = getattr(hidden, "name", "")
    for address in ("/search/", "/search/palette/"):
        assert collection.url_of(hidden) not in browser.get(address, {"q": words}).content.decode()


# Text in files


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_guarded_in_csv_and_whole_in_json(browser, start):
    collection = WALKED["people"]
    title = f"{start}SUM(A1:A9)|cmd"
    people_actions.create_person(by=None, values={"name": "mallory", "title": title})
    row = next(row for row in read_csv(browser, collection, columns="name,title") if row[0] == "mallory")
    assert row[1] == f"'{title}"
    found = read_json(browser, collection, columns="name,title")
    assert {"name": "mallory", "title": title} in found


def test_numbers_in_csv_stay_numbers(browser):
    factories.make_entity("cheap", tier=3)
    rows = read_csv(browser, WALKED["services"], columns="name,tier")
    assert rows[1:] == [["cheap", "3"]]
