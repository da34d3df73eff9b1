"""The frame's own pages: help, and what is shown when something went wrong."""

import sys
import uuid

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.collections import get_collection
from portal.documents import DOCUMENTS, read_document
from portal.middleware import explain_collision, explain_gone
from portal.refusals import is_for_machines
from portal.search.find import suggestions
from portal.wording import reason_of

log = structlog.get_logger(__name__)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    crumbs = [{"label": "Help", "url": request.path}]
    return render(request, "portal/help.html", {"crumbs": crumbs, "documents": DOCUMENTS})


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    """One of the documents for readers."""
    try:
        found = read_document(name)
    except KeyError:
        raise Http404(f"There is no document “{name}”.") from None
    crumbs = [{"label": "Help", "url": reverse("help")}, {"label": found.title, "url": request.path}]
    return render(request, "portal/document.html", {"document": found, "crumbs": crumbs})


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_machines(request):
        return JsonResponse({"error": reason_of(exception)}, status=400)
    return render(request, "400.html", {"reason": reason_of(exception)}, status=400)


@login_not_required
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_machines(request):
        return JsonResponse({"error": str(exception)[:300]}, status=403)
    return render(request, "403.html", {"reason": str(exception)[:300]}, status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is near the last word of the address, for those who may search."""
    if is_for_machines(request):
        return JsonResponse({"error": reason_of(exception)}, status=404)
    word = request.path.rstrip("/").rpartition("/")[2]
    among = get_collection(request.path.strip("/").partition("/")[0])
    found = suggestions(request.user, word, among) if request.user.is_authenticated else []
    return render(request, "404.html", {"suggestions": found, "word": word}, status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """The page of a fault of ours, or of a server that is gone. A fault's id is in the log beside the traceback."""
    problem = sys.exc_info()[1]
    if explained := explain_gone(request, problem) or explain_collision(request, problem):
        return explained
    error_id = uuid.uuid4().hex[:12]
    log.error("server_error", error_id=error_id, path=request.path)
    if is_for_machines(request):
        message = f"Something broke in the portal; it is not your fault. Tell whoever runs it this number: {error_id}"
        return JsonResponse({"error": message}, status=500)
    return HttpResponse(render_to_string("500.html", {"error_id": error_id}), status=500)
