"""Acts on alerts and on who sends them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from incidents.alerts import offers, promotion, sources, taking
from incidents.alerts.collections import ALERT_SOURCES, ALERTS
from incidents.alerts.forms import BelongsForm, DeclareForm, SecretForm
from incidents.alerts.noting import is_open
from incidents.collections import INCIDENTS
from incidents.models import AlertGroup, AlertSource, Incident, SourceKind
from incidents.pages import load_incident
from portal.acting import act_page, tell
from portal.people.entering import acts


def _group(request: HttpRequest, key: int) -> AlertGroup:
    rows = ALERTS.visible(request.user).select_related("source", "subject", "incident__status")
    return get_object_or_404(rows, pk=key)


@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest, key: int) -> HttpResponse:
    """Declare an incident from an alert."""
    group = _group(request, key)
    if group.incident is not None and is_open(group.incident):
        messages.info(request, f"It belongs to {group.incident} already.")
        return redirect(INCIDENTS.url_of(group.incident))
    form = DeclareForm(group, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        values = {"title": data["title"], "severity": data["severity"]}
        try:
            incident = promotion.declare_from(
                by=request.user, group=group, values=values, is_private=data["is_private"]
            )
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"{incident.name} is declared, with what the alert knows.")
            return redirect(INCIDENTS.url_of(incident))
    return act_page(request, form, "Declare an incident", collection=ALERTS, record=group)


@require_http_methods(["GET", "HEAD", "POST"])
def belongs(request: HttpRequest, key: int) -> HttpResponse:
    """Put an alert to an incident that is there."""
    group = _group(request, key)
    form = BelongsForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        incident = form.cleaned_data["incident"]
        _may_note(request, incident)
        promotion.attach(by=request.user, group=group, incident=incident)
        messages.success(request, f"The alert belongs to {incident}.")
        return redirect(INCIDENTS.url_of(incident))
    return act_page(request, form, "Put it to an incident", collection=ALERTS, record=group)


@acts("record", "alerts")
def belongs_not(request: HttpRequest, key: int) -> HttpResponse:
    """Take an alert away from its incident."""
    group = _group(request, key)
    if group.incident is not None:
        _may_note(request, group.incident)
        promotion.detach(by=request.user, group=group)
        messages.success(request, f"The alert does not belong to {group.incident.name} any more.")
    return redirect(ALERTS.url_of(group))


@acts("record", "incidents")
def mitigated(request: HttpRequest, key: str) -> HttpResponse:
    """Say that an incident is mitigated, as the portal offers it."""
    incident = load_incident(request, key, "change")
    try:
        offer = offers.accept(by=request.user, incident=incident, key=request.POST.get("key", ""))
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        said = f"{incident.name} is mitigated, by the {offer.source}." if offer else "Somebody said so already."
        messages.success(request, said)
    return redirect(INCIDENTS.url_of(incident))


def _may_note(request: HttpRequest, incident: Incident) -> None:
    if not request.user.has_perm("incidents.note_incident", incident):
        raise PermissionDenied(f"You may not write into the timeline of {incident.name}.")


def _source(request: HttpRequest, key: int) -> AlertSource:
    source = get_object_or_404(AlertSource, pk=key)
    if not request.user.has_perm("incidents.change_alertsource", source):
        raise PermissionDenied(f"You may not change {source}: administrators set up who sends alerts.")
    return source


def _act_on_source(act: Callable[..., str]) -> Callable[..., HttpResponse]:
    """A view that does something to a source, says what, and shows it again."""

    @acts("record", "alert-sources")
    def view(request: HttpRequest, key: int, **more: Any) -> HttpResponse:
        source = _source(request, key)
        try:
            messages.success(request, act(request, source, **more))
        except ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
        return redirect(ALERT_SOURCES.url_of(source))

    return view


@_act_on_source
def renew(request: HttpRequest, source: AlertSource) -> str:
    """Give a source another address."""
    if source.kind == SourceKind.PORTAL:
        raise Http404(f"{source} has no address.")
    sources.renew_token(by=request.user, record=source)
    return f"{source} has another address. What comes to the former one is turned away from now on."


@_act_on_source
def set_secret(request: HttpRequest, source: AlertSource) -> str:
    """Set what PagerDuty signs with."""
    if source.kind != SourceKind.PAGERDUTY:
        raise Http404(f"{source} signs nothing.")
    form = SecretForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    secret = form.cleaned_data["secret"]
    sources.set_secret(by=request.user, record=source, secret=secret)
    return "Messages must be signed with the new secret." if secret else "Messages need no signature any more."


@_act_on_source
def take_again(request: HttpRequest, source: AlertSource, pk: int) -> str:
    """Have a message that was not understood understood anew."""
    message = get_object_or_404(source.messages, pk=pk)
    if not taking.take_again(message):
        raise ValidationError("It waits already, was taken, or nothing of it was kept.")
    taking.take_soon()
    return "A worker looks at it again within seconds."
