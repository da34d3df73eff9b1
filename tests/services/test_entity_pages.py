"""The pages of the catalog: what somebody at three in the morning reads first."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services import graph
from services.models import Document, Relation, RelationType, Source
from tests.factories import depend, make_entity, make_person, make_reference, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(sign_in, people):
    """Read a page as a reader: its text, one blank between words."""
    client = sign_in(people.reader)

    def text(address: str) -> str:
        response = client.get(address)
        assert response.status_code == 200, f"{address}: {response.status_code}"
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))

    return text


def test_owner_and_how_to_reach_them_stand_before_anything_else(read):
    team = make_team("core-platform", kind="platform", chat="#core-help", email="core@larkspur.example",
                     on_call_url="https://pager.larkspur.example/core")  # fmt: skip
    make_entity("gateway", owner=team, description="Lets requests in.", tier=0,
                links=[{"url": "https://wiki.larkspur.example/gateway", "title": "Runbook"}])  # fmt: skip
    page = read("/services/gateway/")
    main = page[page.index("Lets requests in.") :]
    places = [main.index(word) for word in ("Core Platform", "Platform team", "#core-help", "core@larkspur.example",
                                            "Who is on call", "Runbook", "Depends on", "Needed by")]  # fmt: skip
    assert places == sorted(places)


def test_what_nobody_owns_says_so_and_offers_to_take_it(sign_in, people):
    make_entity("orphan")
    assert "Nobody answers for it when it breaks." in sign_in(people.stranger).get("/services/orphan/").content.decode()
    page = sign_in(people.reader).get("/services/orphan/").content.decode()
    assert "Take it" in page


def test_neighbours_stand_with_owner_and_tier_the_important_first(read, people):
    api = make_entity("checkout-api", owner=people.team)
    depend(api, make_entity("low", tier=3), make_entity("high", tier=0, owner=people.other))
    depend(make_entity("web-store", owner=people.team), api)
    page = read("/services/checkout-api/")
    needs = page[page.index("Depends on") : page.index("Needed by")]
    assert needs.index("high") < needs.index("low")
    assert "Payments" in needs
    assert "web-store" in page[page.index("Needed by") :]


def test_an_api_names_who_provides_and_who_uses_it(read, people):
    api = make_entity("orders-api", kind="api", type="openapi", spec={"definition": "openapi: 3.1.0"})
    depend(make_entity("orders", owner=people.team), api, type=RelationType.PROVIDES_API)
    depend(make_entity("web-store"), api, type=RelationType.CONSUMES_API)
    page = read("/apis/orders-api/")
    assert "openapi: 3.1.0" in page
    assert "orders" in page[page.index("Depends on") : page.index("Needed by")]
    assert "web-store" in page[page.index("Needed by") :]


def test_the_blast_radius_gives_depth_teams_and_contacts_to_copy(read, people):
    people.team.chat, people.team.email = "#checkout", "checkout@larkspur.example"
    people.team.save()
    database = make_entity("orders-db", kind="resource", owner=people.other)
    api = make_entity("checkout-api", owner=people.team, tier=0)
    depend(api, database)
    depend(make_entity("web-store"), api)
    page = read("/resources/orders-db/")
    radius = page[page.index("Blast radius") :]
    assert "2 affected, 1 team to tell" in radius
    assert "1, direct checkout-api" in radius
    assert "nobody owns these" in radius
    assert "Checkout: #checkout checkout@larkspur.example" in radius


def test_everybody_who_owns_something_within_the_radius_is_told_teams_people_and_the_unknown(read, people):
    database = make_entity("orders-db", kind="resource")
    ghosts = type("Owner", (), {"reference": make_reference("group:default/ghosts")})()
    solo = make_person("solo", title="Solo Sven", email="sven@larkspur.example")
    for name, owner in (("api", people.team), ("script", solo), ("haunted", ghosts)):
        depend(make_entity(name, owner=owner), database)
    radius = read("/resources/orders-db/")
    radius = radius[radius.index("Blast radius") :]
    assert "3 affected, 2 teams and 1 person to tell" in radius
    assert "Solo Sven: sven@larkspur.example" in radius
    assert "ghosts: no contact given" in radius
    assert "Checkout: no contact given" in radius


def test_a_person_who_owns_a_neighbour_does_not_look_like_a_team(sign_in, people):
    api = make_entity("checkout-api", owner=people.team)
    depend(api, make_entity("script", owner=make_person("solo", title="Solo Sven")))
    page = sign_in(people.reader).get("/services/checkout-api/").content.decode()
    needs = page[page.index("Depends on") : page.index("Needed by")]
    assert "Solo Sven" in needs
    assert 'data-t="team"' not in needs


@pytest.fixture
def central(people):
    """Something that 205 others need, two of which nobody has described, and that three more need through them."""
    api = make_entity("checkout-api", owner=people.team)
    named = [make_reference(f"component:default/named-{n}") for n in range(2)]
    found = [*(make_entity(f"user-{n:03}").reference for n in range(203)), *named]
    Relation.objects.bulk_create(
        Relation(subject=each, type=RelationType.DEPENDS_ON, object=api.reference) for each in found
    )
    for n in range(3):
        Relation.objects.create(subject=make_entity(f"far-{n}").reference, type="dependsOn", object=found[n])
    return api


def test_a_panel_that_shows_some_neighbours_says_how_many_there_are_and_leads_to_all(read, central):
    page = read("/services/checkout-api/")
    assert "205, the first 8 here" in page[page.index("Needed by") :]
    assert "All 205" in page
    assert "205, the first 200 here" in read("/services/checkout-api/dependencies/")


def test_the_page_of_all_dependants_has_each_of_them_once(sign_in, people, central):
    client = sign_in(people.reader)
    address = f"/catalog/around/{central.pk}/needed-by/"
    assert address in client.get("/services/checkout-api/").content.decode()
    pages = [client.get(f"{address}?page={number}") for number in (1, 2, 3)]
    seen = [row["label"] for page in pages for row in page.context["rows"]]
    assert (len(seen), len(set(seen))) == (205, 205)
    assert "201 to 205 of 205" in pages[2].content.decode()
    assert client.get(f"{address}?page=4").status_code == 404
    assert client.get(f"{address}?page=x").status_code == 400


def test_the_whole_blast_radius_is_a_page_and_a_file_nearest_first(sign_in, people, central):
    client = sign_in(people.reader)
    address = f"/catalog/around/{central.pk}/radius/"
    assert f'href="{address}">All 208' in client.get("/services/checkout-api/").content.decode()
    items = client.get(f"{address}?format=json").json()["items"]
    assert [each["depth"] for each in items] == [1] * 205 + [2] * 3
    assert {"component:default/far-0", "component:default/named-0"} <= {each["ref"] for each in items}
    lines = client.get(f"{address}?format=csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "depth,ref,name,kind,tier,lifecycle,owner,owner_name"
    assert len(lines) == 209
    assert client.get(f"{address}?format=pdf").status_code == 400


def test_a_system_says_how_many_parts_it_has_beyond_those_it_lists(read, people):
    system = make_entity("ordering", kind="system", owner=people.team)
    parts = [make_entity(f"part-{n:03}").reference for n in range(201)]
    Relation.objects.bulk_create(Relation(subject=each, type="partOf", object=system.reference) for each in parts)
    assert "201, the first 200 here" in read("/systems/ordering/")


def test_what_is_deprecated_names_its_successor_and_who_still_needs_it(read, people):
    successor = make_entity("orders-v2", owner=people.team)
    old = make_entity("orders-v1", owner=people.team, lifecycle="deprecated", successor=successor.reference)
    depend(make_entity("web-store"), old)
    graph.refresh_counts()
    page = read("/services/orders-v1/")
    assert "It is deprecated: use orders-v2" in page
    assert "1 still depend" in page


def test_an_owner_that_nobody_described_or_who_has_left_is_said(read):
    loose = make_reference("group:default/ghosts")
    make_entity("haunted", owner=type("Owner", (), {"reference": loose})())
    make_entity("left-behind", owner=make_person("gone", title="Gone Gwen", is_active=False))
    assert "group:default/ghosts is named as its owner, but no file or person describes it." in read(
        "/services/haunted/"
    )
    assert "Gone Gwen has left" in read("/services/left-behind/")


def test_each_value_says_which_file_and_line_it_came_from(read, people):
    entity = make_entity("checkout-api", owner=people.team, title="Checkout API")
    source = Source.objects.create(name="repos")
    Document.objects.create(source=source, file="checkout/catalog-info.yaml", number=0, status="accepted",
                            reference=entity.reference, fields={"metadata.title": 4, "spec.owner": 9})  # fmt: skip
    page = read("/services/checkout-api/")
    assert "checkout/catalog-info.yaml" in page
    found = page[page.index("Where these values come from") :].lower()
    assert "display name" in found
    assert "owner" in found


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\nscript:alert(1)"],
)
def test_a_link_from_a_file_that_would_run_something_is_no_link(sign_in, people, url):
    make_entity("checkout-api", links=[{"url": url, "title": "Runbook"}])
    page = sign_in(people.reader).get("/services/checkout-api/").content.decode()
    addresses = [re.sub(r"\s", "", html.unescape(each)).lower() for each in re.findall(r'href="([^"]*)"', page)]
    assert not [each for each in addresses if each.startswith(("javascript:", "data:", "vbscript:"))]
    assert "Runbook" in page


def test_text_from_a_file_is_shown_and_never_run(sign_in, people):
    make_entity("checkout-api", title="<img src=x onerror=alert(1)>", description="<script>alert(1)</script>",
                tags=["<b>"], region="</td><script>")  # fmt: skip
    client = sign_in(people.reader)
    for address in (
        "/services/checkout-api/",
        "/services/?columns=name,title,description,tags,region",
        "/search/?q=check",
    ):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "</td><script>" not in page


def test_a_system_lists_its_parts_and_a_domain_its_systems(read, people):
    domain = make_entity("commerce", kind="domain", owner=people.team)
    system = make_entity("ordering", kind="system", owner=people.team, domain=domain.reference)
    make_entity("orders", system=system.reference, owner=people.team)
    assert "orders" in read("/systems/ordering/")
    assert "ordering" in read("/domains/commerce/")
    page = read("/services/orders/")
    assert "ordering" in page


def test_a_team_page_lists_what_it_owns_the_important_first(read, people):
    make_entity("minor", owner=people.team, tier=3)
    make_entity("major", owner=people.team, tier=0)
    make_entity("of-others", owner=people.other)
    page = read("/teams/checkout/")
    assert page.index("major") < page.index("minor")
    assert "of-others" not in page


def test_a_rejected_document_has_a_page_with_its_reason(read):
    source = Source.objects.create(name="repos")
    document = Document.objects.create(
        source=source, file="a/catalog-info.yaml", number=2, line=17, status="rejected", error="spec.type is missing."
    )
    assert "a/catalog-info.yaml" in read("/documents/")
    page = read(f"/documents/{document.pk}/")
    for text in ("Document 2 of a/catalog-info.yaml, from line 17", "Rejected", "spec.type is missing."):
        assert text in page


def test_a_loose_end_is_listed_with_what_points_at_it(read):
    service = make_entity("web-store")
    loose = make_reference("component:default/forgotten")
    Relation.objects.create(subject=service.reference, type=RelationType.DEPENDS_ON, object=loose)
    assert "component:default/forgotten" in read("/references/")
    page = read("/references/component:default:forgotten/")
    assert "Nobody has described this" in page
    assert "web-store" in page


def test_each_kind_has_its_own_page_and_the_others_lead_there(sign_in, people):
    make_entity("orders-db", kind="resource")
    make_entity("golden-path", kind="template")
    client = sign_in(people.reader)
    assert client.get("/entities/resource:default:orders-db/").url == "/resources/orders-db/"
    assert client.get("/services/resource:default:orders-db/").status_code in {302, 404}
    assert client.get("/entities/template:default:golden-path/").status_code == 200


def test_two_of_one_name_in_two_namespaces_have_two_pages(read):
    make_entity("cart", title="Cart here")
    make_entity("cart", namespace="partners", title="Cart there")
    assert "Cart here" in read("/services/cart/")
    assert "Cart there" in read("/services/partners:cart/")


def test_the_page_takes_few_queries_however_many_neighbours(sign_in, people):
    api = make_entity("checkout-api", owner=people.team, tier=0)
    client = sign_in(people.reader)
    depend(make_entity("web-0", owner=people.other), api)
    few = _queries(client)
    for n in range(1, 40):
        depend(make_entity(f"web-{n}", owner=people.other), api)
    many = _queries(client)
    assert len(many) == len(few)
    assert len(many) <= 15, "\n".join(many)


def _queries(client) -> list[str]:
    client.get("/services/checkout-api/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/services/checkout-api/")
    return [query["sql"][:150] for query in captured.captured_queries]


def test_home_shows_the_services_of_my_teams_and_what_waits(sign_in, people):
    make_entity("mine", owner=people.team, tier=1)
    make_entity("unsaid", owner=people.team)
    make_entity("theirs", owner=people.other)
    old = make_entity("old", owner=people.team, lifecycle="deprecated", tier=2)
    depend(make_entity("user-of-old", owner=people.other), old)
    graph.refresh_counts()
    context = sign_in(people.editor).get("/").context
    assert [row["url"] for row in context["services"]["rows"]] == [
        "/services/mine/", "/services/old/", "/services/unsaid/",
    ]  # fmt: skip
    assert {each.title: each.note for each in context["waiting"]} == {
        "Move users off old": "Deprecated, and 1 still depends on it",
        "Say how important unsaid is": "In production without a tier",
    }


def test_home_of_an_administrator_counts_what_was_turned_away(sign_in, people):
    source = Source.objects.create(name="repos")
    for n in range(2):
        Document.objects.create(source=source, file="a.yaml", number=n, status="rejected")
    titles = [each.title for each in sign_in(people.administrator).get("/").context["waiting"]]
    assert "2 catalog documents need mending" in titles


def test_what_two_documents_describe_is_a_problem_waits_for_its_owners_and_stands_on_its_page(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team)
    source = Source.objects.create(name="repos")
    taken = {"source": source, "status": "accepted", "reference": entity.reference}
    Document.objects.create(file="first.yaml", number=0, **taken)
    second = Document.objects.create(file="second.yaml", number=0, conflict="first.yaml keeps it.", **taken)
    client = sign_in(people.editor)
    waiting = {each.title: each.url for each in client.get("/").context["waiting"]}
    assert waiting["Settle who describes checkout-api"] == f"/documents/{second.pk}/"
    listed = client.get("/documents/").content.decode()
    assert "second.yaml" in listed
    assert "first.yaml keeps it." in listed
    assert f"/documents/{second.pk}/" in client.get("/services/checkout-api/").content.decode()
    titles = [each.title for each in sign_in(people.administrator).get("/").context["waiting"]]
    assert "1 catalog document needs mending" in titles
    assert client.get("/api/v1/sources/").json()["items"][0]["conflicts"] == 1


def test_a_value_that_was_changed_through_the_api_says_so(sign_in, people, api):
    entity = make_entity("checkout-api", owner=people.team)
    change = {"path": "/api/v1/services/checkout-api/", "data": {"tier": 2}, "format": "json"}
    assert api(people.editor).patch(**change, headers={"If-Match": f'"{entity.version}"'}).status_code == 200
    page = sign_in(people.reader).get("/services/checkout-api/").content.decode()
    assert "edited through the API by Editor" in page


def test_an_empty_portal_leads_the_way(sign_in, people):
    client = sign_in(people.stranger)
    assert client.get("/").context["catalog_is_empty"]
    page = client.get("/services/?type=*").content.decode()
    assert "No services yet" in page or "No service is described yet" in page


def test_what_points_somewhere_is_told_in_as_many_queries_however_much_it_is(people, sign_in, monkeypatch):
    """Successors and teams beside it."""
    old, above = make_reference("component:default/old"), make_reference("group:default/above")
    client, queries = sign_in(people.reader), {}
    client.get("/references/component:default:old/")
    for number in (2, 8):
        for n in range(number):
            make_entity(f"service-{number}-{n}", successor=old)
            make_team(f"team-{number}-{n}", parent=above)
        for reference in (old, above):
            with CaptureQueriesContext(connection) as asked:
                client.get(f"/references/{reference.canonical.replace('/', ':')}/")
            queries.setdefault(reference.pk, []).append(len(asked))
    assert [few == many for few, many in queries.values()] == [True, True]
    monkeypatch.setattr("services.panels.LISTED", 3)
    for reference in (old, above):
        assert (
            "10, 3 of them here" in client.get(f"/references/{reference.canonical.replace('/', ':')}/").content.decode()
        )
