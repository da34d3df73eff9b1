"""Lists as files."""

import csv
import datetime as dt
import io
import json
import tracemalloc

import pytest
from django.db import DataError, connection
from django.test import Client
from django.utils import timezone

from portal import exports
from portal.references.models import Reference
from services.health.models import Deployment
from services.models import Entity
from tests.factories import make_entity

pytestmark = pytest.mark.django_db


def rows_of(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_the_file_has_the_rows_and_columns_of_the_page_in_its_order(sign_in, people):
    make_entity("a", owner=people.team, tier=1)
    make_entity("b", owner=people.other)
    make_entity("c", owner=people.team, tier=0)
    response = sign_in(people.reader).get("/services/?format=csv&owner=checkout&sort=tier&columns=name,tier,owner")
    assert rows_of(response) == [["name", "tier", "owner"], ["c", "0", "Checkout"], ["a", "1", "Checkout"]]


def test_the_file_is_a_download_named_after_list_and_day(sign_in, people):
    client = sign_in(people.reader)
    for name, content_type in (("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        response = client.get(f"/services/?format={name}")
        assert response["Content-Type"] == content_type
        expected = f'attachment; filename="services-{timezone.localdate():%Y-%m-%d}.{name}"'
        assert response["Content-Disposition"] == expected
        assert response.streaming


def test_the_file_has_all_rows_and_not_one_page(sign_in, people):
    for n in range(7):
        make_entity(f"s-{n}")
    client = sign_in(people.reader)
    assert len(rows_of(client.get("/services/?format=csv&size=2&page=2&columns=name"))) == 8


def test_a_list_without_rows_is_still_a_file(sign_in, people):
    client = sign_in(people.reader)
    assert rows_of(client.get("/services/?format=csv&columns=name,tier")) == [["name", "tier"]]
    assert json.loads(b"".join(client.get("/services/?format=json").streaming_content)) == {"items": []}


def test_spreadsheets_are_told_the_encoding(sign_in, people):
    make_entity("cafe", title="Café — naïve 日本")
    content = b"".join(sign_in(people.reader).get("/services/?format=csv&columns=title").streaming_content)
    assert content.startswith("\ufefftitle\r\n".encode())
    assert content.decode("utf-8-sig") == "title\r\nCafé — naïve 日本\r\n"


def test_quotes_commas_and_line_ends_survive(sign_in, people):
    text = 'He said "stop",\nthen left; -- ok'
    make_entity("a", description=text)
    assert rows_of(sign_in(people.reader).get("/services/?format=csv&columns=description"))[1] == [text]


def test_lists_dates_and_truth_are_written_for_people_and_tools(sign_in, people):
    make_entity("a", tags=["eu", "pci"], lifecycle="deprecated", privacy_class="personal")
    columns = "tags,lifecycle,privacy_class,tier"
    row = rows_of(sign_in(people.reader).get(f"/services/?format=csv&columns={columns}"))[1]
    assert row == ["eu, pci", "Deprecated", "Personal data", ""]
    row = rows_of(sign_in(people.reader).get("/people/?format=csv&columns=name,is_active&sort=name"))[1]
    assert row == ["administrator", "true"]


def test_a_list_of_tags_that_would_run_is_guarded_too(sign_in, people):
    make_entity("a", tags=["=1+1", "b"])
    assert rows_of(sign_in(people.reader).get("/services/?format=csv&columns=tags"))[1] == ["'=1+1, b"]


def test_a_file_of_three_times_the_rows_needs_no_more_memory(sign_in, people, monkeypatch):
    client = sign_in(people.reader)
    monkeypatch.setattr(exports, "CHUNK", 300)
    _describe(0, 900)
    few = _memory_of(client)
    _describe(900, 2_700)
    assert _memory_of(client) < 1.2 * few


def _describe(first: int, last: int) -> None:
    made = Reference.objects.bulk_create(
        [Reference(canonical=f"component:default/s-{n:05}", kind="component", name=f"s-{n:05}", label=f"s-{n:05}")
         for n in range(first, last)]
    )  # fmt: skip
    Entity.objects.bulk_create(
        [
            Entity(reference=each, kind="component", name=each.name, type="service", description="x" * 200)
            for each in made
        ]
    )


def _memory_of(client: Client) -> int:
    response = client.get("/services/?format=csv&columns=name,description")
    tracemalloc.start()
    for _ in response.streaming_content:
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def _deployments(people, unreadable: int, count: int) -> None:
    """So many deployments, newest first by number, of which one has a moment that Python cannot read."""
    subject, now = make_entity("cart", owner=people.team).reference, timezone.now()
    Deployment.objects.bulk_create(
        Deployment(subject=subject, key=str(n), version=f"{n}.0", finished_at=now - dt.timedelta(hours=n))
        for n in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE health_deployment SET recovered_at = 'infinity' WHERE key = %s", [str(unreadable)])


@pytest.mark.parametrize("format_name", ["csv", "json"])
def test_a_list_whose_first_rows_cannot_be_read_is_an_error_and_no_empty_file(sign_in, people, format_name):
    _deployments(people, unreadable=0, count=1)
    client = sign_in(people.reader)
    client.raise_request_exception = False
    response = client.get(f"/deployments/?format={format_name}&columns=version,recovered_at")
    assert (response.status_code, "attachment" in response.headers.get("Content-Disposition", "")) == (500, False)


@pytest.mark.parametrize("format_name", ["csv", "json"])
def test_a_file_that_breaks_off_does_not_look_whole(sign_in, people, monkeypatch, format_name):
    monkeypatch.setattr(exports, "CHUNK", 2)
    _deployments(people, unreadable=4, count=5)
    sent, response = [], sign_in(people.reader).get(f"/deployments/?format={format_name}&columns=version,recovered_at")
    with pytest.raises(DataError):
        sent.extend(response.streaming_content)
    text = b"".join(sent).decode()
    assert "0.0" in text
    if format_name == "csv":
        assert text.splitlines()[-1] == "This file is incomplete: it broke off here. Ask for it again."
    else:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
