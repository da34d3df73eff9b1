"""Behind a proxy, people are told apart by the address that the proxy notes."""

import os
import subprocess
import sys

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
SERVERS = {"DATABASE_URL": "postgresql://db.example/x", "REDIS_URL": "redis://r.example", "SECRET_KEY": "x" * 50}


def proxies_trusted(**environment: str) -> str:
    settings = "from portal import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BEHIND_", "PROXY_"))}
    found = subprocess.run(
        [sys.executable, "-c", settings],
        env={**kept, **SERVERS, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or found.stderr


@pytest.mark.parametrize(
    ("environment", "count"),
    [
        ({}, "0"),
        ({"BEHIND_PROXY": "1"}, "1"),
        ({"BEHIND_PROXY": "1", "PROXY_COUNT": "2"}, "2"),
        ({"PROXY_COUNT": "2"}, "0"),
    ],
)
def test_proxies_are_trusted_only_where_there_is_one(environment, count):
    assert proxies_trusted(**environment) == count


def test_guesses_from_one_address_lock_nobody_else_out(settings, people):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = int(proxies_trusted(BEHIND_PROXY="1"))

    def sign_in(address: str, password: str) -> int:
        sent = {"login": people.reader.email if password != "guess" else "x@larkspur.example", "password": password}
        # What the client says itself comes first; the proxy adds the last entry.
        client = Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"192.0.2.1, {address}"})
        return client.post("/accounts/login/", sent).status_code

    assert 429 in {sign_in("203.0.113.7", "guess") for _ in range(35)}
    assert sign_in("203.0.113.8", "correct horse") == 302
