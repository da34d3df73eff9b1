"""``manage.py dbshell`` reaches the database that the portal uses, also by its socket."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

pytestmark = pytest.mark.django_db


def _shell(*parameters: str) -> tuple[list[str], dict[str, str] | None]:
    return DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, list(parameters))


def _host_of_the_connection() -> str:
    connection.ensure_connection()
    return str(connection.connection.info.host)


def test_dbshell_names_the_host_that_the_portal_is_connected_to():
    arguments, _ = _shell()
    assert arguments[arguments.index("-h") + 1] == _host_of_the_connection()


@pytest.mark.skipif(not settings.EMBEDDED, reason="The database of DATABASE_URL may have no socket.")
def test_the_host_of_the_embedded_server_is_the_directory_of_its_socket():
    assert (Path(_host_of_the_connection()) / f".s.PGSQL.{connection.connection.info.port}").is_socket()


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed.")
def test_psql_answers_from_the_database_of_the_portal():
    arguments, environment = _shell("-At", "-c", "SELECT current_database()")
    answer = subprocess.run(arguments, env=os.environ | (environment or {}), capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == connection.settings_dict["NAME"]
