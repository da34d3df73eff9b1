"""Who changes something, and from where, as history keeps it."""

from typing import Any

import pghistory.middleware
from django.http import HttpRequest


class HistoryMiddleware(pghistory.middleware.HistoryMiddleware):
    """Notes user and origin (page or API) of every change made by a request.

    A page sets the user when it is signed in; the API notes its token's holder when it has authenticated it.
    """

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        origin = "API" if request.path.startswith("/api/") else "page"
        return {**super().get_context(request), "origin": origin}
