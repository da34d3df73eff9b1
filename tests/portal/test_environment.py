"""A wrong setting is told in one line: its name, what is wrong, what is expected; no password is repeated."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.environment import POSTGRESQL, REDIS, Environment, port_number

PROJECT = Path(__file__).resolve().parents[2]
env = Environment()
WRONG = [
    ("DATABASE_URL", "mysql://a:hush@h/b", lambda name: env.server(name, POSTGRESQL, "postgresql://…"), "“mysql:”"),
    ("DATABASE_URL", "nonsense", lambda name: env.server(name, POSTGRESQL, "postgresql://…"), "it is no address"),
    (
        "DATABASE_URL",
        "postgresql://a:hush@h:99999/b",
        lambda name: env.server(name, POSTGRESQL, "…"),
        "Port out of range",
    ),
    ("DATABASE_URL", "postgresql://a:hush@h", lambda name: env.server(name, POSTGRESQL, "…"), "it names no database"),
    ("REDIS_URL", "http://:hush@h/0", lambda name: env.server(name, REDIS, "redis://…"), "“http:”"),
    ("TIME_ZONE", "Mars/X", env.zone, "there is no time zone “Mars/X”"),
    ("TIME_ZONE", "../etc/passwd", env.zone, "there is no time zone"),
    ("STORAGES", "{bad", env.records, "it is no JSON"),
    ("STORAGES", '["hush"]', env.records, "it is no JSON object of objects"),
    ("LOG_LEVEL", "LOUD", env.level, "there is no level “LOUD”"),
    ("EMAIL_URL", "zzz:hush", env.mail, "it is no address of a mail server"),
    ("API_RATE", "lots", lambda name: env.rate(name, default="1/s"), "“lots” is no number of requests"),
    ("API_RATE", "0/min", lambda name: env.rate(name, default="1/s"), "“0/min”"),
    ("HSTS_SECONDS", "x", lambda name: env.number(name, default=0), "“x” is no number"),
    ("PROXY_COUNT", "9" * 5000, lambda name: env.number(name, default=1), "is no number from 0 to"),
    ("DEMO", "perhaps", lambda name: env.flag(name, default=False), "“perhaps” is neither yes nor no"),
    ("SECRET_KEY", "hush", env.secret_key, "it has 4 characters"),
]


@pytest.mark.parametrize(("name", "value", "read", "problem"), WRONG, ids=[f"{each[0]}={each[1]}" for each in WRONG])
def test_a_wrong_setting_is_named_with_what_is_expected(monkeypatch, name, value, read, problem):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read(name)
    said = str(refused.value)
    assert said.startswith(f"{name}: ")
    assert problem in said
    assert "Expected: " in said
    assert "\n" not in said
    assert "hush" not in said


@pytest.mark.parametrize("port", ["abc", "0", "80800", "-1", ""])
def test_what_is_no_port_is_told_as_one(port):
    with pytest.raises(ImproperlyConfigured, match=f"PORT: “{port}” is no port"):
        port_number(port)


def test_right_settings_are_taken(monkeypatch):
    right = {"DATABASE_URL": "postgresql:///portal?host=/run/postgresql", "API_RATE": "10/hour", "DEMO": "Yes",
             "LOG_LEVEL": "debug", "SECRET_KEY": "x" * 50}  # fmt: skip
    for name, value in right.items():
        monkeypatch.setenv(name, value)
    assert env.server("DATABASE_URL", POSTGRESQL, "") == right["DATABASE_URL"]
    assert (env.rate("API_RATE", default=""), env.flag("DEMO", default=False)) == ("10/hour", True)
    assert (env.level("LOG_LEVEL"), env.secret_key("SECRET_KEY")) == ("DEBUG", "x" * 50)
    assert (env.server("REDIS_URL_UNSET", REDIS, ""), env.records("STORAGES_UNSET")) == ("", {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL: it begins with “mysql:”."),
        ({"DELIVERY_TIMEOUT_S": "10s"}, "DELIVERY_TIMEOUT_S: “10s” is no number from 1 to 600."),
        ({"DELIVERY_KEEP_DAYS": "-1"}, "DELIVERY_KEEP_DAYS: “-1” is no number from 1 to 36,500."),
        ({"DATABASE_URL": "postgresql://a@127.0.0.1:1/b", "REDIS_URL": "redis://127.0.0.1:1/0"},
         "DATABASE_URL: the database does not answer"),
    ],
)  # fmt: skip
def test_a_command_says_in_one_line_which_setting_leads_nowhere(given, said):
    environment = {**os.environ, "SECRET_KEY": "x" * 50, **given}
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
