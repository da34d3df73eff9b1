"""Making, changing and deleting records on their pages."""

import html
import re

import pytest

from portal.references.models import Reference, ReferenceAlias
from services import actions as services
from services import graph
from services.models import Document, Entity, Ownership, Source
from tests.factories import depend, make_entity, make_reference

pytestmark = pytest.mark.django_db

EDIT = "/services/checkout-api/edit/"
DELETE = "/services/checkout-api/delete/"


def texts_of(form_page) -> dict[str, str]:
    """What the form of a page would send if it were sent as it stands."""
    form = form_page.context["form"]
    return {name: str(form[name].value() if form[name].value() is not None else "") for name in form.fields}


def test_the_owners_change_what_they_own(sign_in, people):
    before = make_entity("checkout-api", owner=people.team).version
    client = sign_in(people.editor)
    sent = {**texts_of(client.get(EDIT)), "title": "Checkout", "tier": "0", "tags": "PCI, eu, pci"}
    response = client.post(EDIT, sent)
    assert (response.status_code, response.url) == (302, "/services/checkout-api/")
    entity = Entity.objects.get(name="checkout-api")
    assert (entity.title, entity.tier, entity.tags, entity.version) == ("Checkout", 0, ["pci", "eu"], before + 1)
    assert "Saved Checkout." in client.get(response.url).content.decode()


def test_saving_what_stands_there_changes_nothing(sign_in, people):
    make_entity(
        "checkout-api", owner=people.team, links=[{"url": "https://x.example/", "title": "Runbook"}], tags=["a"]
    )
    client = sign_in(people.editor)
    before = Entity.objects.filter(name="checkout-api").values().get()
    client.post(EDIT, texts_of(client.get(EDIT)))
    assert Entity.objects.filter(name="checkout-api").values().get() == before


def test_a_stale_save_is_a_409_with_both_texts_and_loses_neither(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team, description="The first text")
    client = sign_in(people.editor)
    mine = {**texts_of(client.get(EDIT)), "description": "My text", "tier": "2"}
    client.post(EDIT, {**texts_of(client.get(EDIT)), "description": "Their text"})
    response = client.post(EDIT, mine)
    page = html.unescape(response.content.decode())
    assert response.status_code == 409
    assert "Their text" in page
    assert "My text" in page
    entity.refresh_from_db()
    assert (entity.description, entity.tier) == ("Their text", None)
    rows = {row["name"]: (row["theirs"], row["yours"]) for row in response.context["fields"]}
    assert rows == {"description": ("Their text", "My text"), "tier": ("", "2")}
    assert response.context["by"] == "Editor"


def test_the_conflict_page_saves_what_was_chosen(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team, description="The first text", title="One")
    client = sign_in(people.editor)
    mine = {**texts_of(client.get(EDIT)), "description": "My text", "title": "Mine"}
    client.post(EDIT, {**texts_of(client.get(EDIT)), "description": "Their text", "title": "Theirs"})
    conflict = client.post(EDIT, mine).context
    chosen = {row["name"]: row["yours"] for row in (*conflict["fields"], *conflict["same"])}
    chosen |= {"title": "Theirs", "version": str(conflict["version"])}
    response = client.post(conflict["save_url"], chosen)
    assert response.status_code == 302
    entity.refresh_from_db()
    assert (entity.description, entity.title) == ("My text", "Theirs")


def test_a_conflict_asks_only_about_what_both_changed(sign_in, people):
    make_entity("checkout-api", owner=people.team, description="The first text")
    client = sign_in(people.editor)
    page = client.get(EDIT)
    began = {**texts_of(page), "base": page.context["base"]}
    client.post(EDIT, {**began, "description": "Their text", "title": "Theirs"})
    conflict = client.post(EDIT, {**began, "description": "My text", "tier": "2"})
    assert conflict.status_code == 409
    assert {row["name"] for row in conflict.context["fields"]} == {"description"}
    assert {row["name"]: row["kept"] for row in conflict.context["merged"]} == {"title": "Theirs", "tier": "2"}


@pytest.mark.parametrize("base", ["", "zebra", "[]", "null", "[" * 100_000, '{"title": {"a": 1}}'])
def test_a_form_that_does_not_say_what_it_began_with_asks_about_every_difference(sign_in, people, base):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    mine = {**texts_of(client.get(EDIT)), "title": "Mine", "base": base}
    client.post(EDIT, {**texts_of(client.get(EDIT)), "title": "Theirs"})
    conflict = client.post(EDIT, mine)
    assert conflict.status_code == 409
    assert [(row["theirs"], row["yours"]) for row in conflict.context["fields"]] == [("Theirs", "Mine")]


