"""People come, sign in, change teams and leave; the first administrator; the demo company's doors."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models.functions import Upper
from django.test import Client
from django.utils import timezone

from portal.people import actions
from portal.people.models import Membership, Person, Role, User
from portal.people.setup import new_key
from portal.people.tokens import make_token
from tests.factories import make_entity, make_person, make_team, make_user

pytestmark = pytest.mark.django_db


# Leaving


def test_who_leaves_loses_memberships_login_and_tokens(sign_in, people, client):
    token, key = make_token(holder=people.editor, name="laptop", scopes=["read"])
    theirs = Client()
    theirs.force_login(people.editor, backend="portal.people.backends.PersonBackend")
    assert theirs.get("/profile/").status_code == 200
    response = sign_in(people.administrator).post("/people/editor/-/deactivate/", {"left_at": "2026-11-20"})
    assert response.url == "/people/editor/"
    person = Person.objects.get(name="editor")
    assert (person.is_active, person.left_at) == (False, dt.date(2026, 11, 20))
    membership = Membership.objects.get(person=person.reference)
    assert membership.effective_to == max(dt.date(2026, 11, 20), membership.effective_from)
    assert not User.objects.get(person=person).is_active
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert theirs.get("/profile/").url == "/accounts/login/?next=/profile/"
    answer = Client(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/services/")
    assert answer.status_code == 401
    assert "was revoked" in answer.json()["error"]


def test_who_has_left_does_not_sign_in(client, people):
    actions.deactivate_person(by=None, person=people.editor.person)
    sent = {"login": people.editor.email, "password": "correct horse"}
    response = client.post("/accounts/login/", sent, follow=True)
    assert not response.context["user"].is_authenticated


def test_what_somebody_owned_who_left_is_work_for_the_administrators(sign_in, people):
    make_entity("orphan-to-be", owner=people.editor.person, tier=1)
    client = sign_in(people.administrator)
    assert "orphan-to-be" not in str(client.get("/").context["waiting"])
    client.post("/people/editor/-/deactivate/", {"left_at": "2026-11-20"})
    waiting = {each.title: each.note for each in client.get("/").context["waiting"]}
    assert waiting["Find an owner for orphan-to-be"] == "Editor has left"
    page = client.get("/people/editor/").content.decode()
    assert "orphan-to-be" in page
    assert "Left 20 Nov 2026" in page
    assert "Editor has left" in client.get("/services/orphan-to-be/").content.decode()


def test_who_has_left_is_listed_only_when_asked_for(sign_in, people):
    actions.deactivate_person(by=None, person=people.editor.person)
    client = sign_in(people.reader)
    assert "/people/editor/" not in client.get("/people/").content.decode()
    assert "/people/editor/" in client.get("/people/?is_active=false").content.decode()


def test_a_membership_that_would_end_later_ends_with_the_last_day(people):
    person = make_person("temporary")
    membership = actions.join_team(by=None, person=person.reference, team=people.team.reference,
                                   effective_from=dt.date(2026, 1, 1))  # fmt: skip
    actions.leave_team(by=None, membership=membership, effective_to=dt.date(2099, 1, 1))
    actions.deactivate_person(by=None, person=person, left_at=dt.date(2026, 11, 20))
    membership.refresh_from_db()
    assert membership.effective_to == dt.date(2026, 11, 20)


def test_who_comes_back_is_given_teams_and_login_anew(sign_in, people):
    _, key = make_token(holder=people.editor, name="laptop", scopes=["read"])
    client = sign_in(people.administrator)
    client.post("/people/editor/-/deactivate/", {"left_at": "2026-11-20"})
    client.post("/people/editor/-/reactivate/")
    person = Person.objects.get(name="editor")
    assert (person.is_active, person.left_at) == (True, None)
    assert not User.objects.get(person=person).is_active
    assert not Membership.objects.current().filter(person=person.reference).exists()
    assert Client(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/services/").status_code == 401


def test_the_last_administrator_neither_leaves_nor_steps_down(sign_in, api, people):
    client = sign_in(people.administrator)
    page = client.post("/people/administrator/-/deactivate/", {"left_at": "2026-11-20"}, follow=True)
    assert "is the last administrator. Make somebody else administrator first." in page.content.decode()
    address, anyway = f"/api/v1/users/{people.administrator.pk}/", {"format": "json", "headers": {"If-Match": "*"}}
    for change in ({"role": "reader"}, {"is_active": False}):
        response = api(people.administrator).patch(address, change, **anyway)
        assert response.status_code == 422
        assert "This is the last administrator." in response.json()["error"]
    people.administrator.refresh_from_db()
    assert (people.administrator.role, people.administrator.is_active) == (Role.ADMINISTRATOR, True)
    assert Person.objects.get(name="administrator").is_active


def test_with_a_second_administrator_the_first_may_leave(sign_in, people):
    make_user("second", role=Role.ADMINISTRATOR)
    sign_in(people.administrator).post("/people/administrator/-/deactivate/", {"left_at": "2026-11-20"})
    assert not Person.objects.get(name="administrator").is_active


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30"])
def test_a_last_day_that_is_no_day_changes_nothing(sign_in, people, day):
    client = sign_in(people.administrator)
    page = client.post("/people/editor/-/deactivate/", {"left_at": day}, follow=True)
    assert "Last day: " in page.content.decode()
    assert Person.objects.get(name="editor").is_active


# Teams


def test_members_are_added_and_ended_on_the_page_of_the_team(sign_in, people):
    client = sign_in(people.editor)
    client.post("/teams/checkout/-/members/", {"person": "stranger", "role": "lead"})
    membership = Membership.objects.get(person=people.stranger.person.reference)
    assert (membership.team, membership.role, membership.trusted) == (people.team.reference, "lead", True)
    again = client.post("/teams/checkout/-/members/", {"person": "stranger", "role": "member"}, follow=True)
    assert "This person is in this team already." in again.content.decode()
    client.post(f"/teams/checkout/-/members/{membership.pk}/end/")
    membership.refresh_from_db()
    assert membership.effective_to == timezone.localdate()
    assert not Membership.objects.current().filter(pk=membership.pk).exists()


def test_somebody_who_is_not_there_is_not_added(sign_in, people):
    client = sign_in(people.editor)
    page = client.post("/teams/checkout/-/members/", {"person": "strangr", "role": "member"}, follow=True)
    assert "There is no person “strangr”. Did you mean stranger?" in page.content.decode()
    assert Membership.objects.filter(team=people.team.reference).count() == 1


def test_a_membership_holds_from_its_first_day_until_the_day_before_its_last(people):
    person = make_person("visitor")
    actions.join_team(by=None, person=person.reference, team=people.team.reference, effective_from=dt.date(2026, 3, 1))
    membership = Membership.objects.get(person=person.reference)
    actions.leave_team(by=None, membership=membership, effective_to=dt.date(2026, 3, 10))
    holds = {}
    for day in (dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2026, 3, 9), dt.date(2026, 3, 10)):
        with time_machine.travel(dt.datetime.combine(day, dt.time(12), dt.UTC), tick=False):
            holds[day.isoformat()] = Membership.objects.current().filter(pk=membership.pk).exists()
    assert holds == {"2026-02-28": False, "2026-03-01": True, "2026-03-09": True, "2026-03-10": False}


def test_the_profile_names_ones_teams(sign_in, people):
    page = sign_in(people.editor).get("/profile/").content.decode()
    assert "Checkout" in page
    assert "Payments" not in page


def test_a_team_page_names_members_parent_and_children(sign_in, people):
    make_team("checkout-web", parent=people.team.reference)
    page = sign_in(people.reader).get("/teams/checkout/").content.decode()
    assert '/people/editor/"' in page
    assert '/teams/checkout-web/"' in page
    assert '/teams/checkout/"' in sign_in(people.reader).get("/teams/checkout-web/").content.decode()


# Preferences


def test_preferences_are_kept_and_used(sign_in, people):
    client = sign_in(people.reader)
    sent = {"theme": "dark", "density": "compact", "time_zone": "Asia/Tokyo", "single_keys": "on"}
    assert client.post("/profile/preferences/", sent).url == "/profile/"
    people.reader.refresh_from_db()
    kept = (people.reader.theme, people.reader.density, people.reader.time_zone, people.reader.single_keys)
    assert kept == ("dark", "compact", "Asia/Tokyo", True)
    assert "dark" in client.get("/help/").content.decode().partition("<head")[0]


@pytest.mark.parametrize(
    "change",
    [
        {"theme": "pink"},
        {"density": "dense"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": "localtime"},
    ],
)
def test_a_preference_that_there_is_not_is_refused(sign_in, people, change):
    sent = {"theme": "dark", "density": "compact", "time_zone": "UTC", **change}
    assert sign_in(people.reader).post("/profile/preferences/", sent).status_code == 422
    people.reader.refresh_from_db()
    assert (people.reader.theme, people.reader.time_zone) == ("auto", "")


def test_the_theme_changes_from_the_menu_and_one_stays_on_the_page(sign_in, people):
    client = sign_in(people.reader)
    assert client.post("/profile/theme/", {"theme": "light", "next": "/services/?tier=1"}).url == "/services/?tier=1"
    people.reader.refresh_from_db()
    assert people.reader.theme == "light"
    refused = client.post("/profile/theme/", {"theme": "pink"})
    assert (refused.status_code, refused.content.decode()) == (
        422,
        "There is no such theme. There are: auto, light, dark.",
    )


# Signing in


def test_sign_in_and_out(client, people):
    wrong = client.post("/accounts/login/", {"login": people.reader.email, "password": "wrong"})
    assert wrong.status_code == 200
    assert client.get("/").status_code == 302
    client.post("/accounts/login/", {"login": people.reader.email.upper(), "password": "correct horse"})
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").url == "/accounts/login/?next=/"


def test_an_address_is_one_login_however_it_is_typed(api, people):
    client = api(people.administrator)
    made = client.post("/api/v1/users/", {"email": "Jo.Berg@Larkspur.example", "role": "reader"}, format="json")
    assert (made.status_code, made.json()["email"]) == (201, "jo.berg@larkspur.example")
    again = client.post("/api/v1/users/", {"email": "jo.BERG@larkspur.example", "role": "reader"}, format="json")
    assert again.status_code == 422
    assert (
        User.objects.get(email="JO.berg@larkspur.example").pk
        == User.objects.get_by_natural_key("jo.Berg@larkspur.example").pk
    )
    with pytest.raises(IntegrityError, match="login_email_is_lower_case"), transaction.atomic():
        User.objects.update(email=Upper("email"))


def test_guessing_passwords_is_stopped(client, people):
    for _ in range(10):
        client.post("/accounts/login/", {"login": people.reader.email, "password": "wrong"})
    response = client.post("/accounts/login/", {"login": people.reader.email, "password": "correct horse"})
    assert response.status_code in {200, 429}
    assert client.get("/").status_code == 302


def test_asking_for_a_new_password_tells_nobody_who_has_a_login(client, people, mailoutbox):
    answers = [client.post("/accounts/password/reset/", {"email": email}) for email in
               (people.reader.email, "nobody@larkspur.example")]  # fmt: skip
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/accounts/password/reset/done/")}


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_login_with_a_new_address_opens_by_its_former_one_no_more(api, people, mailoutbox, door):
    """Asking for a link notes the address beside the login, which is where signing in looks first."""
    user, former = people.reader, people.reader.email
    Client().post("/accounts/password/reset/", {"email": former})
    assert [mail.to for mail in mailoutbox] == [[former]]
    given = {"email": "new@larkspur.example", "person": "reader", "role": "reader", "is_active": "on"}
    if door == "page":
        administrator = Client()
        administrator.force_login(people.administrator, backend="portal.people.backends.PersonBackend")
        saved = administrator.post(f"/users/{user.pk}/edit/", {**given, "version": user.version})
    else:
        anyway = {"format": "json", "headers": {"If-Match": "*"}}
        saved = api(people.administrator).patch(f"/api/v1/users/{user.pk}/", {"email": given["email"]}, **anyway)
    assert saved.status_code in {200, 302}
    for address, opens in ((former, 302), (given["email"], 200)):
        client = Client()
        client.post("/accounts/login/", {"login": address, "password": "correct horse"})
        assert client.get("/").status_code == opens
        client.post("/accounts/password/reset/", {"email": address})
    assert [mail.to for mail in mailoutbox[1:] if "/password/reset/key/" in mail.body] == [[given["email"]]]


# The first administrator


FIRST = {"email": "ada@larkspur.example", "password": "a long enough sentence"}


def test_the_first_administrator_is_made_by_a_link_that_works_once(client):
    key = new_key()
    address = f"/accounts/first/{key}/"
    assert client.get(address).status_code == 200
    assert client.post(address, FIRST).url == "/"
    user = User.objects.get()
    assert (user.email, user.role) == ("ada@larkspur.example", Role.ADMINISTRATOR)
    assert client.get("/").status_code == 200
    other = Client()
    assert other.get(address).status_code == 404
    assert other.post(address, {**FIRST, "email": "mallory@larkspur.example"}).status_code == 404
    assert new_key() is None
    assert User.objects.count() == 1


def test_a_wrong_or_old_link_makes_nobody(client):
    key = new_key()
    assert client.post("/accounts/first/guessed/", FIRST).status_code == 404
    newer = new_key()
    assert client.post(f"/accounts/first/{key}/", FIRST).status_code == 404
    cache.clear()
    response = client.post(f"/accounts/first/{newer}/", FIRST)
    assert response.status_code == 404
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "change", [{"email": "ada"}, {"password": "short"}, {"password": "password"}, {"password": ""}]
)
def test_the_first_administrator_is_told_what_does_not_fit(client, change):
    address = f"/accounts/first/{new_key()}/"
    assert client.post(address, {**FIRST, **change}).status_code == 422
    assert not User.objects.exists()
    assert client.post(address, FIRST).url == "/"


# The doors of the demo company


LOCAL = {"Host": "localhost"}


@pytest.fixture
def sofia(db) -> User:
    return User.objects.create_user("sofia.marchetti@larkspur.example", role=Role.ADMINISTRATOR)


def test_a_demo_person_signs_in_with_one_click(settings, sofia):
    settings.DEMO = True
    client = Client(headers=LOCAL)
    assert "sofia.marchetti@larkspur.example" in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/demo/", {"email": sofia.email}).url == "/"
    assert client.get("/").context["user"] == sofia


@pytest.mark.parametrize(
    ("demo", "address", "host"),
    [
        (False, "127.0.0.1", "testserver"),
        (False, "127.0.0.1", "localhost"),
        (True, "10.0.0.7", "localhost"),
        (True, "127.0.0.1", "portal.larkspur.example"),
        (True, "::ffff:10.0.0.7", "localhost"),
    ],
)
def test_there_is_no_demo_sign_in_elsewhere(settings, sofia, demo, address, host):
    settings.DEMO, settings.ALLOWED_HOSTS = demo, ["*"]
    client = Client(REMOTE_ADDR=address, headers={"Host": host})
    assert "sofia.marchetti" not in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/demo/", {"email": sofia.email}).status_code == 404
    assert client.get("/").status_code == 302


def test_a_proxy_on_this_machine_opens_the_demo_sign_in_to_nobody(settings, sofia):
    """nginx with nothing but proxy_pass asks from 127.0.0.1 for 127.0.0.1, whoever sits before it."""
    settings.DEMO = True

    def signs_in(**headers: str) -> bool:
        client = Client(headers=LOCAL | headers)
        is_offered = "sofia.marchetti" in client.get("/accounts/login/").content.decode()
        is_let_in = client.post("/accounts/demo/", {"email": sofia.email}).status_code == 302
        assert is_offered == is_let_in
        return is_let_in

    assert signs_in()
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via"):
        assert not signs_in(**{header: "192.0.2.7"}), header
    settings.BEHIND_PROXY = True
    assert not signs_in()


@pytest.mark.parametrize("email", ["administrator@larkspur.example", "", "a\x00b", "nobody@larkspur.example"])
def test_only_the_demo_people_sign_in_with_one_click(settings, people, email):
    settings.DEMO = True
    client = Client(headers=LOCAL)
    assert client.post("/accounts/demo/", {"email": email}).status_code == 404
    assert client.get("/").status_code == 302
