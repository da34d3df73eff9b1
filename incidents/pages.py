"""What the pages of incidents share: loading one with permission, the page of one act as a form, its refusals."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.collections import INCIDENTS
from incidents.models import Incident
from portal.crumbs import crumbs_of


def load_incident(request: HttpRequest, key: str, act: str) -> Incident:
    """The incident, where the reader may see it and may ``act`` (note, change): 404 and 403 otherwise."""
    user: Any = request.user
    rows = INCIDENTS.visible(user).select_related("status", "severity", "reference")
    incident = rows.filter(INCIDENTS.key_condition(key)).first()
    if incident is None:
        raise Http404
    if not user.has_perm(f"incidents.{act}_incident", incident):
        raise PermissionDenied(
            f"You may not change {incident.name}. Its owner, whoever has a role in it and whoever declared it may."
        )
    return incident


def act_page(
    request: HttpRequest, incident: Incident, form: Any, title: str, *, status: int = 200,
    template: str = "incidents/act.html", **more: Any,
) -> HttpResponse:  # fmt: skip
    """One act on an incident as a form of its own; ``title`` is what its button says."""
    address = INCIDENTS.url_of(incident)
    context = {
        "incident": incident, "form": form, "title": title, "cancel_url": address,
        "crumbs": crumbs_of(INCIDENTS, (incident.name, address), (title, request.path)), **more,
    }  # fmt: skip
    return render(request, template, context, status=status)
