"""What a reader may not see is in no list, file, API, filter, sort, count or search of any collection."""

from typing import Any

import pytest
import rules
from django.db.models import QuerySet
from django.test import Client

from portal.collections import Collection, _extensions, collections, extend
from portal.columns import Column
from portal.people.access import is_administrator
from portal.people.models import Role, User
from tests import factories
from tests.every_collection.rows import ask_api, lifted, make_rows, read_csv, read_json, refusals

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(collection: Collection, monkeypatch: pytest.MonkeyPatch):
    """A column that only administrators may see, added to the collection for the time of one test."""
    first = next(each for each in collection.fields.values() if each.column.expr is None)
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
            for text in refusals(browser, collection, params):
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

    # A collection with a row rule of its own has it on a queryset of its own.
    own = type(collection.rows()) if "visible" in vars(type(collection.rows())) else QuerySet
    monkeypatch.setattr(own, "visible", visible, raising=False)
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
