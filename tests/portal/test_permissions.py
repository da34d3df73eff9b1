"""What is refused: other teams' records, other sites' forms, other sites' addresses, other people's rights."""

import pytest
from django.test import Client

from portal.people import actions
from portal.people.models import Membership, Role, ServiceAccount, Team, User
from portal.people.tokens import make_token
from services.models import Entity
from tests import factories
from tests.factories import make_entity, token_for

pytestmark = pytest.mark.django_db


def everything(model):
    return list(model.objects.order_by("pk").values())


@pytest.mark.parametrize("who", ["stranger", "reader", "product_manager"])
def test_a_service_of_another_team_is_not_edited_by_its_address(sign_in, people, who):
    make_entity("checkout-api", owner=people.team)
    before = everything(Entity)
    client = sign_in(getattr(people, who))
    for act, sent in (
        ("edit/", {"name": "checkout-api", "title": "Mine", "version": "1"}),
        ("delete/", {"version": "1"}),
    ):
        response = client.post(f"/services/checkout-api/{act}", sent)
        assert response.status_code == 403
        assert "it belongs to another team" in response.content.decode()
    assert everything(Entity) == before


def test_a_service_of_another_team_is_not_edited_by_any_of_its_names(api, people):
    entity = make_entity("checkout-api", owner=people.team)
    before = everything(Entity)
    client = api(people.reader)
    names = ("checkout-api", "default:checkout-api", "component:default/checkout-api", str(entity.reference.uid))
    for collection in ("services", "entities"):
        for name in names:
            address = f"/api/v1/{collection}/{name}/"
            for act in (client.patch, client.delete):
                response = act(address, {"title": "Mine"}, format="json", headers={"If-Match": "*"})
                assert response.status_code in {403, 405}, f"{address} {response.status_code}"
    assert everything(Entity) == before


def test_a_service_account_writes_what_its_team_owns_and_nothing_else(api, people):
    make_entity("checkout-api", owner=people.team)
    make_entity("payments-api", owner=people.other)
    client = api(people.service_account)
    anyway = {"headers": {"If-Match": "*"}, "format": "json"}
    assert client.patch("/api/v1/services/checkout-api/", {"tier": 1}, **anyway).status_code == 200
    assert client.patch("/api/v1/services/payments-api/", {"tier": 1}, **anyway).status_code == 403
    assert Entity.objects.get(name="payments-api").tier is None


def test_a_machine_of_one_team_does_not_move_into_another(api, people):
    client = api(people.editor)
    address = f"/api/v1/service-accounts/{people.service_account.pk}/"
    response = client.patch(address, {"team": "payments"}, format="json", headers={"If-Match": "*"})
    assert response.status_code == 422
    assert response.json()["error"] == "team: You are not in Payments. Choose a team of your own."
    response = client.post("/api/v1/service-accounts/", {"name": "spy", "team": "payments"}, format="json")
    assert response.status_code == 422
    assert list(ServiceAccount.objects.values_list("team", flat=True)) == [people.team.reference_id]


def test_nobody_makes_themselves_administrator(api, sign_in, people):
    make_entity("checkout-api", owner=people.team)
    for who in (people.editor, people.product_manager, people.service_account):
        client = api(who)
        for address in ("/api/v1/users/", f"/api/v1/users/{people.editor.pk}/"):
            assert client.get(address).status_code == 404
            assert client.patch(address, {"role": "administrator"}, format="json").status_code in {404, 405}
    page = sign_in(people.editor).post(
        "/profile/preferences/",
        {"theme": "dark", "density": "normal", "time_zone": "UTC", "role": "administrator", "is_active": "1"},
    )
    assert page.status_code == 302
    assert set(User.objects.filter(role=Role.ADMINISTRATOR)) == {people.administrator}
    people.editor.refresh_from_db()
    assert people.editor.theme == "dark"


@pytest.mark.parametrize(
    "name", ["version", "source", "kind", "namespace", "reference", "id", "custom", "spec", "document"]
)
def test_a_field_that_may_not_be_written_is_refused_by_the_api(api, people, name):
    make_entity("checkout-api", owner=people.team)
    before = everything(Entity)
    client = api(people.editor)
    response = client.patch("/api/v1/services/checkout-api/", {name: 1}, format="json", headers={"If-Match": "*"})
    assert response.status_code == 422
    assert f"{name}: cannot be written here. These can: name, title, description" in response.json()["error"]
    assert everything(Entity) == before


