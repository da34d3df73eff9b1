"""A walk over every registered collection: what a column promises, it keeps in list, API, file, filter and sort.

No collection is named here. A new one is walked as soon as it is registered; it only has to say, in MAKERS, how a test
makes a record of its model.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.collections import Collection
from portal.columns import Field
from portal.query import RESERVED
from tests.every_collection.rows import MAKERS, WALKED, ask_api, lifted, make_rows, refusals

pytestmark = pytest.mark.django_db


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
        return [value[:4].strip().upper()]
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


# What cannot be answered


@pytest.mark.parametrize("params", [{"zebra": "1"}, {"sort": "zebra"}, {"columns": "name,zebra"}, {"zebra.min": "1"}])
def test_an_unknown_name_is_refused_with_the_names_there_are(collection, browser, params):
    sortable = [name for name, field in collection.fields.items() if field.kind.sortable]
    known = sortable if "sort" in params else list(collection.fields)
    for text in refusals(browser, collection, params):
        assert "“zebra” is not known here" in text
        assert f"There are: {', '.join(known)}." in text


def test_an_unknown_question_is_refused_with_the_questions_there_are(collection, browser):
    for name, field in collection.fields.items():
        questions = ", ".join(f"{name}.{each.name}" if each.name else name for each in field.kind.operators)
        for text in refusals(browser, collection, {f"{name}.zebra": "1"}):
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
            for text in refusals(browser, collection, {asked: "zebra"}):
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
