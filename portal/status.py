"""Whether the portal lives, and whether it can answer. No sign-in: machines ask."""

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.frame import FRESH_KEY


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database and cache answer too; otherwise 503 (portal.middleware)."""
    _ask_servers()
    return JsonResponse({"database": "ok", "cache": "ok"})


@login_not_required
@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """The same for people, and since when data are refreshed."""
    _ask_servers()
    crumbs = [{"label": "Status", "url": request.path}]
    return render(request, "portal/status.html", {"refreshed": cache.get(FRESH_KEY), "crumbs": crumbs})


def _ask_servers() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.get("ready")
