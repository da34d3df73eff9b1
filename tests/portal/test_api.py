"""/api/v1/: the same lists and acts as the pages, for machines."""

import json

import pytest
from django.test import Client

from portal.actions import update_record
from portal.people.models import Team
from services.actions import update_entity
from services.graph import refresh_counts
from services.models import Document, Entity, Source
from tests.factories import depend, make_entity, make_reference

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/services/checkout-api/"


@pytest.fixture
def entity(people) -> Entity:
    return make_entity("checkout-api", owner=people.team, title="Checkout API", tier=0, tags=["pci"])


# Reading


def test_a_list_gives_items_the_next_address_and_the_total(api, people, entity):
    make_entity("web-store", owner=people.team)
    answer = api(people.reader).get("/api/v1/services/?size=1&sort=-name").json()
    assert list(answer) == ["items", "next", "total"]
    assert [item["key"] for item in answer["items"]] == ["web-store"]
    assert answer["next"].startswith("http://testserver/api/v1/services/?size=1&sort=-name&cursor=")
    assert answer["total"] == 2


def test_a_record_gives_every_column_as_a_machine_wants_it(api, people, entity):
    found = api(people.reader).get(ADDRESS).json()
    assert found["owner"] == {"ref": "group:default/checkout", "name": "Checkout"}
    assert (found["tier"], found["tags"], found["system"], found["lifecycle"]) == (0, ["pci"], None, "production")
    assert found["version"] == entity.version
    assert found["updated_at"].endswith("Z")


@pytest.mark.parametrize(
    "key", ["checkout-api", "Checkout-API", "default:checkout-api", "component:default/checkout-api"]
)
def test_a_record_is_found_by_each_of_its_names(api, people, entity, key):
    assert api(people.reader).get(f"/api/v1/services/{key}/").json()["key"] == "checkout-api"


def test_a_record_is_found_by_its_uid(api, people, entity):
    found = api(people.reader).get(f"/api/v1/services/{entity.reference.uid}/")
    assert found.json()["key"] == "checkout-api"


@pytest.mark.parametrize(
    "key",
    ["cart", "a:b:c:d", "group:default/checkout", "::", "a%00b", "0" * 400, "00000000-0000-0000-0000-000000000000"],
)
def test_a_record_that_is_not_there_is_a_404_in_words(api, people, entity, key):
    response = api(people.reader).get(f"/api/v1/services/{key}/")
    assert response.status_code == 404
    assert response.json()["error"].startswith("There is no service “")


@pytest.mark.parametrize("key", ["0", "9" * 18, "9" * 40, "-1", "x", "1.5", "²"])
def test_a_record_without_a_name_is_found_only_by_its_number(api, people, key):
    assert api(people.reader).get(f"/api/v1/documents/{key}/").status_code == 404


def test_a_collection_that_is_not_there_is_a_404(api, people):
    response = api(people.reader).get("/api/v1/zebras/")
    assert response.status_code == 404
    assert response.json() == {"error": "There is no address /api/v1/zebras/. All there are stand in /api/v1/schema/."}


def test_a_list_of_some_columns_gives_just_those(api, people, entity):
    answer = api(people.reader).get("/api/v1/services/?columns=tier,owner").json()
    assert answer["items"] == [
        {"key": "checkout-api", "tier": 0, "owner": {"ref": "group:default/checkout", "name": "Checkout"}}
    ]


