"""Servers and databases of the benchmarks: in DATA_DIR/bench, apart from anybody's data."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.figures import say
from portal.embedded import server_urls

PROJECT = Path(__file__).resolve().parent.parent
SMALL, LARGE = 10_000, 100_000
EMPTY = 0


def data_dir() -> Path:
    return Path(os.environ.get("BENCH_DATA_DIR", PROJECT / ".data" / "bench"))


def database_name(size: int) -> str:
    return f"bench_{size}"


def environment(size: int) -> dict[str, str]:
    """What a process needs to work on the database of this size; its servers run as long as this process does."""
    database_url, redis_url = server_urls(data_dir())
    url = urlunsplit(urlsplit(database_url)._replace(path=f"/{database_name(size)}"))
    # Redis has sixteen databases: sessions and counts of one size must not be those of another.
    number = {EMPTY: 1, SMALL: 2, LARGE: 3}[size]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(data_dir()),
        "DATABASE_URL": url,
        "REDIS_URL": f"{redis_url.rpartition('/')[0]}/{number}",
        "SECRET_KEY": "only for measuring, on this machine, and long enough",
        "HTTPS": "0",
        "DEBUG": "0",
        "DEMO": "1",
        "API_RATE": "10000000/min",
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
    }


def prepare(size: int) -> None:
    """Bring the database of this size up to date, and load it if it is empty."""
    if _make_database(size):
        say(f"Making the database of {size:,} entities …")
    manage(size, "migrate", "--verbosity", "0")
    if size and not _is_loaded(size):
        manage(size, "demo", "--size", "large", "--entities", str(size))
        with psycopg.connect(environment(size)["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def drop(size: int) -> None:
    with _server() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database_name(size)}" WITH (FORCE)')


def manage(size: int, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=PROJECT, env=environment(size), check=True, stdout=sys.stderr
    )


def _server() -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(server_urls(data_dir())[0], autocommit=True)


def _make_database(size: int) -> bool:
    name = database_name(size)
    with _server() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(f'CREATE DATABASE "{name}"')
        return True


def _is_loaded(size: int) -> bool:
    with psycopg.connect(environment(size)["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM services_entity").fetchone()
        return bool(row and int(str(row[0])) >= size)
