"""The pages that every collection has: list, record, edit, delete, history."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from portal.above import above_of
from portal.acting import tell
from portal.actions import Conflict, Deleted, StillNeeded
from portal.collections import Collection
from portal.crumbs import crumbs_of
from portal.declared import declared_fields
from portal.exports import FORMATS, export
from portal.facts import facts_panel
from portal.forms import RecordForm, make_form
from portal.heads import head_of, pill_of
from portal.history.events import has_history, history_of
from portal.htmx import wants_partial
from portal.kept import record_gone
from portal.kinds import DATETIME, BadValue
from portal.listing import broken_context, filter_from_form, list_context
from portal.live import unless_known
from portal.loading import load_collection, load_record, refusal
from portal.needing import needed_by, what_goes, what_stays, why_kept
from portal.panels import Shown, panels_of, show
from portal.query import BadQuery, parse
from portal.saving import base_of, changed_meanwhile, conflict_context, version_of


@require_safe
def collection(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The list, or the same list as a file when ``format`` asks for one."""
    found = load_collection(request, slug)
    if address := filter_from_form(found, request.GET):
        return redirect(address)
    format_name = request.GET.get("format", "")
    try:
        if format_name not in {"", *FORMATS}:
            raise BadQuery([f"There is no format “{format_name[:40]}”. There are: {', '.join(FORMATS)}."])
        query = parse(found, request.user, request.GET)
    except BadQuery as problem:
        return _list_page(request, found, broken_context(request, found, problem.problems), status=400)
    if format_name:
        return export(query, format_name)
    return _list_page(request, found, list_context(request, query))


