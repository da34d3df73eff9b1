"""Files of incidents in the browser: taking them, giving them out inert, and what is known of one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_safe

from incidents.collections import INCIDENTS
from incidents.models import Upload
from incidents.pages import load_incident
from incidents.uploads.keeping import keep
from incidents.uploads.keeping import withdraw as take_away
from portal.crumbs import crumbs_of
from portal.people.entering import acts

# Whatever a browser makes of a file, it runs nothing, loads nothing, and is no part of this site.
INERT = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}


@acts("record", "incidents")
def upload_new(request: HttpRequest, key: str) -> HttpResponse:
    """Take one file. A script that asks for JSON is told the address and what shows it in Markdown; a browser is led to
    the page of the file."""
    incident = load_incident(request, key, "note")
    wants_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        upload = keep(by=request.user, incident=incident, files=request.FILES.getlist("file")[:1])[0]
    except ValidationError as problem:
        if wants_json:
            return JsonResponse({"error": " ".join(problem.messages)}, status=422)
        messages.error(request, " ".join(problem.messages))
        return redirect(INCIDENTS.url_of(incident))
    if wants_json:
        return JsonResponse(_told(upload), status=201)
    return redirect("upload-about", uid=upload.uid)


def _told(upload: Upload) -> dict[str, Any]:
    return {
        "uid": str(upload.uid), "name": upload.name, "size": upload.size, "url": upload.url,
        "markdown": upload.markdown, "is_picture": upload.is_picture,
    }  # fmt: skip


@require_safe
def upload(request: HttpRequest, uid: str) -> HttpResponseBase:
    """A picture, drawn anew; any other file comes down."""
    found = _there(request, uid)
    return _picture(request, found, found.shown) if found.is_picture else _attachment(request, found)


@require_safe
def upload_small(request: HttpRequest, uid: str) -> HttpResponseBase:
    """A picture, small."""
    found = _there(request, uid)
    if not found.is_picture:
        raise Http404(f"{found.name} is no picture.")
    return _picture(request, found, found.small)


@require_safe
def upload_original(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The file as it came, to be kept and never to be opened here."""
    return _attachment(request, _there(request, uid))


@require_safe
def upload_about(request: HttpRequest, uid: str) -> HttpResponse:
    """What is known of a file, and the way to withdraw it."""
    found = _visible(request, uid)
    address = INCIDENTS.url_of(found.incident)
    context = {
        "upload": found, "incident": found.incident, "incident_url": address,
        "may_withdraw": _may_withdraw(request, found),
        "events": found.events.filter(superseded_by=None, withdrawn=False).order_by("happened_at"),
        "crumbs": crumbs_of(INCIDENTS, (found.incident.name, address), (found.name, request.path)),
    }  # fmt: skip
    return render(request, "incidents/upload_about.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def upload_withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    """Take a file away, which leaves its row."""
    found = _visible(request, uid)
    if request.method != "POST":
        return redirect("upload-about", uid=found.uid)
    if not _may_withdraw(request, found):
        raise PermissionDenied(f"You may not withdraw {found.name}. Who added it and who runs the incident may.")
    take_away(by=request.user, upload=found)
    messages.success(request, f"{found.name} is withdrawn.")
    return redirect("upload-about", uid=found.uid)


def _may_withdraw(request: HttpRequest, found: Upload) -> bool:
    user: Any = request.user
    is_there = found.withdrawn_at is None
    return is_there and (found.by_id == user.pk or user.has_perm("incidents.change_incident", found.incident))


def _visible(request: HttpRequest, uid: str) -> Upload:
    rows = Upload.objects.visible(request.user).select_related(
        "incident__reference", "by__person", "withdrawn_by__person"
    )
    found = rows.filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such file.")
    return found


def _there(request: HttpRequest, uid: str) -> Upload:
    found = _visible(request, uid)
    if found.withdrawn_at is not None:
        raise Http404(f"{found.name} was withdrawn on {found.withdrawn_at:%-d %b %Y}.")
    return found


def _picture(request: HttpRequest, found: Upload, file: Any) -> HttpResponseBase:
    return _inert(request, found, file, content_type=found.shown_type, as_attachment=False)


def _attachment(request: HttpRequest, found: Upload) -> HttpResponseBase:
    return _inert(request, found, found.original, content_type="application/octet-stream", as_attachment=True)


def _inert(request: HttpRequest, found: Upload, file: Any, **how: Any) -> HttpResponseBase:
    """The bytes of one of its files, which never change, or 304 where the browser has them."""
    etag = f'"{found.sha256[:32]}-{file.field.name}"'
    if known := get_conditional_response(request, etag=etag):
        return known
    try:
        content = file.open("rb")
    except FileNotFoundError:
        raise Http404(f"The portal has lost the bytes of {found.name}. Ask its administrator for the backup.") from None
    return FileResponse(content, filename=found.name, headers={**INERT, "ETag": etag}, **how)
