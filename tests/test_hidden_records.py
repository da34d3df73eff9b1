"""A record that a row rule hides from a reader is named to them nowhere: not by what points at it, not by what it
points at, by no list, file, panel, suggestion or count. Who may edit a record does see what its fields hold.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from portal.collections import Collection, collection_of, collections
from portal.panels import panels_of
from portal.people import actions
from portal.people.models import Person, Team, User
from portal.references.models import Reference
from portal.search import find, words
from services.actions import update_entity
from services.models import Document, DocumentStatus, Entity, Relation, RelationType, Source
from tests.factories import depend, make_entity, make_person, make_reference, make_team

pytestmark = pytest.mark.django_db

NAME = "zanzibar"
# One of each way in which something is pointed at: needed, contained, owning as a team and as a person.
KINDS = ("component", "system", "group", "user")


@pytest.fixture(params=KINDS)
def record(request: pytest.FixtureRequest, people: Any) -> Any:
    """A record with everything around it that could name it."""
    kind = request.param
    if kind in {"group", "user"}:
        made: Any = make_team(NAME) if kind == "group" else make_person(NAME)
        _surround_owner(people, made)
    else:
        made = make_entity(NAME, kind=kind, owner=people.team)
        _surround_entity(people, made)
    source = Source.objects.create(name="repos")
    Document.objects.create(
        source=source, file="a.yaml", number=0, status=DocumentStatus.REJECTED, reference=made.reference
    )
    return made


def _surround_owner(people: Any, owner: Team | Person) -> None:
    """It owns things, one of which others need, and is in a team with others."""
    owned, user = make_entity("owned", owner=owner), make_entity("user", owner=owner)
    depend(user, owned)
    if isinstance(owner, Team):
        make_team("child", parent=owner.reference)
        actions.join_team(by=None, person=people.reader.person.reference, team=owner.reference)
    else:
        actions.join_team(by=None, person=owner.reference, team=people.team.reference)


def _surround_entity(people: Any, entity: Entity) -> None:
    """It is needed and needs, is a part and has parts, has replaced something, and points at a loose end."""
    needed, user = make_entity("needed", owner=people.team), make_entity("user", owner=people.team)
    depend(entity, needed)
    depend(user, entity)
    whole = make_entity("whole", kind="system")
    depend(entity, whole, type=RelationType.PART_OF)
    loose = make_reference("component:default/loose-end")
    Relation.objects.create(subject=entity.reference, type=RelationType.DEPENDS_ON, object=loose)
    part: dict[str, Any] = {entity.kind: entity.reference} if entity.kind in {"system", "domain"} else {}
    successor = {"successor": entity.reference} if entity.kind in {"component", "api"} else {}
    update_entity(by=None, record=user, values={"lifecycle": "deprecated", **successor, **part})
    update_entity(by=None, record=entity, values={"owner": make_reference("group:default/loose-team")})


@pytest.fixture
def hidden(record: Any, people: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The record, hidden from the administrator by a row rule; ``client`` is the administrator's."""

    def visible(rows: QuerySet, reader: Any) -> QuerySet:
        blind = isinstance(reader, User) and reader.pk == people.administrator.pk
        return rows.exclude(pk=record.pk) if rows.model is type(record) and blind else rows

    monkeypatch.setattr(QuerySet, "visible", visible, raising=False)
    _forget_rules()
    client.force_login(people.administrator, backend="portal.people.backends.PersonBackend")
    yield record
    _forget_rules()


def _forget_rules() -> None:
    for each in collections():
        each.__dict__.pop("has_row_rule", None)


def _lists() -> Iterator[str]:
    for each in collections():
        everything = "&".join(f"{name}=*" for name in each.defaults)
        columns = ",".join(each.fields)
        yield from (f"{each.url}?{everything}&columns={columns}&format={name}" for name in ("", "csv", "json"))
        yield f"{each.api_url}?{everything}"
        yield f"{each.url}-/total/?{everything}"


def _pages(reader: Any) -> Iterator[str]:
    """Every page of every record that the reader sees, panels that load later by themselves too."""
    for each in collections():
        for record in each.visible(reader):
            if collection_of(record) is each:
                yield from _pages_of(each, record)


