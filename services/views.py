"""Acts on the catalog that are not editing a record."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.actions import Conflict, Deleted
from portal.collections import Collection, collection_of, known_to
from portal.crumbs import crumbs_of
from portal.declared import declared_fields
from portal.references.models import Reference
from portal.saving import changed_meanwhile, version_of
from services import actions
from services.access import can_take
from services.models import Entity


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take on something that nobody answers for, for a team of one's own."""
    reader: Any = request.user
    known = known_to(reader, Entity.objects.all(), "reference")
    entity = get_object_or_404(known.select_related("reference", "owner"), pk=pk)
    _require_take(reader, entity)
    collection = collection_of(entity)
    assert collection is not None  # noqa: S101  entities of every kind have one
    teams = Reference.objects.filter(pk__in=reader.team_ids).exclude(team__is_active=False).order_by("label")
    if request.method == "POST":
        return _take(request, collection, entity, teams)
    return _take_page(request, collection, entity, teams, {"version": entity.version})


def _require_take(reader: Any, entity: Any) -> None:
    if can_take(reader, entity):
        return
    if declared := declared_fields(entity).get("owner"):
        raise PermissionDenied(f"Its owner is declared in {declared.text}. Name your team there.")
    raise PermissionDenied(f"{entity} has an owner, or you are in no team that could take it.")


def _take(request: HttpRequest, collection: Collection, entity: Entity, teams: Any) -> HttpResponse:
    chosen = request.POST.get("team", "")
    team = get_object_or_404(teams, pk=chosen if chosen.isdecimal() and len(chosen) < 19 else 0)
    version = version_of(request, entity)
    try:
        actions.update_entity(by=request.user, record=entity, values={"owner": team}, version=version)
    except Deleted as gone:
        messages.warning(request, str(gone))
        return redirect(collection.url)
    except Conflict as conflict:
        _require_take(request.user, conflict.current)
        context = {**changed_meanwhile(conflict), "chosen": team}
        return _take_page(request, collection, entity, teams, context, status=409)
    messages.success(request, f"{team} owns {entity} now.")
    return redirect(collection.url_of(entity))


def _take_page(
    request: HttpRequest, collection: Collection, entity: Entity, teams: Any, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    address = collection.url_of(entity)
    crumbs = crumbs_of(collection, (str(entity), address), ("Take it", request.path))
    context = {"entity": entity, "teams": teams, "crumbs": crumbs, "cancel_url": address, **more}
    return render(request, "services/take.html", context, status=status)
