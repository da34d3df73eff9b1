"""Saying when the five times of an incident were, and mending what the lint asks about."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from incidents import account
from incidents.collections import INCIDENTS
from incidents.models import Point
from incidents.pages import act_page, load_incident
from incidents.times.forms import TimeForm
from incidents.times.saying import set_times
from portal.acting import tell
from portal.people.entering import acts

_WHAT = {
    Point.STARTED: "When users, or systems, first felt it; often long before anybody noticed.",
    Point.DETECTED: "When the first alert fired, or the first person noticed.",
    Point.ACKNOWLEDGED: "When somebody began to work on it.",
    Point.MITIGATED: "When it stopped hurting, whether or not the cause was mended.",
    Point.RESOLVED: "When everything was as it should be again.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def incident_time(request: HttpRequest, key: str, point: str) -> HttpResponse:
    """Say when one of the five times was, or that it is not known."""
    incident = load_incident(request, key, "change")
    if point not in Point.values:
        raise Http404(f"“{point}” is none of the five times: {', '.join(Point.values)}.")
    time = incident.times.filter(point=point).first()
    form = TimeForm(time, request.POST if request.method == "POST" else None)
    version = str(time.version) if time else ""
    if form.is_bound and form.is_valid():
        if request.POST.get("version", version) != version:
            form.add_error(None, "Somebody changed this time in the meantime. Look at it on the incident, then say it.")
        else:
            try:
                set_times(by=request.user, incident=incident, times={point: form.said()})
            except ValidationError as problem:
                tell(form, problem)
            else:
                messages.success(request, f"{Point(point).label} is noted.")
                return redirect(INCIDENTS.url_of(incident))
    return act_page(
        request, incident, form, Point(point).label, template="incidents/time.html", what=_WHAT[Point(point)],
        version=version, status=422 if form.errors else 200,
    )  # fmt: skip


@acts("record", "incidents")
def mend(request: HttpRequest, key: str) -> HttpResponse:
    """Take an answer that the lint offers. It is worked out anew: what was mended meanwhile is not mended twice."""
    incident = load_incident(request, key, "change")
    wanted = (request.POST.get("code", ""), request.POST.get("label", ""))
    answers = {
        (f"{finding.code}:{','.join(finding.points)}", each.label): (finding, each)
        for finding in account.findings(incident)
        for each in finding.mends
    }
    if wanted not in answers:
        messages.info(request, "Somebody mended this already, or the times have changed.")
        return redirect(INCIDENTS.url_of(incident))
    finding, answer = answers[wanted]
    try:
        set_times(by=request.user, incident=incident, times=answer.times)
    except ValidationError as problem:
        messages.error(request, f"Not mended. {' '.join(problem.messages)}")
    else:
        messages.success(request, f"{finding.text} Mended: {answer.label}.")
    return redirect(INCIDENTS.url_of(incident))