def test_what_has_not_changed_is_not_sent_again(api, people, entity):
    client = api(people.reader)
    etag = client.get(ADDRESS)["ETag"]
    for given in (etag, f"W/{etag}"):
        again = client.get(ADDRESS, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    api(people.editor).patch(ADDRESS, {"tier": 1}, format="json", headers={"If-Match": etag})
    assert client.get(ADDRESS, headers={"If-None-Match": etag}).status_code == 200


def test_what_changed_without_a_new_version_is_sent_again_and_is_no_conflict(api, people, entity):
    client = api(people.editor)
    before = client.get(ADDRESS)
    update_record(by=None, record=people.team, values={"title": "Tills"})
    depend(make_entity("web-store"), entity)
    refresh_counts()
    for given in (before["ETag"], f'"zebra", {before["ETag"]}'):
        again = client.get(ADDRESS, headers={"If-None-Match": given})
        assert again.status_code == 200
        assert (again.json()["owner"]["name"], again.json()["dependants"]) == ("Tills", 1)
        assert again.json()["version"] == before.json()["version"]
    saved = client.patch(ADDRESS, {"tier": 1}, format="json", headers={"If-Match": before["ETag"]})
    assert saved.status_code == 200


def test_the_version_alone_is_enough_to_change_by(api, people, entity):
    client = api(people.editor)
    sent = {"format": "json", "headers": {"If-Match": f'"{entity.version}"'}}
    assert client.patch(ADDRESS, {"tier": 1}, **sent).status_code == 200
    assert client.patch(ADDRESS, {"tier": 2}, **sent).status_code == 412


def test_a_record_is_found_and_changed_by_the_name_that_it_had(api, people, entity):
    update_entity(by=None, record=entity, values={"name": "checkout-gateway"})
    for address in (ADDRESS, "/api/v1/entities/component:default:checkout-api/"):
        assert api(people.reader).get(address).json()["name"] == "checkout-gateway", address
    assert api(people.reader).get("/api/v1/services/api:default:checkout-api/").status_code == 404
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    assert api(people.editor).patch(ADDRESS, {"tier": 4}, **anyway).json()["tier"] == 4


def test_a_new_record_takes_the_address_that_another_once_had(api, people, entity):
    update_entity(by=None, record=entity, values={"name": "checkout-gateway"})
    make_entity("checkout-api", title="The new one")
    assert api(people.reader).get(ADDRESS).json()["title"] == "The new one"


def test_a_reference_is_written_by_the_name_that_it_had(api, people):
    update_record(by=None, record=people.team, values={"name": "tills"})
    response = api(people.editor).post("/api/v1/services/", {"name": "cart", "owner": "checkout"}, format="json")
    assert response.json()["owner"]["ref"] == "group:default/tills"


def test_a_name_of_32_hexadecimal_digits_is_a_name_like_any_other(api, sign_in, people):
    name = "0123456789abcdef" * 2
    make_entity(name)
    assert api(people.reader).get(f"/api/v1/services/{name}/").json()["name"] == name
    assert sign_in(people.reader).get(f"/services/{name}/").status_code == 200


def test_a_person_reads_the_api_with_the_session_of_the_pages(sign_in, people, entity):
    assert sign_in(people.reader).get(ADDRESS).status_code == 200


# Writing


def test_creating_answers_with_the_record_and_its_address(api, people):
    sent = {"name": "cart", "type": "service", "owner": "checkout", "tags": ["eu"], "tier": 2,
            "links": [{"url": "https://wiki.larkspur.example/cart", "title": "Runbook"}]}  # fmt: skip
    response = api(people.editor).post("/api/v1/services/", sent, format="json")
    assert response.status_code == 201
    assert response["Location"] == "/api/v1/services/cart/"
    assert response["ETag"].startswith(f'"{response.json()["version"]}-')
    entity = Entity.objects.get(name="cart")
    assert (entity.kind, entity.owner, entity.tags) == ("component", people.team.reference, ["eu"])
    assert entity.links == [{"url": "https://wiki.larkspur.example/cart", "title": "Runbook"}]


@pytest.mark.parametrize(
    "spelling", ["checkout", "group:default/checkout", {"ref": "group:default/checkout"}, "Checkout"]
)
def test_an_owner_may_be_written_as_it_is_read(api, people, spelling):
    response = api(people.editor).post("/api/v1/services/", {"name": "cart", "owner": spelling}, format="json")
    assert response.json()["owner"] == {"ref": "group:default/checkout", "name": "Checkout"}


def test_a_change_names_the_version_it_was_made_for(api, people, entity):
    client = api(people.editor)
    etag = client.get(ADDRESS)["ETag"]
    response = client.patch(ADDRESS, {"tier": 1}, format="json", headers={"If-Match": etag})
    assert (response.status_code, response.json()["tier"]) == (200, 1)
    assert response["ETag"].startswith(f'"{entity.version + 1}-')
    assert response["ETag"] != etag


def test_a_stale_change_is_a_412_and_changes_nothing(api, people, entity):
    client = api(people.editor)
    etag = client.get(ADDRESS)["ETag"]
    client.patch(ADDRESS, {"title": "Theirs"}, format="json", headers={"If-Match": etag})
    for act, sent in ((client.patch, {"title": "Mine"}), (client.delete, None)):
        response = act(ADDRESS, sent, format="json", headers={"If-Match": etag})
        assert response.status_code == 412
        assert response.json()["error"].startswith("The record has changed since you read it.")
    assert Entity.objects.get().title == "Theirs"


def test_a_change_for_no_version_is_a_428_that_says_how(api, people, entity):
    client = api(people.editor)
    for act in (client.patch, client.delete):
        response = act(ADDRESS, {}, format="json")
        assert response.status_code == 428
        assert "send the ETag you read as If-Match, or If-Match: *" in response.json()["error"]
    assert Entity.objects.filter(title="Checkout API").exists()


@pytest.mark.parametrize("given", ['"zebra"', '"-1"', '"' + "9" * 40 + '"', '"7", "8"'])
def test_a_version_that_is_none_is_a_412(api, people, entity, given):
    response = api(people.editor).generic("PATCH", ADDRESS, "{}", "application/json", headers={"If-Match": given})
    assert response.status_code == 412


def test_a_weak_version_and_any_version_are_taken(api, people, entity):
    client = api(people.editor)
    weak = f"W/{client.get(ADDRESS)['ETag']}"
    for given in (weak, "*"):
        response = client.patch(ADDRESS, {"tier": 3}, format="json", headers={"If-Match": given})
        assert response.status_code == 200


def test_a_change_of_nothing_makes_no_version(api, people, entity):
    response = api(people.editor).patch(ADDRESS, {"tier": 0, "tags": ["pci"]}, format="json", headers={"If-Match": "*"})
    assert response.json()["version"] == entity.version


def test_deleting_answers_204_and_the_record_is_gone(api, people, entity):
    client = api(people.editor)
    assert client.delete(ADDRESS, headers={"If-Match": client.get(ADDRESS)["ETag"]}).status_code == 204
    assert client.get(ADDRESS).status_code == 404
    assert not Entity.objects.exists()


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "name: is missing."),
        ({"name": ""}, "name: cannot be empty."),
        ({"name": None}, "name: cannot be null."),
        ({"name": "two words"}, "name: “two words” cannot be a name."),
        ({"name": "x" * 64}, "name: Ensure this field has no more than 63 characters."),
        ({"name": ["cart"]}, "name: is no text."),
        ({"name": "cart\x00"}, "name: Null characters are not allowed."),
        ({"name": "cart", "tier": 5}, "tier: Ensure this value is less than or equal to 4."),
        ({"name": "cart", "tier": "high"}, "tier: is no whole number."),
        ({"name": "cart", "lifecycle": "dead"}, "lifecycle: “dead” is none of the choices."),
        ({"name": "cart", "owner": "chekout"}, "owner: There is no team or person “chekout”. Did you mean checkout?"),
        ({"name": "cart", "owner": 7}, "owner: Expected a name such as “checkout”, or a reference."),
        ({"name": "cart", "owner": {"ref": 7}}, "owner: Expected a name such as “checkout”, or a reference."),
        ({"name": "cart", "tags": "pci"}, "tags: "),
        ({"name": "cart", "tags": [["pci"]]}, "tags: item 1: is no text."),
        ({"name": "cart", "tags": ["pci", None]}, "tags: item 2: cannot be null."),
        ({"name": "cart", "links": [{"url": "javascript:alert(1)"}]}, "links: item 1, url: “javascript"),
        ({"name": "cart", "links": [{"title": "no address"}]}, "links: item 1, url: is missing."),
        ({"name": "cart", "links": "https://x.example"}, "links: "),
        ({"name": "cart", "zebra": 1}, "zebra: cannot be written here. These can: name, title, description"),
        ([], "body: Send a JSON object."),
        ("cart", "body: Send a JSON object."),
        (None, "body: Send a JSON object."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_422_that_names_the_field(api, people, sent, error):
    client = api(people.administrator)
    response = client.generic("POST", "/api/v1/services/", json.dumps(sent), "application/json")
    assert response.status_code == 422, response.content
    assert response.json()["error"].startswith(error)
    assert not Entity.objects.exists()


@pytest.mark.parametrize("body", ["{", '{"name": }', "name=cart", "\xff\xfe"])
def test_what_is_no_json_is_a_400(api, people, body):
    response = api(people.administrator).generic("POST", "/api/v1/services/", body, "application/json")
    assert response.status_code == 400
    assert response.json()["error"].startswith("This is no JSON: ")


def test_deep_nesting_is_refused_and_not_followed(api, people):
    body = '{"name": "cart", "links": ' + "[" * 100_000 + "]" * 100_000 + "}"
    response = api(people.administrator).generic("POST", "/api/v1/services/", body, "application/json")
    assert response.status_code == 400
    assert response.json()["error"].startswith("This is no JSON: ")
    assert not Entity.objects.exists()


def test_another_kind_of_body_is_a_415(api, people):
    response = api(people.administrator).generic("POST", "/api/v1/services/", "name: cart", "application/yaml")
    assert response.status_code == 415
    assert "application/yaml" in response.json()["error"]


def test_a_method_that_a_collection_does_not_offer_is_a_405(api, people):
    client = api(people.administrator)
    make_reference("component:default/loose")
    for act, address in (
        (client.post, "/api/v1/entities/"),
        (client.post, "/api/v1/documents/"),
        (client.delete, "/api/v1/teams/checkout/"),
        (client.patch, "/api/v1/references/component:default:loose/"),
        (client.put, "/api/v1/teams/checkout/"),
    ):
        response = act(address, {}, format="json")
        assert response.status_code == 405, address
        assert response.json()["error"].startswith("Method ")


def test_a_name_that_is_taken_is_refused(api, people, entity):
    response = api(people.administrator).post("/api/v1/services/", {"name": "Checkout-API"}, format="json")
    assert response.status_code == 422
    assert response.json()["error"].startswith("name: There is a component “Checkout-API” already.")


def test_what_a_file_declares_is_changed_in_the_file(api, people, entity):
    source = Source.objects.create(name="repos")
    Document.objects.create(source=source, file="a/catalog-info.yaml", number=0, status="accepted",
                            reference=entity.reference, fields={"metadata.title": 4})  # fmt: skip
    client, anyway = api(people.editor), {"format": "json", "headers": {"If-Match": "*"}}
    response = client.patch(ADDRESS, {"title": "Mine"}, **anyway)
    assert response.status_code == 422
    assert response.json()["error"] == "title: is declared in a/catalog-info.yaml, line 4. Change it there."
    assert client.patch(ADDRESS, {"title": "Checkout API", "tier": 4}, **anyway).status_code == 200


def test_a_rename_over_the_api_moves_the_address(api, people, entity):
    client = api(people.editor)
    response = client.patch(ADDRESS, {"name": "checkout-gateway"}, format="json", headers={"If-Match": "*"})
    assert (response.status_code, response.json()["key"]) == (200, "checkout-gateway")
    assert client.get("/api/v1/services/checkout-gateway/").status_code == 200


def test_teams_and_people_are_made_by_administrators_only(api, people):
    for slug, name in (("teams", "new-team"), ("people", "new.person")):
        sent = {"name": name, "type": "team"} if slug == "teams" else {"name": name}
        assert api(people.editor).post(f"/api/v1/{slug}/", sent, format="json").status_code == 403
        assert api(people.administrator).post(f"/api/v1/{slug}/", sent, format="json").status_code == 201
    assert Team.objects.get(name="new-team").reference.canonical == "group:default/new-team"


# The description


def test_the_description_is_the_same_for_every_reader(sign_in, people):
    texts = {
        sign_in(who).get("/api/v1/schema/", headers={"Accept": "application/json"}).content
        for who in (people.stranger, people.administrator)
    }
    assert len(texts) == 1


def test_the_description_names_every_collection_and_every_question(sign_in, people):
    found = json.loads(sign_in(people.reader).get("/api/v1/schema/", headers={"Accept": "application/json"}).content)
    assert {"get", "post"} <= set(found["paths"]["/api/v1/services/"])
    assert {"get", "patch", "delete"} <= set(found["paths"]["/api/v1/services/{key}/"])
    asked = {each["name"] for each in found["paths"]["/api/v1/services/"]["get"]["parameters"]}
    assert {"q", "sort", "columns", "cursor", "size", "tier", "tier.not", "tier.min", "owner.set", "tags"} <= asked


def test_too_many_requests_are_told_to_wait(api, people, entity, monkeypatch):
    from portal.rest import ReaderThrottle

    monkeypatch.setattr(ReaderThrottle, "rate", "2/min", raising=False)
    client = api(people.reader)
    statuses = [client.get(ADDRESS).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    response = client.get(ADDRESS)
    assert int(response["Retry-After"]) <= 60
    assert response.json()["error"].startswith("Request was throttled.")
    assert api(people.editor).get(ADDRESS).status_code == 200


def test_the_api_speaks_json_whatever_a_browser_asks_for(people, entity, sign_in):
    accept = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    response = sign_in(people.reader).get(ADDRESS, headers=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert Client().get("/api/v1/services/", headers=accept).status_code == 401