def _list_page(request: HttpRequest, found: Collection, page: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {"page": page, "crumbs": crumbs_of(found), "is_partial": wants_partial(request)}
    context["above"] = above_of(request, found.slug)
    template = "portal/collection_list.html" + ("#table" if context["is_partial"] else "")
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def collection_total(request: HttpRequest, slug: str) -> HttpResponse:
    """The exact number of matching rows, for lists so long that counting them would hold up the page."""
    found = load_collection(request, slug)
    try:
        query = parse(found, request.user, request.GET)
    except BadQuery as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain")
    return HttpResponse(f"{query.matching().order_by().count():,}", content_type="text/plain")


@require_safe
def record(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    return _record_page(request, slug, key, tab="")


@require_safe
def record_tab(request: HttpRequest, slug: str, key: str, tab: str) -> HttpResponse:
    return _record_page(request, slug, key, tab=tab)


def _record_page(request: HttpRequest, slug: str, key: str, tab: str) -> HttpResponse:
    found = load_collection(request, slug)
    loaded = load_record(request, found, key)
    if isinstance(loaded, HttpResponse):
        return loaded
    slot = f"tab:{tab}" if tab else "main"
    main = _panels(request, found, loaded, slot)
    if tab and not main:
        raise Http404(f"“{tab}” is no page of {loaded}.")
    if not panels_of(loaded):
        main = [facts_panel(request, found, loaded)]
    context = {
        "record": _record_head(request, found, loaded, tab),
        "object": loaded,
        "main_panels": main,
        "rail_panels": [] if tab else _panels(request, found, loaded, "rail"),
        "crumbs": crumbs_of(found, (str(loaded), found.url_of(loaded))),
    }
    return render(request, "portal/record_detail.html", context)


def _panels(request: HttpRequest, found: Collection, loaded: models.Model, slot: str) -> list[Any]:
    # What comes by itself is of the time that the page is asked for.
    address, asked = found.url_of(loaded), f"?{request.GET.urlencode()}" if request.GET else ""
    shown = [
        show(each, request, loaded, f"{address}panels/{each.name}/{asked}", defer=True)
        for each in panels_of(loaded, slot)
    ]
    return [each for each in shown if each is not None]


def _record_head(request: HttpRequest, found: Collection, loaded: models.Model, tab: str) -> dict[str, Any]:
    address, top = found.url_of(loaded), head_of(request, loaded)
    actions = [*top.actions]
    if found.may(request.user, "change", loaded):
        actions.append({"label": "Edit", "url": f"{address}edit/", "icon": "edit", "key": "e"})
    elif not found.form and found.may(request.user, "delete", loaded):
        actions.append({"label": "Delete", "url": f"{address}delete/", "icon": "trash"})
    tabs = [{"label": "Overview", "url": address, "current": not tab}, *_tabs(loaded, address, tab)]
    if has_history(loaded, request.user):
        tabs.append({"label": "History", "url": f"{address}history/", "current": tab == "history"})
    return {
        "title": top.title,
        "subtitle": top.subtitle,
        "more": top.more,
        "pill": top.pill,
        "tags": top.tags,
        "actions": actions,
        "menu": top.menu,
        "over": top.over,
        "reach": top.reach,
        "unowned": top.unowned,
        "notes": top.notes,
        "tabs": tabs,
        "url": address,
    }


def _tabs(loaded: models.Model, address: str, tab: str) -> list[dict[str, Any]]:
    slots = dict.fromkeys(each.slot.partition(":")[2] for each in panels_of(loaded) if each.slot.startswith("tab:"))
    return [{"label": slot.capitalize(), "url": f"{address}{slot}/", "current": slot == tab} for slot in slots]


@require_safe
def record_panel(request: HttpRequest, slug: str, key: str, name: str) -> HttpResponseBase:
    """One panel by itself: a lazy one when it loads, a broken one when it is tried again; without JavaScript, on a page
    of its own."""
    found = load_collection(request, slug)
    loaded = load_record(request, found, key)
    if isinstance(loaded, HttpResponse):
        return loaded
    for each in panels_of(loaded):
        if each.name == name:
            return _panel_page(request, found, loaded, show(each, request, loaded, request.get_full_path()))
    raise Http404(f"“{name}” is no panel of {loaded}.")


def _panel_page(request: HttpRequest, found: Collection, loaded: models.Model, shown: Shown | None) -> HttpResponseBase:
    if wants_partial(request):
        # What changes while one looks at it may be another status, which the head shows.
        pill = pill_of(request, loaded) if shown and shown.live_url else None
        part = {"panel": shown, "record_url": found.url_of(loaded), "pill": pill}
        return unless_known(request, render(request, "portal/_panel.html", part))
    context = {
        "record": _record_head(request, found, loaded, "panels"),
        "object": loaded,
        "main_panels": [shown] if shown else [],
        "crumbs": crumbs_of(found, (str(loaded), found.url_of(loaded))),
    }
    response = render(request, "portal/record_detail.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def record_history(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    found = load_collection(request, slug)
    loaded = load_record(request, found, key)
    if isinstance(loaded, HttpResponse):
        return loaded
    told = history_of(loaded, found, request.user, before=_moment_asked(request))
    context = {
        "record": _record_head(request, found, loaded, "history"),
        "object": loaded,
        "events": told.events,
        "older": told.older,
        "latest": "before" not in request.GET,
        "crumbs": crumbs_of(found, (str(loaded), found.url_of(loaded)), ("History", request.path)),
    }
    return render(request, "portal/record_history.html", context)


def _moment_asked(request: HttpRequest) -> dt.datetime | None:
    """The moment before which history is asked for, as the link to older events has it."""
    if unknown := sorted(set(request.GET) - {"before"}):
        raise BadRequest(f"History takes before alone, a moment, not “{unknown[0][:60]}”.")
    text = request.GET.get("before", "")
    try:
        return DATETIME.parse(text) if text else None
    except BadValue as problem:
        raise BadRequest(f"before={text[:60]}: {problem}.") from None


# Writing


@require_http_methods(["GET", "HEAD", "POST"])
def record_new(request: HttpRequest, slug: str) -> HttpResponse:
    found = load_collection(request, slug)
    if not found.may(request.user, "add"):
        raise PermissionDenied(f"You may not add to {found.title}.")
    form = make_form(found, data=request.POST if request.method == "POST" else None, reader=request.user)
    # A link may say what it knows already: /key-results/-/new/?metric=…
    form.initial.update(found.first_values | {name: text for name, text in request.GET.items() if name in form.fields})
    if request.method == "POST" and form.is_valid():
        try:
            kind = found.kinds[0] if found.kinds else ""
            assert found.create is not None  # noqa: S101  may() has asked
            made = found.create(by=request.user, model=found.model, values=found.as_listed(form.values), kind=kind)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"Made {made}.")
            return redirect(found.url_of(made))
    context = {
        "title": f"New {found.title_one}",
        "submit_label": f"Make {found.title_one}",
        "trial_url": reverse(found.trial) if found.trial else "",
        "cancel_url": found.url,
        "crumbs": crumbs_of(found, (f"New {found.title_one}", request.path)),
    }
    return _form_page(request, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def record_edit(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    found = load_collection(request, slug)
    loaded = load_record(request, found, key)
    if isinstance(loaded, HttpResponse):
        return record_gone(request, found, key) if request.method == "POST" else loaded
    _require_change(request, found, loaded)
    declared = declared_fields(loaded)
    form = make_form(found, loaded, request.POST if request.method == "POST" else None, request.user)
    readonly = _take_declared_out(form, declared)
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, found, loaded, form)
        except ValidationError as problem:
            tell(form, problem)
        except Conflict as conflict:
            return render(request, "409.html", conflict_context(request, found, form, conflict), status=409)
        except Deleted:
            return record_gone(request, found, key)
    address = found.url_of(loaded)
    context = {
        "title": f"Edit {loaded}",
        "submit_label": "Save",
        "trial_url": f"{reverse(found.trial)}?of={found.key_of(loaded)}" if found.trial else "",
        "cancel_url": address,
        "readonly": readonly,
        "base": base_of(request, form),
        "delete_url": f"{address}delete/" if found.may(request.user, "delete", loaded) else "",
        "crumbs": crumbs_of(found, (str(loaded), address), ("Edit", request.path)),
    }
    return _form_page(request, form, context)


def _require_change(request: HttpRequest, found: Collection, loaded: models.Model) -> None:
    if not found.may(request.user, "change", loaded):
        raise refusal(found, "change", loaded)


def _take_declared_out(form: RecordForm, declared: Any) -> list[dict[str, Any]]:
    """Values that a file declares are shown, not edited: the next reading of the file would undo the edit."""
    readonly = []
    for name in [name for name in form.fields if name in declared]:
        value = form[name].value()
        field = form.fields.pop(name)
        readonly.append(
            {"label": field.label, "value": value, "reason": declared[name].text, "url": declared[name].url}
        )
    return readonly


def _save(request: HttpRequest, found: Collection, loaded: models.Model, form: RecordForm) -> HttpResponse:
    assert found.update is not None  # noqa: S101  may() has asked
    version = version_of(request, loaded)
    saved = found.update(by=request.user, record=loaded, values=form.values, version=version)
    if found.may(request.user, "change", saved):
        messages.success(request, f"Saved {saved}.")
    else:
        messages.warning(request, f"Saved {saved}. It is in other hands now, and only they may change it.")
    return redirect(found.url_of(saved))


def _form_page(request: HttpRequest, form: RecordForm, context: dict[str, Any]) -> HttpResponse:
    return render(request, "portal/record_form.html", {"form": form, **context}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def record_delete(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Ask, saying what goes and what stays; then delete. Above ten dependants the name must be typed."""
    found = load_collection(request, slug)
    loaded = load_record(request, found, key)
    if isinstance(loaded, HttpResponse):
        return loaded
    if not found.may(request.user, "delete", loaded):
        raise refusal(found, "delete", loaded)
    confirm_name = _name_to_type(loaded)
    if request.method != "POST":
        return _delete_page(request, found, loaded)
    if confirm_name and request.POST.get("confirm", "").strip() != confirm_name:
        problem = f"Type {confirm_name} to delete it: {_dependants(loaded)} things depend on it."
        return _delete_page(request, found, loaded, {"problem": problem}, status=422)
    return _delete(request, found, loaded)


def _dependants(loaded: models.Model) -> int:
    return getattr(getattr(loaded, "state", None), "dependants", 0)


def _name_to_type(loaded: models.Model) -> str:
    return str(loaded) if _dependants(loaded) > 10 else ""


def _delete_page(
    request: HttpRequest, found: Collection, loaded: models.Model, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    address = found.url_of(loaded)
    context = {
        "title": f"Delete {loaded}",
        "goes": what_goes(found, loaded, request.user),
        "stays": what_stays(found, _dependants(loaded)),
        "is_depended_on": found.referenced,
        "needed": needed_by(loaded, request.user),
        "declared": next(iter(declared_fields(loaded).values()), None),
        "confirm_name": _name_to_type(loaded),
        "version": version_of(request, loaded),
        "delete_url": f"{address}delete/",
        "cancel_url": address,
        "crumbs": crumbs_of(found, (str(loaded), address), ("Delete", request.path)),
        **(more or {}),
    }
    return render(request, "portal/record_delete.html", context, status=status)


def _delete(request: HttpRequest, found: Collection, loaded: models.Model) -> HttpResponse:
    assert found.delete is not None  # noqa: S101  may() has asked
    name = str(loaded)
    try:
        found.delete(by=request.user, record=loaded, version=version_of(request, loaded))
    except Deleted as gone:
        messages.warning(request, str(gone))
        return redirect(found.url)
    except Conflict as conflict:
        return _delete_page(request, found, conflict.current, changed_meanwhile(conflict, request.user), status=409)
    except StillNeeded as needed:
        return _delete_page(request, found, loaded, {"problem": why_kept(needed, request.user)}, status=409)
    messages.success(request, f"Deleted {name}.")
    return redirect(found.url)
