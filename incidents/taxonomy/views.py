"""Classifying an incident: what applies to it, how sure that is, and what shows it."""

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from incidents.collections import INCIDENTS
from incidents.models import Facet, Incident, Node, Tag
from incidents.pages import act_page, load_incident
from incidents.taxonomy import listed, tagging
from incidents.taxonomy.forms import NewTagForm, TagForm
from incidents.taxonomy.suggesting import suggestions
from incidents.taxonomy.wording import QUESTIONS
from portal.acting import tell
from portal.actions import Conflict
from portal.crumbs import crumbs_of
from portal.people.entering import acts


@require_safe
def classification(request: HttpRequest, key: str) -> HttpResponse:
    """Every facet with what applies, and the field that adds to it."""
    return _page(request, load_incident(request, key, "change"))


@require_http_methods(["GET", "HEAD", "POST"])
def tag_new(request: HttpRequest) -> HttpResponse:
    """Say of any incident what applies to it."""
    form = NewTagForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = listed.add(by=request.user, values=form.cleaned_data)
        except ValidationError as problem:
            tell(form, problem)
        else:
            return redirect("tag-edit", key=made.incident.name, slug=made.node.slug)
    crumbs = crumbs_of(listed.TAGS, ("New classification", request.path))
    context = {"form": form, "title": "Classify an incident", "crumbs": crumbs, "cancel_url": listed.TAGS.url}
    return render(request, "incidents/tag_new.html", context, status=422 if form.errors else 200)


@acts("record", "incidents")
def tag_add(request: HttpRequest, key: str, facet: str) -> HttpResponse:
    """Say that a node applies; or, by the button ``unknown``, that somebody looked and could not tell."""
    incident = load_incident(request, key, "change")
    if facet not in tagging.FACETS:
        raise Http404(f"“{facet}” is no facet of an incident.")
    try:
        made = _add(request, incident, facet)
    except ValidationError as problem:
        typed = {"facet": facet, "text": request.POST.get("node", ""), "problem": " ".join(problem.messages)}
        return _page(request, incident, typed, status=422)
    messages.success(request, f"{Facet(facet).label}: {made.node}.")
    return redirect(f"{reverse('classification', args=[incident.name])}#{facet}")


def _add(request: HttpRequest, incident: Incident, facet: str) -> Tag:
    if "unknown" in request.POST:
        return tagging.say_unknown(by=request.user, incident=incident, facet=facet)
    text, number = request.POST.get("node", ""), request.POST.get("event", "")
    if not text.strip():
        raise ValidationError("Say what applies, or that you looked and do not know.")
    events = incident.timeline.filter(pk=int(number)) if number.isascii() and number.isdigit() else []
    return tagging.tag(by=request.user, incident=incident, node=tagging.node_named(text, facet), evidence=events)


@require_http_methods(["GET", "HEAD", "POST"])
def tag_edit(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """How sure it is, and what shows it."""
    incident = load_incident(request, key, "change")
    found = _tag(incident, slug)
    form = TagForm(found, request.POST if request.method == "POST" else None)
    address = f"{reverse('classification', args=[incident.name])}#{found.node.facet}"
    if form.is_bound and form.is_valid():
        version = request.POST.get("version", "")
        try:
            tagging.retag(
                by=request.user, record=found, values=form.values(), evidence=form.cleaned_data["evidence"],
                version=int(version) if version.isascii() and version.isdigit() else None,
            )  # fmt: skip
        except ValidationError as problem:
            tell(form, problem)
        except Conflict:
            form.add_error(None, "Somebody changed it in the meantime. Look at it again, then change it.")
        else:
            return redirect(address)
    return act_page(
        request, incident, form, str(found.node), template="incidents/tag_edit.html", tag=found, back_url=address,
        status=422 if form.errors else 200,
    )  # fmt: skip


@acts("record", "incidents")
def tag_remove(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Say that it does not apply after all."""
    incident = load_incident(request, key, "change")
    found = _tag(incident, slug)
    tagging.untag(by=request.user, record=found)
    messages.success(request, f"{found.node} is taken away.")
    return redirect(f"{reverse('classification', args=[incident.name])}#{found.node.facet}")


def _tag(incident: Incident, slug: str) -> Tag:
    found = Tag.objects.filter(incident=incident, node__slug=slug).select_related("node", "incident").first()
    if found is None:
        raise Http404(f"“{slug}” is not said of {incident.name}.")
    return found


def _page(
    request: HttpRequest, incident: Incident, typed: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    address = INCIDENTS.url_of(incident)
    context = {
        "incident": incident, "facets": _facets(incident, typed or {}), "incident_url": address,
        "suggestions": suggestions(incident, request.user),
        "crumbs": crumbs_of(INCIDENTS, (incident.name, address), ("Classification", request.path)),
    }  # fmt: skip
    return render(request, "incidents/classification.html", context, status=status)


def _facets(incident: Incident, typed: dict[str, str]) -> list[dict[str, Any]]:
    """Each facet with its question, what applies, and what may be chosen."""
    tags = Tag.objects.filter(incident=incident).select_related("node").annotate(event_count=Count("evidence"))
    said: dict[str, list[Tag]] = defaultdict(list)
    for each in tags.order_by("place", "pk"):
        said[each.node.facet].append(each)
    nodes: dict[str, list[Node]] = defaultdict(list)
    for node in Node.objects.filter(is_active=True).order_by("place", "pk"):
        nodes[node.facet].append(node)
    return [
        {
            "name": each.value, "label": each.label, "question": QUESTIONS[each], "tags": said[each],
            "nodes": [node for node in nodes[each] if not node.is_unknown],
            "may_be_unknown": not said[each] and any(node.is_unknown for node in nodes[each]),
            "typed": typed if typed.get("facet") == each else None,
        }
        for each in tagging.FACETS
    ]  # fmt: skip
