"""The search page, and the fragments that palette and reference fields load."""

import time
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.collections import get_collection, known_to
from portal.labelled import is_labelled, suggestions
from portal.places import Command, commands
from portal.query import BadQuery, parse
from portal.references.models import Reference
from portal.search import find
from portal.search.words import too_much, words

PALETTE = 12
PAGE = 50


def _text(request: HttpRequest, name: str) -> str:
    """A parameter of the address, without the null characters that PostgreSQL holds in no text."""
    return request.GET.get(name, "").replace("\x00", "")


def _context(request: HttpRequest, limit: int) -> dict[str, Any]:
    text = _text(request, "q")
    problem = too_much(text)
    started = time.perf_counter()
    found = find.Found((), False) if problem else find.find(request.user, text, limit)
    took_ms = round((time.perf_counter() - started) * 1000)
    shown = [_option(each, text) for each in found.results]
    groups: dict[str, list[Any]] = {}
    for option in shown:
        groups.setdefault(option["kind"], []).append(option)
    if doing := [_doing(each, text) for each in commands() if _is_meant(each, text)]:
        groups["Do"] = doing
    return {
        "query": text,
        "problem": problem,
        "groups": [{"title": title, "options": options} for title, options in groups.items()],
        "total": len(shown),
        "more": found.more,
        "took_ms": took_ms,
    }


def _option(each: find.Result, text: str) -> dict[str, Any]:
    return {
        "kind": each.collection.title,
        "url": each.url,
        "icon": each.collection.icon,
        "label_html": find.marked(each.name, text),
        "meta": each.meta,
        "title": each.title or each.name,
        "description": each.description,
        "preview": [{"term": term, "html": html} for term, html in each.facts],
    }


def _is_meant(command: Command, text: str) -> bool:
    """Whether every word of the text begins one of the command's; without a text all are offered."""
    own = words(f"{command.label} {command.words}")
    return all(any(each.startswith(word) for each in own) for word in words(text)) and (not text or bool(words(text)))


def _doing(command: Command, text: str) -> dict[str, Any]:
    label = find.marked(command.label, text)
    return {"url": command.url, "icon": command.icon, "label_html": label, "meta": "", "title": command.label}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that matches, as a page: what the palette shows, without JavaScript."""
    if unknown := sorted(set(request.GET) - {"q"}):
        raise BadRequest(f"The search takes q alone, not “{unknown[0][:60]}”.")
    crumbs = [{"label": "Search", "url": request.path}]
    return render(request, "portal/search.html", {**_context(request, PAGE), "crumbs": crumbs})


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/search_palette.html", _context(request, PALETTE))


@require_safe
def references(request: HttpRequest) -> JsonResponse:
    """Up to ten for a field's list of suggestions: described references of the asked kinds, or labels of the records of
    a collection that meet the filters of its list."""
    if "of" in request.GET:
        return _labels(request)
    kinds = [kind for kind in _text(request, "kinds").split(",") if kind]
    return JsonResponse({"items": suggested_references(request.user, kinds, _text(request, "q"))})


def suggested_references(reader: Any, kinds: Sequence[str], text: str) -> list[dict[str, str]]:
    """Up to ten described references of these kinds that the reader may know: what is to be written, and the label."""
    found = known_to(reader, Reference.objects.filter(kind__in=kinds, attached=True))
    if text := text.replace("\x00", "").strip()[:100].lower():
        found = found.filter(name__contains=text) | found.filter(label__icontains=text)
    rows = found.order_by("label").values_list("canonical", "name", "namespace", "kind", "label")[:10]
    return [
        {"value": name if (namespace, kind) == ("default", kinds[0]) else canonical, "label": label}
        for canonical, name, namespace, kind, label in rows
    ]


def _labels(request: HttpRequest) -> JsonResponse:
    asked = get_collection(_text(request, "of"))
    if asked is None or not is_labelled(asked.model) or not asked.may(request.user, "view"):
        raise Http404("There is no such collection.")
    filters = request.GET.copy()
    for name in ("of", "q"):
        filters.pop(name, None)
    try:
        rows = parse(asked, request.user, filters).matching()
    except BadQuery as problem:
        raise BadRequest(str(problem)) from None
    found = suggestions(rows, _text(request, "q")[:100])
    return JsonResponse({"items": [{"value": each, "label": each} for each in found]})
