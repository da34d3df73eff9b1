"""API tokens: made once, kept as a hash, limited in what and how long, and turned away with the reason."""

import datetime as dt
import hashlib
import re

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from portal.people.models import ApiToken, ServiceAccount, User
from portal.people.tokens import make_token
from tests.factories import make_entity

pytestmark = pytest.mark.django_db


def bearer(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def new_key(client: Client, address: str, **sent: str) -> str:
    """Make a token on a page and return the key that the answer shows."""
    response = client.post(address, {"name": "laptop", "scope": "write", "days": "30", **sent})
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    found = re.search(r"gw_[\w-]{43}", response.content.decode())
    assert found
    return found[0]


def test_the_key_is_shown_once_and_kept_only_as_a_hash(sign_in, people):
    client = sign_in(people.reader)
    key = new_key(client, "/profile/tokens/")
    assert not any(key in str(session.get_decoded()) for session in Session.objects.all())
    again = client.get("/profile/").content.decode()
    assert key not in again
    assert f"{key[:8]}…" in again
    token = ApiToken.objects.get()
    assert token.digest == hashlib.sha256(key.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM people_apitoken t")
        assert key[8:] not in cursor.fetchone()[0]
    assert bearer(key).get("/api/v1/services/").status_code == 200


def test_the_key_of_a_machine_is_shown_once_to_its_team(sign_in, people):
    address = f"/service-accounts/{people.service_account.pk}/"
    client = sign_in(people.editor)
    key = new_key(client, f"{address}-/tokens/")
    for page in ("/profile/", address):
        assert key not in client.get(page).content.decode()
    assert bearer(key).get("/api/v1/services/").status_code == 200


def test_what_the_tokens_of_a_machine_are_called_is_for_its_team(sign_in, people):
    token, _ = make_token(holder=people.service_account, name="nightly-export", scopes=["read"])
    address = f"/service-accounts/{people.service_account.pk}/"
    told = {who: sign_in(getattr(people, who)).get(address).content.decode() for who in ("editor", "stranger")}
    assert [(token.prefix in page, "nightly-export" in page) for page in told.values()] == [
        (True, True),
        (False, False),
    ]
    assert "It has 1 token." in told["stranger"]


def test_a_token_to_read_cannot_write_whatever_its_holder_may(api, people):
    make_entity("checkout-api", owner=people.team)
    client = api(people.administrator, "read")
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    assert client.get("/api/v1/services/checkout-api/").status_code == 200
    answers = [
        client.patch("/api/v1/services/checkout-api/", {"tier": 1}, **anyway),
        client.post("/api/v1/services/", {"name": "new"}, format="json"),
        client.delete("/api/v1/services/checkout-api/", **anyway),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert answers[0].json()["error"] == "This token may only read. Make one with the scope “write”."


def test_a_token_to_write_may_do_what_its_holder_may_and_no_more(api, people):
    make_entity("checkout-api", owner=people.team)
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    address = "/api/v1/services/checkout-api/"
    assert api(people.editor).patch(address, {"tier": 1}, **anyway).status_code == 200
    assert api(people.reader).patch(address, {"tier": 2}, **anyway).status_code == 403


def test_an_expired_token_is_turned_away_with_the_day(people):
    expires = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
    _, key = make_token(holder=people.reader, name="laptop", scopes=["read"], expires_at=expires)
    with time_machine.travel(expires - dt.timedelta(seconds=1), tick=False):
        assert bearer(key).get("/api/v1/services/").status_code == 200
    with time_machine.travel(expires, tick=False):
        response = bearer(key).get("/api/v1/services/")
    assert response.status_code == 401
    assert response.json() == {"error": "The token “laptop” expired on 31 Jan 2026."}
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_made_on_the_profile_lives_as_long_as_was_chosen(sign_in, people):
    new_key(sign_in(people.reader), "/profile/tokens/", days="90")
    token = ApiToken.objects.get()
    assert abs(token.expires_at - timezone.now() - dt.timedelta(days=90)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "sent", [{"name": ""}, {"scope": "admin"}, {"days": "9999"}, {"days": "-1"}, {"days": "zebra"}, {"name": "x" * 101}]
)
def test_a_token_that_asks_for_what_there_is_not_is_not_made(sign_in, people, sent):
    response = sign_in(people.reader).post(
        "/profile/tokens/", {"name": "laptop", "scope": "read", "days": "30", **sent}
    )
    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_turned_away_with_the_day(sign_in, people):
    client = sign_in(people.reader)
    key = new_key(client, "/profile/tokens/")
    token = ApiToken.objects.get()
    client.post(f"/profile/tokens/{token.pk}/revoke/")
    assert "laptop" not in re.sub(
        r"(?s)<form.*?</form>|Revoked laptop[^<]*", "", client.get("/profile/").content.decode()
    )
    response = bearer(key).get("/api/v1/services/")
    assert (response.status_code, response.json()["error"]) == (
        401,
        f"The token “laptop” was revoked on {timezone.now():%-d %b %Y}.",
    )


@pytest.mark.parametrize(
    "header", ["Bearer gw_nonsense", "Bearer ", "Bearer", "Bearer a b c", "bearer \xff", "Bearer é"]
)
def test_a_key_that_is_not_ours_is_turned_away(client, header):
    response = client.get("/api/v1/services/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json()["error"] == "There is no such token. Make one under Profile, Tokens."


@pytest.mark.parametrize("header", ["", "Basic dXNlcjpwYXNz", "Token gw_x"])
def test_without_a_key_the_api_says_what_it_wants(client, header):
    response = client.get("/api/v1/services/", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["error"]


def test_the_last_use_is_noted_at_most_once_a_minute(people):
    token, key = make_token(holder=people.reader, name="laptop", scopes=["read"])
    client, start = bearer(key), dt.datetime(2026, 5, 5, 12, 0, tzinfo=dt.UTC)
    uses = []
    for seconds in (0, 59, 61):
        with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
            client.get("/api/v1/services/")
        token.refresh_from_db()
        uses.append((token.last_used_at - start).total_seconds())
    assert uses == [0, 0, 61]


def test_a_login_or_machine_that_is_closed_has_no_key_that_works(people):
    _, mine = make_token(holder=people.reader, name="laptop", scopes=["read"])
    _, machines = make_token(holder=people.service_account, name="ci", scopes=["read"])
    User.objects.filter(pk=people.reader.pk).update(is_active=False)
    ServiceAccount.objects.filter(pk=people.service_account.pk).update(is_active=False)
    for key in (mine, machines):
        response = bearer(key).get("/api/v1/services/")
        assert response.status_code == 401
        assert response.json()["error"] == "This token belongs to an account that is no longer active."


def test_two_keys_are_never_alike(people):
    keys = {make_token(holder=people.reader, name="x", scopes=["read"])[1] for _ in range(50)}
    assert len(keys) == 50
    assert {len(key) for key in keys} == {46}


def test_a_token_belongs_to_a_person_or_to_a_machine(people):
    values = {"name": "x", "prefix": "gw_", "scopes": ["read"]}
    for holders in ({}, {"user": people.reader, "service_account": people.service_account}):
        with pytest.raises(IntegrityError, match="token_has_one_holder"), transaction.atomic():
            ApiToken.objects.create(digest="0" * 64, **values, **holders)