@pytest.mark.parametrize("version", ["", "zebra", "0", "99", "-1", "1" * 30])
def test_a_save_that_does_not_say_what_was_read_is_a_conflict(sign_in, people, version):
    make_entity("checkout-api", owner=people.team, title="Old")
    client = sign_in(people.editor)
    response = client.post(EDIT, {**texts_of(client.get(EDIT)), "title": "New", "version": version})
    assert response.status_code in {409, 422}
    assert Entity.objects.get(name="checkout-api").title == "Old"


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("tier", "5", "Take 4 or less"),
        ("tier", "high", "This is no whole number."),
        ("lifecycle", "dead", "“dead” is none of the choices."),
        ("owner", "chekout", "There is no team or person “chekout”. Did you mean checkout?"),
        ("owner", "a\x00b", "There is no team or person “ab”."),
        ("system", "group:default/checkout", "There is no system “group:default/checkout”."),
        ("links", "javascript:alert(1)", "“javascript:alert(1)” is no address a link may have. It begins with one of"),
        ("links", "https://", "“https://” is not a complete address."),
        ("name", "", "This is missing."),
        ("name", "two words", "“two words” cannot be a name. Use letters and digits, with - _ . between them"),
        ("name", "a/b", "“a/b” cannot be a name."),
        ("name", "x" * 64, "at most 63 characters"),
        ("title", "a\x00b", "Null characters are not allowed."),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_saved(sign_in, people, field, text, problem):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    before = Entity.objects.filter(name="checkout-api").values().get()
    response = client.post(EDIT, {**texts_of(client.get(EDIT)), "description": "Unsaved text", field: text})
    assert response.status_code == 422
    assert any(problem in error for error in response.context["form"].errors[field])
    page = html.unescape(response.content.decode())
    assert problem in page
    assert "Unsaved text" in page
    assert Entity.objects.filter(name="checkout-api").values().get() == before


def test_making_a_service_makes_its_reference_and_its_owner(sign_in, people):
    client = sign_in(people.editor)
    sent = {**texts_of(client.get("/services/-/new/")), "name": "Cart", "type": "service", "owner": "checkout"}
    response = client.post("/services/-/new/", sent)
    assert response.url == "/services/cart/"
    entity = Entity.objects.get(reference__canonical="component:default/cart")
    assert (entity.kind, entity.owner.canonical) == ("component", "group:default/checkout")
    assert Ownership.objects.get(entity=entity).owner == people.team.reference


def test_a_name_that_is_taken_is_refused_whatever_its_case(sign_in, people):
    make_entity("cart", owner=people.other)
    client = sign_in(people.editor)
    response = client.post("/services/-/new/", {"name": "CART", "type": "service", "owner": "checkout"})
    assert response.status_code == 422
    assert "There is a component “CART” already." in html.unescape(response.content.decode())
    assert Entity.objects.count() == 1


def test_a_service_of_another_team_is_not_for_oneself_to_make(sign_in, people):
    client = sign_in(people.editor)
    for owner in ("payments", ""):
        response = client.post("/services/-/new/", {"name": "cart", "type": "service", "owner": owner})
        assert response.status_code == 422
        assert "Choose a team of your own as the owner" in response.content.decode()
    assert not Entity.objects.exists()


def test_describing_a_loose_end_makes_what_points_at_it_whole(sign_in, people):
    loose = make_reference("component:default/cart")
    assert not loose.attached
    sign_in(people.editor).post("/services/-/new/", {"name": "cart", "type": "service", "owner": "checkout"})
    loose.refresh_from_db()
    assert loose.attached
    assert Entity.objects.get(name="cart").reference == loose


def test_a_renamed_service_is_found_under_both_names(sign_in, people):
    web = make_entity("web-store", owner=people.team)
    depend(web, make_entity("checkout-api", owner=people.team))
    client = sign_in(people.editor)
    response = client.post(EDIT, {**texts_of(client.get(EDIT)), "name": "checkout-gateway"})
    assert response.url == "/services/checkout-gateway/"
    assert client.get("/services/checkout-api/").url == "/services/checkout-gateway/"
    assert client.get("/services/checkout-gateway/").status_code == 200
    assert "checkout-gateway" in client.get("/services/web-store/").content.decode()
    assert ReferenceAlias.objects.get().canonical == "component:default/checkout-api"
    assert client.get("/search/?q=checkout-gateway").context["total"] == 1


