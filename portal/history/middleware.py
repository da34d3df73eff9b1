"""Who changes something, and from where, as history keeps it."""

from collections.abc import Callable
from typing import Any

import pghistory
from django.http import HttpRequest, HttpResponse
from pghistory import config

from portal.refusals import is_for_machines


class HistoryMiddleware:
    """Notes user, address and origin (page or API) of every change made by a request.

    A page is opened by its user; the API notes its token's holder when it has authenticated it (portal.people.tokens).
    pghistory's own middleware takes whatever becomes ``request.user`` for a user: it would blame the changes of a
    service account on the user with the same number.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in config.middleware_methods():
            return self.get_response(request)
        with pghistory.context(**self._context(request)):
            return self.get_response(request)

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        origin = "API" if is_for_machines(request) else "page"
        return {"user": request.user.pk, "url": request.path, "origin": origin}
