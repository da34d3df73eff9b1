"""Middleware of our own: a page for when a server is gone, and the reader's time zone."""

import zoneinfo
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from portal.kept import to_send_again
from portal.people.models import time_zones
from portal.refusals import is_for_machines

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
# The browser says in it where its clock is (assets/js/zone.js).
ZONE_COOKIE = "zone"

# Codes of PostgreSQL: the connection failed, the server is going down or coming up …
_CONNECTION_LOST = ("08", "57P")
# … two writers each waited for the other, or one read what the other changed: one of them was undone.
_COLLIDED = ("40P01", "40001")


def explain_gone(request: HttpRequest, problem: BaseException | None) -> HttpResponse | None:
    """503 with a page that says which server does not answer, and that loads itself anew until it does, or offers to
    send a form again; None where the problem is another one."""
    server = _server_gone(problem)
    if not server:
        return None
    log.error("server_gone", server=server, problem=str(problem))
    message = f"The {server} does not answer. Nothing you saved is lost."
    if is_for_machines(request):
        return JsonResponse({"error": message}, status=503, headers={"Retry-After": "5"})
    again = to_send_again(request)
    page = render_to_string("503.html", {"server": server, "message": message, "again": again})
    return HttpResponse(page, status=503, headers={"Retry-After": "5"})


def _server_gone(problem: BaseException | None) -> str:
    """Which server is gone, if that is the problem. The driver gives no code where it could not ask the database."""
    if isinstance(problem, RedisConnectionError | RedisTimeoutError):
        return "cache and queue server"
    code = _code(problem)
    return "database" if code == "" or (code and code.startswith(_CONNECTION_LOST)) else ""


def _code(problem: BaseException | None) -> str | None:
    """PostgreSQL's code of what it could not do: empty where there is none, None where the problem is another one."""
    if not isinstance(problem, OperationalError | InterfaceError):
        return None
    return getattr(problem.__cause__, "sqlstate", None) or ""


def explain_collision(request: HttpRequest, problem: BaseException | None) -> HttpResponse | None:
    """409 with the advice to send it again, where the database undid one of two writes that got in each other's way."""
    if _code(problem) not in _COLLIDED:
        return None
    log.warning("writes_collided", problem=str(problem))
    message = "Somebody else wrote the same at this very moment, so nothing of yours was saved. Send it again."
    if is_for_machines(request):
        return JsonResponse({"error": message}, status=409, headers={"Retry-After": "1"})
    return HttpResponse(render_to_string("collided.html", {"message": message}), status=409)


class ServersGone:
    """Explain the failure of a view. What fails before a view is found comes to portal.frame_pages.server_error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        return explain_gone(request, problem) or explain_collision(request, problem)


def servers_gone(get_response: Handler) -> ServersGone:
    return ServersGone(get_response)


def reader_time_zone(get_response: Handler) -> Handler:
    """Show and read times in the zone of the reader's profile; where it names none, in that of the browser."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = _zone_of(request)
        with timezone.override(zoneinfo.ZoneInfo(name) if name else None):
            return get_response(request)

    return middleware


def _zone_of(request: HttpRequest) -> str:
    """The name of a zone, or nothing for that of the organisation: of machines, and of browsers that name none."""
    if not request.user.is_authenticated or not hasattr(request.user, "time_zone"):
        return ""
    said = request.COOKIES.get(ZONE_COOKIE, "")
    return request.user.time_zone or (said if said in time_zones() else "")
