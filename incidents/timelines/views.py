"""Writing to the timeline of an incident, correcting it, and choosing what a postmortem tells of."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from incidents import timeline
from incidents.collections import INCIDENTS
from incidents.models import Incident, TimelineEvent
from incidents.pages import act_page, load_incident
from incidents.timelines.forms import CorrectForm, NoteForm
from portal.acting import tell
from portal.htmx import wants_partial
from portal.people.entering import acts

# Heard by assets/js/composer.js: the timeline of the page is asked for anew.
NOTED = "incidents:noted"
# No number of an event is so long.
_DIGITS = 20
_OF_ANOTHER = "You may not correct this event. Who wrote it may, and whoever runs the incident."


@acts("record", "incidents")
def note(request: HttpRequest, key: str) -> HttpResponse:
    """Write an event into the timeline."""
    incident = load_incident(request, key, "note")
    form = NoteForm(incident, request.user, request.POST, {"new_files": request.FILES.getlist("new_files")})
    if _done(form, lambda: timeline.note(by=request.user, incident=incident, **form.values())):
        if not wants_partial(request):
            return redirect(INCIDENTS.url_of(incident))
        response = _composer(request, incident, NoteForm(incident, request.user))
        return trigger_client_event(response, NOTED, {"said": "Posted."})
    if wants_partial(request):
        return _composer(request, incident, form, status=422)
    return act_page(request, incident, form, "Add to the timeline", status=422)


def _composer(request: HttpRequest, incident: Incident, form: NoteForm, status: int = 200) -> HttpResponse:
    return render(request, "incidents/_compose.html", {"record": incident, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def event_correct(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Put a corrected event in the place of one."""
    incident = load_incident(request, key, "note")
    event = _event(request, incident, pk)
    sent = (request.POST, {"new_files": request.FILES.getlist("new_files")}) if request.method == "POST" else ()
    form = CorrectForm(event, request.user, *sent)
    if sent and _done(form, lambda: timeline.correct(by=request.user, event=event, **form.values())):
        messages.success(request, "Corrected. What it said before stays under it.")
        return redirect(INCIDENTS.url_of(incident))
    return act_page(
        request, incident, form, "Correct", template="incidents/event_correct.html", event=event,
        status=422 if form.errors else 200,
    )  # fmt: skip


@acts("record", "incidents")
def event_withdraw(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Say that an event was none."""
    incident = load_incident(request, key, "note")
    try:
        timeline.withdraw(by=request.user, event=_event(request, incident, pk))
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, "Withdrawn. It stays in the timeline, struck.")
    return redirect(INCIDENTS.url_of(incident))


@acts("record", "incidents")
def events_key(request: HttpRequest, key: str) -> HttpResponse:
    """Choose one event as key, or no longer; ``event`` is its number, ``on`` or ``off`` what it is to be."""
    incident = load_incident(request, key, "change")
    number, _, wanted = request.POST.get("event", "").partition(":")
    is_number = number.isascii() and number.isdigit() and len(number) < _DIGITS
    event = incident.timeline.filter(pk=int(number) if is_number else 0).first()
    if event is None:
        raise Http404("There is no such event in this timeline.")
    try:
        timeline.choose(event=event, is_key=wanted == "on")
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    if wants_partial(request):
        said = "A key event." if wanted == "on" else "No key event any more."
        return trigger_client_event(HttpResponse(status=204), NOTED, {"said": said})
    return redirect(f"{INCIDENTS.url_of(incident)}#event-{event.pk}")


def _event(request: HttpRequest, incident: Incident, pk: int) -> TimelineEvent:
    """An event of the incident that the reader may correct."""
    user: Any = request.user
    event = incident.timeline.filter(pk=pk).first()
    if event is None:
        raise Http404("There is no such event in this timeline.")
    if event.recorded_by_id != user.pk and not user.has_perm("incidents.change_incident", incident):
        raise PermissionDenied(_OF_ANOTHER)
    return event


def _done(form: Any, act: Any) -> bool:
    """Whether a form was in order and its act went through; the form has the reasons otherwise."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as problem:
        tell(form, problem)
        return False
    return True