def test_a_rename_onto_a_name_that_is_taken_is_refused(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    make_entity("cart", owner=people.team)
    client = sign_in(people.editor)
    response = client.post(EDIT, {**texts_of(client.get(EDIT)), "name": "cart"})
    assert response.status_code == 422
    assert Entity.objects.filter(name="checkout-api").exists()


def test_fields_that_the_form_does_not_have_are_not_written(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team)
    source = Source.objects.create(name="trusted", trusted=True)
    before = Entity.objects.filter(pk=entity.pk).values().get()
    client = sign_in(people.editor)
    forged = {"kind": "domain", "namespace": "other", "source": source.pk, "reference": people.team.reference_id,
              "id": 1, "custom": '{"a": 1}', "spec": "{}", "created_at": "2001-01-01"}  # fmt: skip
    client.post(EDIT, {**texts_of(client.get(EDIT)), **forged})
    assert Entity.objects.filter(pk=entity.pk).values().get() == before


def test_what_a_file_declares_is_shown_and_not_edited(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team, title="From the file")
    source = Source.objects.create(name="repos")
    Document.objects.create(
        source=source, file="checkout/catalog-info.yaml", number=0, status="accepted", reference=entity.reference,
        fields={"metadata.title": 5, "spec.owner": 12},
    )  # fmt: skip
    client = sign_in(people.editor)
    page = client.get(EDIT)
    assert "title" not in page.context["form"].fields
    assert [each["reason"] for each in page.context["readonly"]] == [
        "checkout/catalog-info.yaml, line 5", "checkout/catalog-info.yaml, line 12",
    ]  # fmt: skip
    client.post(EDIT, {**texts_of(page), "title": "Forged", "owner": "payments", "tier": "3"})
    entity.refresh_from_db()
    assert (entity.title, entity.owner, entity.tier) == ("From the file", people.team.reference, 3)


def test_deleting_leaves_what_pointed_there_pointing_at_a_loose_end(sign_in, people):
    web, api = make_entity("web-store", owner=people.team), make_entity("checkout-api", owner=people.team)
    depend(web, api)
    client = sign_in(people.editor)
    asked = client.get("/services/checkout-api/delete/")
    response = client.post("/services/checkout-api/delete/", {"version": asked.context["version"]})
    assert (response.status_code, response.url) == (302, "/services/")
    reference = Reference.objects.get(canonical="component:default/checkout-api")
    assert not reference.attached
    assert client.get("/services/checkout-api/").url == "/references/component:default:checkout-api/"
    assert "web-store" in client.get("/references/component:default:checkout-api/").content.decode()


def test_a_record_that_changed_meanwhile_is_deleted_only_after_saying_who_changed_it(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    client = sign_in(people.administrator)
    asked = client.get(DELETE)
    client.post(EDIT, {**texts_of(client.get(EDIT)), "title": "Changed"})
    client = sign_in(people.editor)
    response = client.post(DELETE, {"version": asked.context["version"]})
    page = html.unescape(response.content.decode())
    assert response.status_code == 409
    assert re.search(r"<strong>Administrator changed it meanwhile, <time datetime=", page)
    assert '<a href="/services/checkout-api/history/">See what changed</a>' in page
    assert f'action="{DELETE}"' in page
    assert Entity.objects.filter(name="checkout-api").exists()
    now = Entity.objects.get(name="checkout-api").version
    assert re.search(r'name="version" value="(\d+)"', page)[1] == str(now)
    assert client.post(DELETE, {"version": now}).url == "/services/"
    assert not Entity.objects.filter(name="checkout-api").exists()


def test_what_many_depend_on_is_deleted_only_by_typing_its_name(sign_in, people):
    database = make_entity("orders-db", kind="resource", owner=people.team)
    for _ in range(11):
        depend(make_entity(owner=people.other), database)
    graph.refresh_counts()
    client = sign_in(people.editor)
    page = client.get("/resources/orders-db/delete/")
    assert "11 that depend on it" in page.content.decode()
    sent = {"version": page.context["version"]}
    refused = client.post("/resources/orders-db/delete/", sent)
    assert refused.status_code == 422
    assert "Type orders-db to delete it: 11 things depend on it." in refused.content.decode()
    assert 'name="confirm"' in page.content.decode()
    client.post("/resources/orders-db/delete/", {**sent, "confirm": "orders-db"})
    assert not Entity.objects.filter(name="orders-db").exists()


def test_deleting_what_a_file_describes_says_that_the_next_import_makes_it_again(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team)
    client = sign_in(people.editor)
    assert "makes it again" not in client.get(DELETE).content.decode()
    source = Source.objects.create(name="repos")
    Document.objects.create(source=source, file="shop/catalog-info.yaml", number=0, status="accepted",
                            reference=entity.reference, fields={"metadata.name": 3})  # fmt: skip
    page = client.get(DELETE).content.decode()
    assert "shop/catalog-info.yaml" in page
    assert "makes it again" in page


def _taking(team, entity) -> dict[str, int]:
    return {"team": team.reference_id, "version": entity.version}


def test_what_nobody_owns_can_be_taken_by_a_team_of_ones_own(sign_in, people):
    entity = make_entity("orphan")
    client = sign_in(people.editor)
    page = client.get(f"/catalog/take/{entity.pk}/")
    assert [team.label for team in page.context["teams"]] == ["Checkout"]
    response = client.post(f"/catalog/take/{entity.pk}/", _taking(people.team, entity))
    assert response.url == "/services/orphan/"
    entity.refresh_from_db()
    assert entity.owner == people.team.reference


def test_taking_what_somebody_changed_meanwhile_says_so_and_offers_it_as_it_is_now(sign_in, people):
    entity = make_entity("orphan")
    client = sign_in(people.editor)
    client.get(f"/catalog/take/{entity.pk}/")
    services.update_entity(by=people.administrator, record=entity, values={"tier": 1})
    refused = client.post(f"/catalog/take/{entity.pk}/", _taking(people.team, entity))
    assert refused.status_code == 409
    assert "changed it meanwhile" in refused.content.decode()
    entity.refresh_from_db()
    assert entity.owner is None
    again = {"team": people.team.reference_id, "version": refused.context["version"]}
    assert client.post(f"/catalog/take/{entity.pk}/", again).url == "/services/orphan/"


def test_what_was_deleted_or_taken_at_the_same_moment_is_not_taken_and_no_fault(sign_in, people, monkeypatch):
    entity = make_entity("orphan")
    client = sign_in(people.editor)
    write = services.update_entity

    def after(change):
        def late(**given):
            change()
            return write(**given)

        monkeypatch.setattr("services.actions.update_entity", late)
        return client.post(f"/catalog/take/{entity.pk}/", _taking(people.team, entity))

    to_other = {"by": None, "record": entity, "values": {"owner": people.other.reference}}
    assert after(lambda: write(**to_other)).status_code == 403
    write(by=None, record=entity, values={"owner": None})
    entity.refresh_from_db()
    assert after(lambda: services.delete_entity(by=None, record=entity)).url == "/services/"


def test_only_who_can_take_it_is_offered_to_and_a_declared_owner_leads_to_its_document(sign_in, people):
    orphan = make_entity("orphan")
    offer = f"/catalog/take/{orphan.pk}/"
    assert offer in sign_in(people.reader).get("/services/orphan/").content.decode()
    assert offer not in sign_in(people.administrator).get("/services/orphan/").content.decode()
    source = Source.objects.create(name="repos")
    document = Document.objects.create(source=source, file="a.yaml", number=0, status="accepted",
                                       reference=orphan.reference, fields={"spec.owner": 7})  # fmt: skip
    page = sign_in(people.reader).get("/services/orphan/").content.decode()
    assert offer not in page
    assert f'href="/documents/{document.pk}/">Open its document' in page
    assert "a.yaml, line 7 names its owner: change it there." in page
    assert sign_in(people.reader).get(offer).status_code == 403


@pytest.mark.parametrize("team", ["", "zebra", "0", "9" * 30])
def test_taking_something_for_a_team_that_is_not_there_is_a_404(sign_in, people, team):
    entity = make_entity("orphan")
    assert sign_in(people.editor).post(f"/catalog/take/{entity.pk}/", {"team": team}).status_code == 404
    entity.refresh_from_db()
    assert entity.owner is None


def test_taking_something_for_another_team_is_refused(sign_in, people):
    entity = make_entity("orphan")
    response = sign_in(people.editor).post(f"/catalog/take/{entity.pk}/", {"team": people.other.reference_id})
    assert response.status_code == 404
    entity.refresh_from_db()
    assert entity.owner is None
