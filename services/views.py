"""Pages of the catalog beside those that every collection has: taking something on, and what lies around something."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.actions import Conflict, Deleted
from portal.collections import Collection, collection_of, known_to
from portal.crumbs import crumbs_of
from portal.declared import declared_fields
from portal.exports import guarded
from portal.references.models import Reference
from portal.saving import changed_meanwhile, version_of
from services import actions
from services.access import can_take
from services.around import LISTS, Rows
from services.forms import DependencyForm
from services.models import Entity, Relation
from services.relations import DEPENDENCIES, add_dependency, remove_dependency


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take on something that nobody answers for, for a team of one's own."""
    reader: Any = request.user
    entity, collection = _load(reader, pk)
    _require_take(reader, entity)
    teams = Reference.objects.filter(pk__in=reader.team_ids).exclude(team__is_active=False).order_by("label")
    if request.method == "POST":
        return _take(request, collection, entity, teams)
    return _take_page(request, collection, entity, teams, {"version": entity.version})


def _load(reader: Any, pk: int) -> tuple[Entity, Collection]:
    known = known_to(reader, Entity.objects.all(), "reference")
    entity = get_object_or_404(known.select_related("reference", "owner"), pk=pk)
    collection = collection_of(entity)
    assert collection is not None  # noqa: S101  entities of every kind have one
    return entity, collection


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
        context = {**changed_meanwhile(conflict, request.user), "chosen": team}
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


def _load_to_change(request: HttpRequest, pk: int) -> tuple[Entity, Collection, str]:
    """The entity, its collection and the tab its dependencies are on; for who may change it, or looks only."""
    entity, collection = _load(request.user, pk)
    reader: Any = request.user
    if request.method == "POST" and not reader.has_perm("services.change_entity", entity):
        raise PermissionDenied(f"You may not change {entity}. Its owner may, and administrators.")
    return entity, collection, f"{collection.url_of(entity)}dependencies/"


@require_http_methods(["GET", "HEAD", "POST"])
def dependency_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an entity needs something."""
    entity, collection, address = _load_to_change(request, pk)
    if request.method != "POST":
        return redirect(address)
    form = DependencyForm(request.POST)
    try:
        if form.is_valid():
            target = form.cleaned_data["target"]
            add_dependency(entity=entity, target=target)
            messages.success(request, f"{entity} needs {target}.")
            return redirect(address)
    except ValidationError as problem:
        form.add_error(None, problem)
    title = f"Say what {entity} needs"
    crumbs = crumbs_of(collection, (str(entity), collection.url_of(entity)), (title, request.path))
    context = {"title": title, "form": form, "submit_label": "Add", "cancel_url": address, "crumbs": crumbs}
    return render(request, "portal/record_form.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def dependency_remove(request: HttpRequest, pk: int, relation: int) -> HttpResponse:
    """Take back that an entity needs something. What a file says can only be taken back there."""
    entity, _, address = _load_to_change(request, pk)
    if request.method != "POST":
        return redirect(address)
    said_here = Relation.objects.filter(subject=entity.reference_id, type__in=DEPENDENCIES, document=None)
    found = get_object_or_404(said_here.select_related("object"), pk=relation)
    remove_dependency(relation=found)
    messages.success(request, f"It is no longer said here that {entity} needs {found.object}.")
    return redirect(address)


PAGE = 100
_FILES = ("csv", "json")
# Column of a file: key of a row.
_COLUMNS = {
    "ref": "canonical",
    "name": "label",
    "kind": "kind",
    "tier": "tier",
    "lifecycle": "lifecycle",
    "owner": "owner_ref",
    "owner_name": "owner_label",
}


@require_safe
def around(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """All of a list of which panels show the first rows: by pages, or as a file when ``format`` asks for one."""
    found = LISTS.get(name)
    if found is None:
        raise Http404(f"There is no list “{name}”. There are: {', '.join(LISTS)}.")
    entity, collection = _load(request.user, pk)
    columns = {**({"depth": "depth"} if found.has_depth else {}), **_COLUMNS}
    if wanted := request.GET.get("format", ""):
        return _file(f"{entity.name}-{name}", wanted, columns, found.read(request, entity, None, 0).rows)
    page = _page_number(request)
    part = found.read(request, entity, PAGE, (page - 1) * PAGE)
    if not part.rows and page > 1:
        raise Http404(f"The list has no page {page}.")
    context = {
        "title": found.title.format(entity),
        "has_depth": found.has_depth,
        "rows": part.rows,
        "total": part.total,
        "first": (page - 1) * PAGE + 1,
        "last": (page - 1) * PAGE + len(part.rows),
        "previous_page": page - 1,
        "next_page": page + 1 if part.total > page * PAGE else 0,
        "formats": _FILES,
        "empty": "There is nothing here.",
        "crumbs": crumbs_of(collection, (str(entity), collection.url_of(entity)), ("All of it", request.path)),
    }
    return render(request, "services/around.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 100_000 or len(text) > 9:
        raise BadRequest(f"page={text[:40]}: expected the number of a page, such as 2.")
    return int(text)


def _file(name: str, wanted: str, columns: dict[str, str], rows: Rows) -> HttpResponse:
    if wanted not in _FILES:
        raise BadRequest(f"There is no format “{wanted[:40]}”. There are: {', '.join(_FILES)}.")
    lines = [[row[key] for key in columns.values()] for row in rows]
    if wanted == "json":
        response: HttpResponse = JsonResponse({"items": [dict(zip(columns, line, strict=True)) for line in lines]})
    else:
        response = HttpResponse(_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{wanted}"'
    return response


def _csv(columns: Iterable[str], lines: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    write = csv.writer(out).writerow
    write(columns)
    for line in lines:
        write([guarded(each) if isinstance(each, str) else each for each in line])
    return out.getvalue()
