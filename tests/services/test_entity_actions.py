"""What writing an entity brings along: counts, the search, and values as files spell them."""

import pytest

from portal.search.find import find
from services import actions
from services.models import Entity, EntityState, Relation, RelationType
from tests.factories import make_entity, make_reference, make_team
from tests.services.applying import apply, descriptor, entity, write

pytestmark = pytest.mark.django_db


def found(reader, text: str) -> list[str]:
    return [result.name for result in find(reader, text).results]


def point(subject: Entity, canonical: str) -> None:
    reference = make_reference(canonical)
    Relation.objects.create(subject=subject.reference, type=RelationType.DEPENDS_ON, object=reference)


def test_describing_a_loose_end_counts_who_depends_on_it_at_once(api, people):
    point(make_entity("web-store"), "component:default/cart")
    sent = {"name": "cart", "type": "service", "owner": "checkout"}
    made = api(people.editor).post("/api/v1/services/", sent, format="json")
    assert made.status_code == 201
    assert made.json()["dependants"] == 1


def test_something_new_has_neighbours_of_nobody_and_costs_no_counting(people, monkeypatch):
    monkeypatch.setattr("services.graph.refresh_counts", lambda ids: pytest.fail("counted"))
    made = make_entity("brand-new", owner=people.team, system=make_reference("system:default/shop"))
    assert EntityState.objects.get(entity=made).dependants == 0


def test_a_team_that_is_described_later_finds_what_it_owns(people):
    ghosts = make_reference("group:default/night-owls")
    make_entity("lighthouse", owner=type("Owner", (), {"reference": ghosts})())
    assert "lighthouse" not in found(people.reader, "Harbour Watch")
    make_team("night-owls", title="Harbour Watch")
    assert "lighthouse" in found(people.reader, "Harbour Watch")


def test_a_new_owner_finds_it_and_the_former_does_not(people):
    entity = make_entity("lighthouse", owner=people.team)
    assert "lighthouse" in found(people.reader, "checkout")
    actions.update_entity(by=None, record=entity, values={"owner": people.other.reference})
    assert "lighthouse" in found(people.reader, "payments")
    assert "lighthouse" not in found(people.reader, "checkout")


def test_what_a_file_said_of_something_deleted_holds_again_when_it_is_back(tmp_path, sign_in, people):
    """The file of the one has not changed, so nothing reads it again when the other is described anew."""
    write(tmp_path / "ledger.yaml", descriptor("Component", "ledger", "dependencyOf: [component:cart]"))
    write(tmp_path / "cart.yaml", descriptor("Component", "cart", "dependsOn: [component:clock]"))
    apply(tmp_path)
    client = sign_in(people.administrator)
    page = client.get("/services/cart/delete/")
    client.post("/services/cart/delete/", {"version": page.context["version"]})
    assert [str(each) for each in Relation.objects.all()] == ["cart depends on ledger"]
    assert client.get("/services/ledger/").status_code == 200
    assert entity("component:default/ledger").state.dependants == 1
    apply(tmp_path)
    assert {str(each) for each in Relation.objects.all()} == {"cart depends on ledger", "cart depends on clock"}
    assert entity("component:default/cart").state.dependencies == 2


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_tag_is_in_lower_case_whichever_way_it_came_so_that_one_filter_finds_it(sign_in, api, people, door):
    given = {"name": "lighthouse", "type": "service", "owner": "checkout"}
    if door == "page":
        sign_in(people.editor).post("/services/-/new/", {**given, "tags": "PCI, eu, pci"})
    else:
        api(people.editor).post("/api/v1/services/", {**given, "tags": ["PCI", "eu", "pci"]}, format="json")
    found = api(people.reader).get("/api/v1/services/?tags=pci").json()["items"]
    assert [each["tags"] for each in found] == [["pci", "eu"]]


def test_a_type_is_in_lower_case_however_it_is_typed_so_that_lists_have_it(sign_in, people):
    entity = make_entity("lighthouse", type=" Service ")
    assert entity.type == "service"
    assert actions.update_entity(by=None, record=entity, values={"type": "WebSite"}).type == "website"
    page = sign_in(people.reader).get("/services/").context["page"]
    assert [row["url"] for row in page["rows"]] == ["/services/lighthouse/"]
