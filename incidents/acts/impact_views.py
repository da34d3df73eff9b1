"""What an incident did to services: the page of its windows, and what is said about each."""

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from incidents import impacts
from incidents.acts.budgets import budget_rows
from incidents.acts.forms import ImpactForm, LevelForm, NewImpactForm, impact_values
from incidents.acts.views import attempt
from incidents.models import Impact, ImpactLevel, Incident, Point
from incidents.pages import act_page, load_incident
from portal.people.entering import acts
from portal.saving import version_of


@require_http_methods(["GET", "HEAD", "POST"])
def impact(request: HttpRequest, key: str) -> HttpResponse:
    """Its windows by service, and saying that another service is hit."""
    incident = load_incident(request, key, "change")
    form = NewImpactForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        subject = values.pop("subject")
        if attempt(form, lambda: impacts.begin(by=request.user, incident=incident, subject=subject, values=values)):
            messages.success(request, f"{subject.label} is hit by {incident.name}.")
            return redirect("incident-impact", key=key)
    return _page(request, incident, form)


def _page(request: HttpRequest, incident: Incident, form: Any) -> HttpResponse:
    rows = list(incident.impacts.select_related("subject").order_by("pk"))
    by_service: dict[Any, list[Impact]] = defaultdict(list)
    for each in sorted(rows, key=lambda each: (each.started_at is not None, each.started_at, each.pk)):
        by_service[each.subject].append(each)
    budgets = budget_rows(incident, rows)
    context = {
        "services": [(subject, windows, budgets[subject.pk]) for subject, windows in by_service.items()],
        "level_form": LevelForm(),
        "ends": _ends(incident) if any(each.ended_at is None and each.started_at for each in rows) else [],
    }
    answer = 422 if form.errors else 200
    return act_page(request, incident, form, "Impact", status=answer, template="incidents/impact.html", **context)


def _ends(incident: Incident) -> list[Any]:
    """The times at which what goes on may have ended."""
    points = (Point.MITIGATED, Point.RESOLVED)
    return list(incident.times.filter(point__in=points).order_by("at"))


@acts("record", "incidents")
def end_all(request: HttpRequest, key: str) -> HttpResponse:
    """End every window that goes on when it was mitigated, or resolved."""
    incident = load_incident(request, key, "change")
    time = get_object_or_404(incident.times, point=request.POST.get("point", ""))
    ended = impacts.end_all(by=request.user, incident=incident, at=time.at)
    messages.success(request, f"{ended} {'window ends' if ended == 1 else 'windows end'} when it was {time.point}.")
    return redirect("incident-impact", key=key)


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """One window as it was."""
    incident = load_incident(request, key, "change")
    window = _window(incident, pk)
    form = ImpactForm(request.POST if request.method == "POST" else None, initial=impact_values(window))
    if request.method == "POST" and form.is_valid():
        values, version = form.values(), version_of(request, window)
        if attempt(form, lambda: impacts.correct(by=request.user, impact=window, values=values, version=version)):
            messages.success(request, f"Saved what {incident.name} did to {window.subject.label}.")
            return redirect("incident-impact", key=key)
    title, answer = f"Save the impact on {window.subject.label}", 422 if form.errors else 200
    return act_page(
        request, incident, form, title, status=answer, template="incidents/impact_window.html", window=window
    )


@acts("record", "incidents")
def level(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """From a moment on it is another level."""
    incident = load_incident(request, key, "change")
    window, form = _window(incident, pk), LevelForm(request.POST)
    if form.is_valid():
        attempt(form, lambda: impacts.change_level(by=request.user, impact=window, **form.values()))
    if form.errors:
        return act_page(request, incident, form, f"Change the level of {window.subject.label}", status=422)
    messages.success(request, f"{window.subject.label}: {ImpactLevel(form.cleaned_data['level']).label.lower()}.")
    return redirect("incident-impact", key=key)


@acts("record", "incidents")
def take_out(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Say that the service was not hit."""
    incident = load_incident(request, key, "change")
    window = _window(incident, pk)
    try:
        impacts.take_out(by=request.user, impact=window)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{window.subject.label} is taken out of {incident.name}.")
    return redirect("incident-impact", key=key)


def _window(incident: Incident, pk: int) -> Impact:
    return get_object_or_404(Impact.objects.select_related("subject", "incident__status"), pk=pk, incident=incident)
