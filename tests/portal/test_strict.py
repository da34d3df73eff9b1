"""Nothing that was asked is left out silently: what cannot be answered as it was asked is refused, with a reason."""

import time

import pytest

from tests.factories import make_entity

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/services/gateway/"


@pytest.fixture
def entity(people):
    return make_entity("gateway", owner=people.team)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/services/?sort=name,-name", "sort names “name” twice"),
        ("/services/?columns=name,name", "columns names “name” twice"),
        ("/search/?q=x&zzz=1", "The search takes q alone, not “zzz”."),
        ("/services/gateway/history/?page=abc", "History takes before alone, a moment, not “page”."),
    ],
)
def test_a_page_refuses_what_it_would_otherwise_ignore(sign_in, people, entity, address, told):
    page = sign_in(people.reader).get(address)
    assert page.status_code == 400
    assert told in page.content.decode()


def test_the_api_refuses_to_be_asked_for_a_file(api, people):
    client = api(people.reader)
    answer = client.get("/api/v1/services/?format=csv")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "format=csv: the API answers JSON. /services/ has files.",
    )
    assert client.get("/api/v1/services/?format=json").status_code == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"tier": 1, "tier": 2}', "“tier” stands twice in one object. Send it once."),
        ('{"links": [{"url": "https://a.example", "url": "https://b.example"}]}', "“url” stands twice"),
        ("[" * 5000 + "]" * 5000, "This is no JSON"),
    ],
)
def test_a_name_that_stands_twice_in_an_object_is_refused(api, people, entity, body, told):
    answer = api(people.editor).generic("PATCH", ADDRESS, body, "application/json", headers={"If-Match": "*"})
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_a_body_with_a_hundred_thousand_names_is_read_in_one_pass(api, people, entity):
    names = ",".join(f'"{number}":1' for number in [*range(100_000), 99_999])
    started = time.monotonic()
    answer = api(people.editor).generic("PATCH", ADDRESS, f"{{{names}}}", "application/json", headers={"If-Match": "*"})
    assert answer.json() == {"error": "“99999” stands twice in one object. Send it once."}
    assert time.monotonic() - started < 2


def test_of_several_versions_the_one_that_stands_is_meant(api, people, entity):
    client = api(people.editor)
    sent = {"path": ADDRESS, "data": {"tier": 1}, "format": "json"}
    assert client.patch(**sent, headers={"If-Match": '"7", "8"'}).status_code == 412
    assert client.patch(**sent, headers={"If-Match": '"7", W/"1-abc", "9"'}).status_code == 200


@pytest.mark.parametrize("given", ["zebra", "1", "²", '"1', '"1" "2"'])
def test_a_version_that_is_not_written_as_one_is_told_how_to_write_it(api, people, entity, given):
    answer = api(people.editor).generic("PATCH", ADDRESS, "{}", "application/json", headers={"If-Match": given})
    assert answer.status_code == 400
    assert 'Send the ETag you read, in its quotes, such as "1"' in answer.json()["error"]


def test_an_address_of_the_api_without_its_last_slash_names_the_one_with_it(api, people, entity):
    answer = api(people.reader).get("/api/v1/services")
    assert answer.status_code == 404
    assert "Did you mean /api/v1/services/, with a slash at its end?" in answer.json()["error"]
    assert "Did you mean" not in api(people.reader).get("/api/v1/zzz").json()["error"]


def test_the_preview_of_a_search_says_who_is_on_call_and_what_breaks(sign_in, people):
    people.team.on_call_url = "https://pager.larkspur.example/checkout"
    people.team.save()
    make_entity("gateway", owner=people.team)
    page = sign_in(people.reader).get("/search/palette/?q=gateway").content.decode()
    assert (
        '<a href="https://pager.larkspur.example/checkout" rel="noopener">pager.larkspur.example/checkout</a>' in page
    )
    assert "Dependants" in page