def _pages_of(collection: Collection, record: Any) -> Iterator[str]:
    address = collection.url_of(record)
    yield from (address, f"{address}history/", f"{collection.api_url}{collection.key_of(record)}/")
    for panel in panels_of(record):
        if panel.lazy:
            yield f"{address}panels/{panel.name}/"
        if panel.slot.startswith("tab:"):
            yield f"{address}{panel.slot.partition(':')[2]}/"


def _leaks(client: Client, addresses: Iterator[str]) -> list[str]:
    """The addresses whose answer has the name in it, other than in the address that was asked for."""
    found = []
    for address in addresses:
        response = client.get(address, follow=True)
        body = b"".join(response) if response.streaming else response.content
        if NAME in body.decode().lower():
            found.append(address)
    return found


def test_no_list_and_no_file_names_a_hidden_record(hidden, client):
    assert _leaks(client, _lists()) == []


def test_no_page_and_no_panel_of_another_record_names_a_hidden_record(hidden, client, people):
    assert _leaks(client, _pages(people.administrator)) == []


def test_a_page_that_says_who_was_first_names_no_hidden_record(hidden, client):
    response = client.post("/services/user/delete/", {"version": "-1"})
    assert response.status_code == 409
    assert NAME not in response.content.decode().lower()


def test_pages_beside_it_name_it_to_who_may_see_it(hidden, people):
    other = Client()
    other.force_login(people.editor, backend="portal.people.backends.PersonBackend")
    beside = {"component": "needed", "system": "user", "group": "owned", "user": "owned"}[hidden.reference.kind]
    assert NAME in other.get(f"/services/{beside}/").content.decode().lower()


def test_no_suggestion_and_no_search_names_a_hidden_record(hidden, client):
    kinds = ",".join(KINDS)
    # What one asked for is said again; the rest of the page has no more of it than was asked.
    for asked in (f"/search/references/?kinds={kinds}&q=zanz", f"/search/references/?kinds={kinds}"):
        assert NAME not in client.get(asked).content.decode().lower()
    for asked in ("/search/?q=zanz", "/search/palette/?q=zanz", "/search/?q=user", "/search/?q=owned"):
        assert NAME not in client.get(asked).content.decode().lower(), asked


def test_a_hidden_record_takes_no_place_among_the_results(hidden, people):
    asked, entry = words.query(NAME), (hidden._meta.label_lower, hidden.pk)
    assert entry not in find._ranked(people.administrator, NAME, asked)
    assert entry in find._ranked(people.editor, NAME, asked)


def test_a_wrong_address_suggests_no_hidden_record(hidden, client):
    collection = collection_of(hidden)
    for key in ("zanzibaar", "zanziba", "zanz"):
        response = client.get(collection.record_url(key))
        assert response.status_code == 404
        assert NAME not in response.content.decode().lower().replace("zanzibaar", "")


def test_a_hidden_record_is_not_to_be_told_from_one_that_there_is_not(hidden, client):
    collection, key = collection_of(hidden), collection_of(hidden).key_of(hidden)
    there = client.get(collection.record_url(key))
    nothing = client.get(collection.record_url("nothing-there"))
    assert there.status_code == nothing.status_code == 404
    assert client.get(f"/references/{hidden.reference.kind}:default:{NAME}/").status_code == 404
    assert client.get(f"/api/v1/references/{hidden.reference.canonical}/").status_code == 404


def test_my_work_names_no_hidden_record(hidden, client):
    assert _leaks(client, iter(["/"])) == []


def test_navigation_counts_no_collection_of_which_something_may_be_hidden(hidden, client):
    items = [item for group in client.get("/help/").context["frame"]["navigation"] for item in group["items"]]
    ruled = {each.title for each in collections() if each.has_row_rule}
    assert {collection_of(hidden).title, "Loose ends"} <= ruled
    assert [item["label"] for item in items if item["label"] in ruled and item.get("count")] == []


def test_what_nobody_answers_for_is_not_taken_by_who_may_not_see_it(hidden, client, people):
    if not isinstance(hidden, Entity):
        pytest.skip("Only entities are taken.")
    assert client.get(f"/catalog/take/{hidden.pk}/").status_code == 404
    assert Reference.objects.get(pk=hidden.reference_id).label == NAME
