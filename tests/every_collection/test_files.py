"""Files of every collection: the columns and values that page and API give, safe to open in a spreadsheet."""

import pytest

from portal.people import actions as people_actions
from tests import factories
from tests.every_collection.rows import WALKED, ask_api, lifted, make_rows, read_csv, read_json

pytestmark = pytest.mark.django_db


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