def test_a_membership_of_untrusted_origin_gives_no_rights(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    reference = people.stranger.person.reference
    actions.join_team(by=None, person=reference, team=people.team.reference, trusted=False)
    assert sign_in(people.stranger).get("/services/checkout-api/edit/").status_code == 403


def test_a_membership_that_has_ended_gives_no_rights(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    membership = Membership.objects.get(person=people.editor.person.reference)
    actions.leave_team(by=None, membership=membership)
    assert sign_in(people.editor).get("/services/checkout-api/edit/").status_code == 403


def test_a_person_may_edit_what_they_own_themselves(sign_in, people):
    make_entity("side-project", owner=people.stranger.person)
    assert sign_in(people.stranger).get("/services/side-project/edit/").status_code == 200
    assert sign_in(people.reader).get("/services/side-project/edit/").status_code == 403


# Forms of other sites


POSTS = [
    "/services/-/new/", "/services/checkout-api/edit/", "/services/checkout-api/delete/", "/profile/theme/",
    "/profile/tokens/", "/people/reader/-/deactivate/", "/teams/checkout/-/members/", "/accounts/logout/",
]  # fmt: skip


@pytest.mark.parametrize("address", POSTS)
def test_a_form_without_our_token_is_refused_in_words(people, address):
    make_entity("checkout-api", owner=people.team)
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.administrator, backend="portal.people.backends.PersonBackend")
    response = client.post(address, {"version": "1", "theme": "dark"})
    assert response.status_code == 403
    assert "<h1>" in response.content.decode()
    assert Entity.objects.count() == 1
    people.administrator.refresh_from_db()
    assert people.administrator.theme == "auto"


def test_the_api_takes_a_session_only_with_the_token_of_its_pages(people):
    make_entity("checkout-api", owner=people.team)
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.administrator, backend="portal.people.backends.PersonBackend")
    address = "/api/v1/services/checkout-api/"
    assert client.get(address).status_code == 200
    response = client.patch(address, {"tier": 1}, content_type="application/json", headers={"If-Match": "*"})
    assert response.status_code == 403
    assert "CSRF" in response.json()["error"]
    token = client.get("/services/checkout-api/edit/").cookies["csrftoken"].value
    headers = {"If-Match": "*", "X-CSRFToken": token}
    assert client.patch(address, {"tier": 1}, content_type="application/json", headers=headers).status_code == 200


def test_the_sign_in_form_needs_its_token_too(people):
    sent = {"login": people.reader.email, "password": "correct horse"}
    assert Client(enforce_csrf_checks=True).post("/accounts/login/", sent).status_code == 403


# Addresses of other sites


ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example", "javascript:alert(1)",
             "http://testserver@evil.example/", "https://testserver.evil.example/"]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_sign_in_leads_to_no_other_site(client, people, address):
    sent = {"login": people.reader.email, "password": "correct horse", "next": address}
    response = client.post("/accounts/login/", sent)
    assert (response.status_code, response.url) == (302, "/")


def test_sign_in_leads_back_to_the_page_that_was_asked_for(client, people):
    make_entity("checkout-api")
    response = client.get("/services/checkout-api/?x=1")
    assert response.url == "/accounts/login/?next=/services/checkout-api/%3Fx%3D1"
    sent = {"login": people.reader.email, "password": "correct horse", "next": "/services/checkout-api/?x=1"}
    assert client.post("/accounts/login/", sent).url == "/services/checkout-api/?x=1"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_changing_the_theme_leads_to_no_other_site(sign_in, people, address):
    client = sign_in(people.reader)
    assert client.post("/profile/theme/", {"theme": "dark", "next": address}).url == "/"
    assert client.post("/profile/theme/", {"theme": "dark"}, headers={"Referer": address}).url == "/"


def test_a_filter_form_leads_to_no_other_site(sign_in, people):
    client = sign_in(people.reader)
    response = client.get("/services/", {"filter.field": "//evil.example", "filter.op": "x", "filter.value": "//evil"})
    assert response.url.startswith("/services/?")


# What one may do with people and teams


def test_the_members_of_a_team_change_it_and_nobody_else(sign_in, people):
    sent = {"name": "checkout", "title": "Checkout!", "type": "team", "version": people.team.version}
    assert sign_in(people.reader).post("/teams/checkout/edit/", sent).status_code == 403
    assert sign_in(people.editor).post("/teams/checkout/edit/", sent).status_code == 302
    assert Team.objects.get(name="checkout").title == "Checkout!"


def test_a_membership_is_ended_only_through_its_own_team(sign_in, people):
    foreign = Membership.objects.get(person=people.reader.person.reference)
    response = sign_in(people.editor).post(f"/teams/checkout/-/members/{foreign.pk}/end/")
    assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.effective_to is None


def test_a_token_is_revoked_only_by_its_holder(sign_in, people):
    token, _ = make_token(holder=people.editor, name="laptop", scopes=["read"])
    machine, _ = make_token(holder=people.service_account, name="ci", scopes=["read"])
    client = sign_in(people.administrator)
    assert client.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    assert client.post(f"/profile/tokens/{machine.pk}/revoke/").status_code == 404
    other = factories.make_service_account(people.other)
    assert client.post(f"/service-accounts/{other.pk}/-/tokens/{machine.pk}/revoke/").status_code == 404
    for each in (token, machine):
        each.refresh_from_db()
        assert each.revoked_at is None


def test_a_token_of_a_machine_opens_no_page(people):
    client = Client(headers={"Authorization": f"Bearer {token_for(people.service_account)}"})
    assert client.get("/services/").url == "/accounts/login/?next=/services/"
