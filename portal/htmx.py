"""Whether a request wants a part of the page or the page. Nobody else reads htmx headers."""

from typing import Any

from django.http import HttpRequest


def wants_partial(request: HttpRequest) -> bool:
    """A request by htmx that is neither a boosted link nor the browser's history being restored."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted and not htmx.history_restore_request)
