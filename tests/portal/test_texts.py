"""Texts of any length and kind: what is refused, with a reason, and how what is kept is shown."""

import pytest
from django.test import Client

from portal.texts import LONGEST_TEXT, MOST_ITEMS, text_problems
from services.models import Document, DocumentStatus, Entity, Source
from tests.factories import make_entity

pytestmark = pytest.mark.django_db


def new_service(client: Client, **values: str):
    return client.post("/services/-/new/", {"name": "seat-map", "type": "service", "owner": "checkout", **values})


def top_of(response):
    """What the head of a record's page is told; its panels have a record of their own."""
    return next(each["record"] for each in response.context if isinstance(each.get("record"), dict))


def test_a_body_beyond_the_limit_of_forms_is_refused_by_the_api_before_it_is_read(api, people, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    sent = {"name": "seat-map", "owner": "checkout", "description": "x" * 1000}
    answer = api(people.editor).post("/api/v1/services/", sent, format="json")
    assert answer.status_code == 413
    assert answer.json() == {"error": "The body is larger than 1,000 bytes, the most that one request may send."}


def test_a_description_has_a_longest_length_on_the_page_and_in_the_api(api, sign_in, people):
    long = "x" * (LONGEST_TEXT + 1)
    told = "This has 20,001 characters, and at most 20,000 are kept. Shorten it."
    page = new_service(sign_in(people.editor), description=long)
    assert page.status_code == 422
    assert page.context["form"].errors["description"] == [told]
    make_entity("gateway", owner=people.team)
    client = api(people.editor)
    answers = [
        client.post("/api/v1/services/", {"name": "a", "owner": "checkout", "description": long}, format="json"),
        client.patch("/api/v1/services/gateway/", {"description": long}, format="json", headers={"If-Match": "*"}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["fields"]) == (422, {"description": [told]})


def test_tags_beyond_fifty_are_refused_and_of_many_from_a_file_the_first_are_shown(sign_in, people):
    client = sign_in(people.editor)
    many = [f"tag-{number}" for number in range(MOST_ITEMS + 1)]
    page = new_service(client, tags=", ".join(many))
    assert page.context["form"].errors["tags"] == ["There are 51, and at most 50 are kept. Take some out."]
    Entity.objects.filter(pk=make_entity("gateway", owner=people.team).pk).update(tags=many)
    shown = client.get("/services/gateway/").content.decode()
    assert "<summary>31 more</summary>" in shown
    assert "and 43 more" in client.get("/services/?columns=name,tags").content.decode()


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x07"])
def test_a_character_that_turns_or_breaks_text_is_refused_and_named(sign_in, people, character):
    page = new_service(sign_in(people.editor), title=f"Seat{character}map")
    assert page.status_code == 422
    assert f"Character 5 is invisible (U+{ord(character):04X})" in page.context["form"].errors["title"][0]
    assert not Entity.objects.filter(name="seat-map").exists()


def test_a_name_from_a_file_that_turns_its_text_leaves_heading_and_breadcrumbs_alone(sign_in, people):
    Entity.objects.filter(pk=make_entity("gateway", owner=people.team).pk).update(title="Gate\u202eway")
    page = sign_in(people.reader).get("/services/gateway/").content.decode()
    assert page.count("<bdi>Gate\u202eway</bdi>") == 2


def test_lines_links_and_lists_within_a_text_are_let_through():
    fine = {"description": "one\r\n\ttwo", "links": [{"url": "https://a.example", "title": "A"}], "tier": 3}
    assert text_problems(fine) == {}
    assert list(text_problems({"links": [{"url": "https://a.example", "title": "A\x01"}]})) == ["links"]


def test_everything_wrong_with_a_form_is_said_at_once(api, sign_in, people):
    page = new_service(sign_in(people.editor), name="bad name!", owner="zzz", title="\u202e")
    assert set(page.context["form"].errors) == {"name", "owner", "title"}
    sent = {"name": "bad name!", "owner": "zzz", "title": "\u202e"}
    answer = api(people.editor).post("/api/v1/services/", sent, format="json")
    assert set(answer.json()["fields"]) == {"name", "owner", "title"}


def test_a_service_made_without_a_type_is_in_the_list_it_was_made_in(api, sign_in, people):
    client = sign_in(people.editor)
    assert client.get("/services/-/new/").context["form"]["type"].value() == "service"
    client.post("/services/-/new/", {"name": "by-form", "owner": "checkout"})
    api(people.editor).post("/api/v1/services/", {"name": "by-api", "owner": "checkout"}, format="json")
    page = client.get("/services/").content.decode()
    assert "by-form" in page
    assert "by-api" in page


def test_a_long_description_begins_the_page_and_is_whole_behind_it(sign_in, people):
    make_entity("gateway", owner=people.team, description="long " * 200)
    head = top_of(sign_in(people.reader).get("/services/gateway/"))
    assert len(head["subtitle"]) == 300
    assert head["subtitle"].endswith("…")
    assert head["more"] == ("long " * 200).strip()
    make_entity("short", owner=people.team, description="One line.")
    assert top_of(sign_in(people.reader).get("/services/short/"))["more"] == ""


def test_a_search_result_carries_only_the_beginning_of_a_long_description(sign_in, people):
    make_entity("gateway", owner=people.team, description="x" * 5000)
    page = sign_in(people.reader).get("/search/", {"q": "gateway"})
    assert len(page.context["groups"][0]["options"][0]["description"]) == 300


def test_why_a_document_was_turned_away_stands_whole_in_its_list(sign_in, people):
    source = Source.objects.create(name="s" * 200, kind="folder", location="here")
    reason = "Line 10 says one thing and then, at length, quite another one, so that nobody knows what was meant by it."
    Document.objects.create(source=source, file="a.yaml", number=0, status=DocumentStatus.REJECTED, error=reason)
    client = sign_in(people.reader)
    assert reason in client.get("/documents/").content.decode()
    assert f"{'s' * 57}…</span></a>" in client.get("/sources/").content.decode()
