"""The portal in this process, asked as a web server asks it: the whole WSGI application, every middleware, no network.

Floors are asked in the same way, but without any middleware: a bare Django handler.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest, HttpResponseBase
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from bench.places import database_name
from portal.people.models import Role, User
from portal.people.tokens import make_token

BACKEND = "portal.people.backends.PersonBackend"
_databases: dict[int, DatabaseWrapper] = {}


@contextmanager
def entities(size: int) -> Iterator[None]:
    """Within this block the database is the one of this size."""
    before = connections["default"]
    if size not in _databases:
        _databases[size] = DatabaseWrapper({**before.settings_dict, "NAME": database_name(size)}, "default")
    connections["default"] = _databases[size]
    try:
        yield
    finally:
        connections["default"] = before


def ask(
    application: Any, address: str, body: bytes | None = None, **headers: str
) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
    """Send a request to a WSGI application, a POST of JSON if it has a body; the answer's body is still to be read."""
    parts = urlsplit(address)
    answer: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body or b"")),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    pieces = application(environ, lambda status, found, exc_info=None: answer.extend((status, found)))
    return answer[0], answer[1], pieces


def read(application: Any, address: str, **headers: str) -> bytes:
    """The body of an answer, which must be 200."""
    return _whole(200, address, *ask(application, address, **headers))


def post(application: Any, address: str, body: bytes, **headers: str) -> bytes:
    """The body of the answer to a POST, which must be 201."""
    return _whole(201, address, *ask(application, address, body, **headers))


def _whole(expected: int, address: str, status: str, headers: list[tuple[str, str]], pieces: Iterable[bytes]) -> bytes:
    whole = b"".join(pieces)
    getattr(pieces, "close", bool)()
    require(expected, address, status, whole)
    return whole


def require(expected: int, address: str, status: str, body: bytes = b"") -> None:
    """Another answer than the one that is measured is no figure."""
    if not status.startswith(str(expected)):
        raise RuntimeError(f"{address} answered {status}: {body[:500]!r}")


def portal() -> WSGIHandler:
    return WSGIHandler()


class BareHandler(WSGIHandler):
    """One view of Django, and nothing around it: no middleware, no look-up of addresses."""

    def __init__(self, view: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.view = view
        with override_settings(MIDDLEWARE=[]):
            super().__init__()

    def resolve_request(self, request: HttpRequest) -> Any:
        return self.view, (), {}


def sign_in(role: str = Role.READER) -> dict[str, str]:
    """Headers of somebody in this role; by default of one who reads, in a team and without further rights."""
    user = User.objects.filter(role=role, is_active=True).exclude(person=None).order_by("pk")[0]
    client = Client()
    client.force_login(user, backend=BACKEND)
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def token(role: str = Role.READER) -> dict[str, str]:
    """Headers of a program with a token of somebody in this role."""
    user = User.objects.filter(role=role, is_active=True).order_by("pk")[0]
    _, key = make_token(holder=user, name="benchmark", scopes=["read", "write"])
    return {"authorization": f"Bearer {key}"}


def count_queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)
