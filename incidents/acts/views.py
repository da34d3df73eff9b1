"""Moving an incident on, its severity, its roles, and merging it into another one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from incidents import lifecycle
from incidents.acts.forms import MergeForm, RoleForm, SeverityForm, StatusForm
from incidents.acts.missing import missing
from incidents.acts.words import ACT_OF
from incidents.collections import INCIDENTS
from incidents.models import Category, Incident, IncidentRole
from incidents.pages import act_page, load_incident
from portal.acting import tell
from portal.actions import Conflict
from portal.people.entering import acts
from portal.saving import version_of

CHANGED = "Somebody changed it in the meantime. Look at it again, then change it."


def attempt(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Do it, or put what was refused beside the fields of the form; whether it was done."""
    try:
        act()
    except ValidationError as problem:
        tell(form, problem)
    except Conflict:
        form.add_error(None, CHANGED)
    return not form.errors


@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Move the incident on, or open it again; ``to`` is the category it is to go to. What is missing then is said and
    keeps nobody from it."""
    incident = load_incident(request, key, "change")
    to = _asked_for(request, incident)
    form = StatusForm(incident, request.POST if request.method == "POST" else None, to=to)
    if request.method == "POST" and form.is_valid():
        data, version = form.cleaned_data, version_of(request, incident)
        if attempt(form, lambda: lifecycle.change_status(by=request.user, incident=incident, version=version, **data)):
            messages.success(request, f"{incident.name} is {data['status']}.")
            return redirect(INCIDENTS.url_of(incident))
    asked = missing(incident) if to in {Category.RESOLVED, Category.CLOSED} else []
    title = ACT_OF[to].label if to else "Change status"
    answer = 422 if form.errors else 200
    return act_page(request, incident, form, title, status=answer, template="incidents/status.html", missing=asked)


def _asked_for(request: HttpRequest, incident: Incident) -> str:
    to = request.GET.get("to", "")
    if to and to not in ACT_OF:
        raise BadRequest(f"There is no way “{to[:40]}”. There are: {', '.join(ACT_OF)}.")
    if to and to not in lifecycle.ways(incident):
        return ""  # it has moved on meanwhile: the form says where to from there
    return to


@require_http_methods(["GET", "HEAD", "POST"])
def severity(request: HttpRequest, key: str) -> HttpResponse:
    """Say how bad it is, and why that changed."""
    incident = load_incident(request, key, "change")
    form = SeverityForm(incident, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data, version = form.cleaned_data, version_of(request, incident)
        if attempt(
            form, lambda: lifecycle.change_severity(by=request.user, incident=incident, version=version, **data)
        ):
            messages.success(request, f"{incident.name} is {data['severity'] or 'without a severity'}.")
            return redirect(INCIDENTS.url_of(incident))
    return act_page(request, incident, form, "Change severity", status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, key: str) -> HttpResponse:
    """Say that it is the same as another one."""
    incident = load_incident(request, key, "change")
    form = MergeForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data, version = form.cleaned_data, version_of(request, incident)
        if attempt(form, lambda: lifecycle.merge(by=request.user, incident=incident, version=version, **data)):
            messages.success(request, f"{incident.name} is merged into {data['into'].name}.")
            return redirect(INCIDENTS.url_of(data["into"]))
    return act_page(request, incident, form, "Merge into another", status=422 if form.errors else 200)


# Roles


@acts("record", "incidents")
def take_role(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Take a role, from whoever has it."""
    incident = load_incident(request, key, "note")
    person = getattr(request.user, "person", None)
    if person is None:
        raise PermissionDenied("A role is taken by a person, and this login is nobody's.")
    role = _role(slug)
    lifecycle.give_role(by=request.user, incident=incident, role=role, person=person.reference)
    messages.success(request, f"{role} of {incident.name} is yours.")
    return redirect(INCIDENTS.url_of(incident))


@require_http_methods(["GET", "HEAD", "POST"])
def give_role(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Give a role to anybody."""
    incident = load_incident(request, key, "change")
    role, form = _role(slug), RoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        if attempt(form, lambda: lifecycle.give_role(by=request.user, incident=incident, role=role, person=person)):
            messages.success(request, f"{role} of {incident.name} is {person.label}.")
            return redirect(INCIDENTS.url_of(incident))
    return act_page(request, incident, form, f"Give the role {role}", status=422 if form.errors else 200)


@acts("record", "incidents")
def lay_down(request: HttpRequest, key: str, slug: str) -> HttpResponse:
    """Lay a role down: one's own, or anybody's for whoever runs the incident."""
    role, person = _role(slug), getattr(request.user, "person", None)
    incident = load_incident(request, key, "note")
    held = incident.assignments.filter(role=role, to_at=None).first()
    if held is None:
        messages.info(request, f"Nobody is {role} of {incident.name}.")
        return redirect(INCIDENTS.url_of(incident))
    if not (person and held.person_id == person.reference_id):
        load_incident(request, key, "change")
    lifecycle.give_role(by=request.user, incident=incident, role=role, person=None)
    messages.success(request, f"{role} of {incident.name} is laid down.")
    return redirect(INCIDENTS.url_of(incident))


def _role(slug: str) -> IncidentRole:
    return get_object_or_404(IncidentRole, slug=slug, is_active=True)
