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

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

_GONE: dict[type[Exception], str] = {
    OperationalError: "database",
    InterfaceError: "database",
    RedisConnectionError: "cache and queue server",
    RedisTimeoutError: "cache and queue server",
}


def explain_gone(request: HttpRequest, problem: BaseException | None) -> HttpResponse | None:
    """503 with a page that says which server does not answer, and that loads itself anew until it does, or offers to
    send a form again; None where the problem is another one."""
    server = next((name for kind, name in _GONE.items() if isinstance(problem, kind)), "")
    if not server:
        return None
    log.error("server_gone", server=server, problem=str(problem))
    message = f"The {server} does not answer. Nothing you saved is lost."
    if request.path.startswith("/api/"):
        return JsonResponse({"error": message}, status=503, headers={"Retry-After": "5"})
    again = to_send_again(request)
    page = render_to_string("503.html", {"server": server, "message": message, "again": again})
    return HttpResponse(page, status=503, headers={"Retry-After": "5"})


class ServersGone:
    """Explain the failure of a view. What fails before a view is found comes to portal.views.server_error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        return explain_gone(request, problem)


def servers_gone(get_response: Handler) -> ServersGone:
    return ServersGone(get_response)


def reader_time_zone(get_response: Handler) -> Handler:
    """Show and read times in the zone of the reader's profile."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
        with timezone.override(zoneinfo.ZoneInfo(name) if name else None):
            return get_response(request)

    return middleware
