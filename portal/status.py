"""Whether the portal lives, and whether it can answer. No sign-in: machines ask."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.figures import read_figures
from portal.frame import FRESH_KEY

# Beat sends, and a worker notes it, every 30 seconds.
LATE_AFTER_S = 120


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database and cache answer; otherwise 503 (portal.middleware).

    Pages work without worker and beat, so those do not make it unready; it says how they are, and how much waits:
    ``{"database", "cache", "worker": "ok" | "late" | "not seen", "figures": {name: number}}``.
    """
    _ask_servers()
    found: dict[str, Any] = {each.key: each.value for each in read_figures(only_readiness=True) if _is_told(each.name)}
    return JsonResponse({"database": "ok", "cache": "ok", "worker": _worker(), "figures": found})


@login_not_required
@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """The same for people, and since when data are refreshed."""
    _ask_servers()
    crumbs = [{"label": "Status of the portal", "url": request.path}]
    return render(request, "portal/status.html", {"refreshed": cache.get(FRESH_KEY), "crumbs": crumbs})


def _ask_servers() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("ready")


def _is_told(name: str) -> bool:
    return not name.startswith("figures_")


def _worker() -> str:
    seen = cache.get(FRESH_KEY)
    if seen is None:
        return "not seen"
    return "ok" if (timezone.now() - seen).total_seconds() <= LATE_AFTER_S else "late"
