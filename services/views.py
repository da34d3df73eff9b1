"""Acts on the catalog that are not editing a record."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.collections import collection_of, known_to
from portal.crumbs import crumbs_of
from portal.declared import declared_fields
from portal.references.models import Reference
from services import actions
from services.models import Entity
from services.ownership import nobody_answers


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take on something that nobody answers for, for a team of one's own."""
    reader: Any = request.user
    known = known_to(reader, Entity.objects.all(), "reference")
    entity = get_object_or_404(known.select_related("reference", "owner"), pk=pk)
    if not reader.team_ids or not nobody_answers(entity):
        raise PermissionDenied(f"{entity} has an owner, or you are in no team that could take it.")
    if declared := declared_fields(entity).get("owner"):
        raise PermissionDenied(f"Its owner is declared in {declared.text}. Name your team there.")
    collection = collection_of(entity)
    assert collection is not None  # noqa: S101  entities of every kind have one
    teams = Reference.objects.filter(pk__in=reader.team_ids).order_by("label")
    if request.method == "POST":
        chosen = request.POST.get("team", "")
        team = get_object_or_404(teams, pk=chosen if chosen.isdecimal() and len(chosen) < 19 else 0)
        actions.update_entity(by=reader, record=entity, values={"owner": team}, version=entity.version)
        messages.success(request, f"{team} owns {entity} now.")
        return redirect(collection.url_of(entity))
    crumbs = crumbs_of(collection, (str(entity), collection.url_of(entity)), ("Take it", request.path))
    return render(request, "services/take.html", {"entity": entity, "teams": teams, "crumbs": crumbs})
