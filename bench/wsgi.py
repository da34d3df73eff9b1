"""The portal with the floors beside it below ``/-floor/``, for measuring both in the same server process."""

from collections.abc import Callable, Iterable
from typing import Any

from portal.wsgi import application as portal


def _floors() -> dict[str, Any]:
    """Models can be imported only now that the portal's application has set Django up."""
    from bench import site
    from bench.api_page import BareList
    from bench.list_page import bare_view

    return {"/-floor/list/": site.BareHandler(bare_view()), "/-floor/api/": site.BareHandler(BareList.as_view())}


FLOORS = _floors()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return FLOORS.get(environ["PATH_INFO"], portal)(environ, start_response)
