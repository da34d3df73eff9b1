"""The gap list, how frameworks stand at services, and acts on evidence."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.acting import act_page, attempt
from portal.collections import unknown_to
from portal.crumbs import crumbs_of
from portal.fields import kinds_of
from portal.forms import make_form
from portal.page_numbers import page_number
from portal.people.models import Team
from portal.references.finding import find_reference
from portal.references.models import Reference
from portal.saving import version_of
from roadmap.compliance import actions
from roadmap.compliance.collections import CONTROLS, EVIDENCE, Standing
from roadmap.compliance.forms import InitiativeForm, ReviewForm
from roadmap.compliance.gaps import PAGE, Gap, matrix, opened, places
from roadmap.models import Control, Evidence, Framework
from services.models import Entity


@dataclass
class _Asked:
    """What the gap list is narrowed to; ``problems`` say what of it there is not."""

    framework: Framework | None
    service: Reference | None
    team: Reference | None
    problems: list[str]


@require_safe
def gap_list(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    found = [] if asked.problems else places(
        request.user, framework=asked.framework, service=asked.service, team=asked.team
    )  # fmt: skip
    page = Paginator(found, PAGE).get_page(page_number(request.GET))
    counts = Counter(each.standing for each in found)
    kept = {name: request.GET.get(name, "") for name in ("framework", "service", "team")}
    context = {
        "frameworks": Framework.objects.filter(is_active=True).order_by("name"), "kept": kept,
        "rows": _shown(request, opened(page)), "page": page, "problems": asked.problems, "total": len(found),
        "counts": [(each.label, each.value, counts[each]) for each in Standing if counts[each]],
        "query": urlencode({name: value for name, value in kept.items() if value}),
        "is_narrowed": any(kept.values()), "crumbs": crumbs_of(CONTROLS, ("Gaps", request.path)),
        "may_add": request.user.has_perm("roadmap.add_evidence"),
    }  # fmt: skip
    return render(request, "roadmap/compliance_gaps.html", context, status=400 if asked.problems else 200)


def _asked(request: HttpRequest) -> _Asked:
    if unknown := sorted(set(request.GET) - {"framework", "service", "team", "page"}):
        raise BadRequest(f"The gap list takes framework, service, team and page, not “{unknown[0][:60]}”.")
    problems: list[str] = []
    slug = request.GET.get("framework", "")
    framework = Framework.objects.filter(slug=slug, is_active=True).first() if "\x00" not in slug else None
    if slug and framework is None:
        problems.append(f"There is no active framework “{slug[:60]}”. Choose one of the list.")
    service = _reference(request, "service", kinds_of(Entity), problems)
    return _Asked(framework, service, _reference(request, "team", kinds_of(Team), problems), problems)


def _reference(request: HttpRequest, name: str, kinds: tuple[str, ...], problems: list[str]) -> Reference | None:
    text = request.GET.get(name, "").strip()
    try:
        return find_reference(text, kinds) if text else None
    except ValidationError as problem:
        problems += problem.messages
        return None


def _shown(request: HttpRequest, rows: list[Gap]) -> list[dict[str, Any]]:
    named = [each.evidence for each in rows if each.evidence]
    hidden = unknown_to(request.user, [each.owner_id for each in named])
    return [
        {"gap": each, "control_url": CONTROLS.url_of(each.control), "status": each.standing.value,
         "label": each.standing.label, "is_hidden": bool(each.evidence and each.evidence.owner_id in hidden),
         "url": EVIDENCE.url_of(each.evidence) if each.evidence else ""}
        for each in rows
    ]  # fmt: skip


@require_safe
def by_service(request: HttpRequest) -> HttpResponse:
    """How each active framework stands at each service that anything is recorded of."""
    if unknown := sorted(set(request.GET) - {"page"}):
        raise BadRequest(f"The table takes page alone, not “{unknown[0][:60]}”. The gap list can be narrowed.")
    frameworks, lines, page = matrix(request.user, page_number(request.GET))
    shown = [{"service": line.service, "cells": [_cell(line.service, *each) for each in
              zip(frameworks, line.cells, strict=True)]} for line in lines]  # fmt: skip
    context = {
        "frameworks": frameworks, "lines": shown, "page": page,
        "crumbs": crumbs_of(CONTROLS, ("By service", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/compliance_matrix.html", context)


def _cell(service: Any, framework: Framework, cell: Any) -> dict[str, Any]:
    whose = {"service": service.reference.canonical} if service else {"service.set": "false"}
    asked = urlencode({"framework_slug": framework.slug, **whose}, safe=":/")
    return {
        "met": cell.met, "total": cell.total, "open": cell.open, "worst": cell.worst, "framework": framework.name,
        "label": Standing(cell.worst).label if cell.worst else "", "url": f"{EVIDENCE.url}?{asked}",
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, key: int) -> HttpResponse:
    """Record evidence of one control: the form of new evidence without the control."""
    control = get_object_or_404(Control.objects.select_related("framework"), pk=key)
    if not EVIDENCE.may(request.user, "add"):
        raise PermissionDenied("You may not record evidence: you are in no team that could answer for it.")
    form = make_form(EVIDENCE, data=request.POST if request.method == "POST" else None, reader=request.user)
    del form.fields["control"]
    form.instance.control = control
    if request.method == "POST" and form.is_valid():
        values = {**form.values, "control": control}
        if done := attempt(form, lambda: actions.make_evidence(by=request.user, values=values)):
            messages.success(request, f"Recorded {done.made}.")
            return redirect(EVIDENCE.url_of(done.made))
    address = CONTROLS.url_of(control)
    context = {
        "form": form, "title": "Record evidence", "description": f"{control} ({control.framework})",
        "submit_label": "Record it", "cancel_url": address,
        "crumbs": crumbs_of(CONTROLS, (control.identifier, address), ("Record evidence", request.path)),
    }  # fmt: skip
    return render(request, "portal/record_form.html", context, status=422 if form.errors else 200)


# Acts on evidence


@dataclass(frozen=True)
class _Act:
    title: str
    label: str
    explains: str
    form: type[Any]
    move: Callable[..., Evidence]
    said: str


ACTS = {
    "review": _Act(
        "Review evidence", "It still holds",
        "Look at what shows it. If it no longer does, edit the evidence and say that there is a gap.",
        ReviewForm, actions.review, "was reviewed today",
    ),
    "initiative": _Act(
        "What closes the gap", "Save", "The public initiative that closes it. It is shown on both pages.",
        InitiativeForm, actions.close_by, "is saved",
    ),
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, key: int, act: str) -> HttpResponse:
    """Review evidence, or say what closes its gap."""
    found = ACTS.get(act)
    if found is None:
        raise Http404(f"“{act}” cannot be done with evidence. There are: {', '.join(ACTS)}.")
    evidence = _load(request, key)
    form = found.form(evidence, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = {"version": version_of(request, evidence), **form.cleaned_data}
        if done := attempt(form, lambda: found.move(by=request.user, evidence=evidence, **said)):
            messages.success(request, f"{done.made} {found.said}.")
            return redirect(EVIDENCE.url_of(done.made))
    return act_page(
        request, form, found.title, collection=EVIDENCE, record=evidence, versioned=evidence, label=found.label,
        explains=found.explains,
    )  # fmt: skip


def _load(request: HttpRequest, key: int) -> Evidence:
    user: Any = request.user
    evidence = (
        EVIDENCE.visible(user).select_related("control__framework", "service", "owner", "initiative").filter(pk=key)
    ).first()
    if evidence is None:
        raise Http404(f"There is no evidence {key}.")
    if not user.has_perm("roadmap.change_evidence", evidence):
        raise PermissionDenied("You may not change this evidence: its team, product managers and administrators may.")
    return evidence


def address_of(name: str, evidence: Evidence) -> str:
    """The page of an act on evidence."""
    return reverse("evidence-act", args=[evidence.pk, name])
