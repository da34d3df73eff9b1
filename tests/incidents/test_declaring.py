"""Declaring from any page: one field, what is known of the services at once, near misses, private ones, and the API."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.models import Access, Impact, Incident, Node, Severity, Tag
from services.health.models import Deployment
from tests.factories import make_entity, make_service_account, token_for
from tests.incidents.test_incident_pages import words

pytestmark = pytest.mark.django_db

NEW = "/incidents/-/new/"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def till(people):
    return make_entity("till", owner=people.team).reference


def deploy(subject, version: str, hours_ago: float) -> Deployment:
    at = timezone.now() - hours_ago * HOUR
    return Deployment.objects.create(subject=subject, version=version, finished_at=at, key=version)


def test_every_page_leads_to_declaring_by_button_key_and_palette(sign_in, people):
    client = sign_in(people.stranger)
    for address in ("/", "/services/", "/help/"):
        assert f'href="{NEW}" data-key="d"' in client.get(address).content.decode()
    for typed in ("", "declare", "outage", "inc"):
        assert f'data-url="{NEW}"' in client.get(f"/search/palette/?q={typed}").content.decode(), typed
    assert NEW not in client.get("/search/palette/?q=till").content.decode()


def test_a_title_alone_declares_and_leads_to_the_incident(sign_in, people):
    response = sign_in(people.stranger).post(NEW, {"title": "Search is down"})
    assert (response.status_code, response.url) == (302, "/incidents/inc-1/")
    made = Incident.objects.get()
    assert (made.kind, made.severity, made.owner, made.is_private) == ("real", None, None, False)


def test_services_say_who_owns_it_and_are_hit(sign_in, people, till):
    cart = make_entity("cart").reference
    sign_in(people.reader).post(NEW, {"title": "Tills are slow", "services": "till, component:default/cart, "})
    made = Incident.objects.get()
    assert made.owner == people.team.reference
    assert list(made.impacts.order_by("pk").values_list("subject", flat=True)) == [till.pk, cart.pk]


def test_a_service_that_is_none_is_named_and_nothing_is_declared(sign_in, people, till):
    response = sign_in(people.reader).post(NEW, {"title": "Tills are slow", "services": "til, cart"})
    page = words(sign_in(people.reader), NEW)
    said = response.content.decode()
    assert response.status_code == 422
    assert "There is no service, API, resource or system “til”. Did you mean till?" in said
    assert "“cart”" in said
    assert 'value="Tills are slow"' in said
    assert not Incident.objects.exists()
    assert "One line is enough" in page


def test_the_page_of_a_service_fills_it_in_and_shows_what_is_known_of_it(sign_in, people, till):
    deploy(till, "v41", hours_ago=30)
    deploy(till, "v42", hours_ago=1)
    past = declare(by=people.editor, values={"title": "Tills froze"}, services=[till])
    suggest(by=people.editor, incident=past, values={"title": "Alert on the queue"})
    page = words(sign_in(people.reader), f"{NEW}?service=component:default/till")
    assert 'value="till"' in sign_in(people.reader).get(f"{NEW}?service=component:default/till").content.decode()
    for said in ("till v42", "within 24 h", "till v41", "Alert on the queue", "INC-1 Tills froze", "owner: Checkout"):
        assert said in page, said
    assert "Perhaps declared already INC-1 Tills froze is investigating, alike in service" in page


def test_what_is_known_is_asked_for_while_one_types(sign_in, people, till):
    deploy(till, "v42", hours_ago=1)
    client = sign_in(people.reader)
    part = client.get("/incidents/-/known/?services=till, nobody-knows&title=", headers={"HX-Request": "true"})
    assert "till v42" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "Name the services" in client.get("/incidents/-/known/").content.decode()


def test_without_script_looking_declares_nothing(sign_in, people, till):
    deploy(till, "v42", hours_ago=1)
    response = sign_in(people.reader).post(NEW, {"title": "Slow", "services": "till", "look": "1"})
    assert response.status_code == 200
    assert "till v42" in response.content.decode()
    assert 'value="Slow"' in response.content.decode()
    assert not Incident.objects.exists()


def test_an_address_that_asks_for_what_there_is_not_is_refused_by_name(sign_in, people):
    client = sign_in(people.reader)
    assert "not “servce”" in words(client, f"{NEW}?servce=till", 400)
    assert "There is no kind “outage”" in words(client, f"{NEW}?kind=outage", 400)


def test_a_near_miss_is_two_lines_and_over_when_it_is_told(sign_in, people):
    page = words(sign_in(people.reader), f"{NEW}?kind=near_miss")
    assert "What nearly happened" in page
    assert "What kept it from happening" in page
    assert "Severity" not in page
    sent = {"title": "Wrong database", "summary": "A colleague read along", "kind": "near_miss"}
    assert sign_in(people.reader).post(NEW, sent).status_code == 302
    made = Incident.objects.get()
    assert (made.kind, made.status.category, made.summary) == ("near_miss", "resolved", "A colleague read along")


def test_a_private_one_is_seen_by_who_is_let_in(sign_in, people):
    sent = {"title": "Keys leaked", "is_private": "on", "let_in": "reader, group:default/checkout"}
    assert sign_in(people.stranger).post(NEW, sent).url == "/incidents/priv-1/"
    let_in = Access.objects.values_list("who__canonical", flat=True).order_by("who__canonical")
    assert list(let_in) == ["group:default/checkout", "user:default/reader", "user:default/stranger"]


def test_people_let_into_what_everybody_sees_are_refused(sign_in, people):
    response = sign_in(people.stranger).post(NEW, {"title": "Keys leaked", "let_in": "reader"})
    assert response.status_code == 422
    assert "Everybody sees an incident that is not private" in response.content.decode()
    assert not Incident.objects.exists()


# API


def post(client, holder, **body):
    headers = {"Authorization": f"Bearer {token_for(holder)}"}
    return client.post("/api/v1/incidents/", body, content_type="application/json", headers=headers)


def test_the_api_takes_services_and_who_is_let_in(client, people, till):
    machine = make_service_account(people.team, "pager")
    made = post(client, machine, title="Tills are slow", services=["till"])
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["owner"]["ref"]) == ("INC-1", "group:default/checkout")
    assert Impact.objects.get().subject == till
    secret = post(client, people.editor, title="Keys leaked", is_private=True, let_in=["user:default/reader"])
    assert (secret.status_code, secret.json()["key"]) == (201, "priv-1")


def test_the_api_names_what_is_wrong_and_declares_nothing(client, people):
    refused = post(client, people.editor, title="Slow", services=["nobody-knows"])
    assert refused.status_code == 422
    assert "nobody-knows" in refused.content.decode()
    assert post(client, people.editor, title="Slow", let_in=["reader"]).status_code == 422
    assert not Incident.objects.exists()


def test_the_api_takes_a_severity_as_it_answers_with_it_and_names_those_there_are(client, people):
    made = post(client, people.editor, title="Slow", severity="SEV-2")
    assert (made.status_code, made.json()["severity"]) == (201, "SEV-2")
    headers = {"Authorization": f"Bearer {token_for(people.editor)}", "If-Match": "*"}
    for said, is_then in (("sev-1", "SEV-1"), (Severity.objects.get(slug="sev-3").pk, "SEV-3"), (None, None)):
        sent = client.patch("/api/v1/incidents/inc-1/", {"severity": said}, "application/json", headers=headers)
        assert (sent.status_code, sent.json()["severity"]) == (200, is_then)
    for wrong in ("SEV-99", 99, "", {}, ["SEV-1"], True, "SEV-1\x00", 10**30):
        refused = post(client, people.editor, title="Slow", severity=wrong)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["severity"]), wrong
    assert (
        "There is no severity “SEV-99”. There are: SEV-1, SEV-2, SEV-3, SEV-4."
        in post(client, people.editor, title="Slow", severity="SEV-99").content.decode()
    )
    assert Incident.objects.count() == 1


def test_what_is_said_once_cannot_be_changed_through_the_api(client, people):
    declare(by=people.editor, values={"title": "Slow"})
    headers = {"Authorization": f"Bearer {token_for(people.editor)}", "If-Match": "*"}
    sent = client.patch("/api/v1/incidents/inc-1/", {"is_private": True}, "application/json", headers=headers)
    assert (sent.status_code, "cannot be written here" in sent.content.decode()) == (422, True)


def test_the_description_of_the_api_names_what_a_new_incident_takes(client, people):
    headers = {"Authorization": f"Bearer {token_for(people.editor)}", "Accept": "application/vnd.oai.openapi+json"}
    described = client.get("/api/v1/schema/", headers=headers).json()["components"]["schemas"]
    assert {"title", "services", "is_private", "let_in"} <= set(described["IncidentNewRequest"]["properties"])
    assert "services" not in described["PatchedIncidentWriteRequest"]["properties"]


# Similar incidents


def similar_titles(reader, **asked) -> list[str]:
    from incidents.similar import similar

    return [each.incident.title for each in similar(reader, **asked)]


def test_similar_are_those_of_the_same_service_tags_and_rare_words_the_most_alike_first(people, till):
    for number in range(12):
        declare(by=people.editor, values={"title": f"Something else {number}"})
    change = Node.objects.get(slug="change")
    words_alone = declare(by=people.editor, values={"title": "Zookeeper quorum lost"})
    both = declare(by=people.editor, values={"title": "Quorums of zookeeper"}, services=[till])
    tagged = declare(by=people.editor, values={"title": "Tagged"})
    for each in (both, tagged):
        Tag.objects.create(incident=each, node=change)
    found = similar_titles(people.reader, title="The zookeeper quorum is lost", services=[till.pk], nodes=[change.pk])
    assert found == [both.title, words_alone.title, tagged.title]


def test_words_that_every_incident_has_make_none_similar(people):
    for number in range(9):
        declare(by=people.editor, values={"title": f"Service fails in zone {number}"})
    assert similar_titles(people.reader, title="Service fails") == []


def test_a_private_incident_makes_no_other_one_less_similar_for_who_does_not_see_it(people):
    for title in ("Zookeeper is lost", "Tills are slow", "Search is empty"):
        declare(by=people.editor, values={"title": title})
    assert similar_titles(people.reader, title="Zookeeper") == ["Zookeeper is lost"]
    declare(by=people.editor, values={"title": "Keys of the zookeeper leaked"}, is_private=True)
    assert similar_titles(people.reader, title="Zookeeper") == ["Zookeeper is lost"]


def test_drills_and_what_was_none_are_similar_to_nothing_and_private_ones_only_for_who_is_let_in(people, till):
    declare(by=people.editor, values={"title": "Practised", "kind": "drill"}, services=[till])
    declare(by=people.editor, values={"title": "Keys leaked"}, services=[till], is_private=True)
    assert similar_titles(people.reader, services=[till.pk]) == []
    assert similar_titles(people.editor, services=[till.pk]) == ["Keys leaked"]
