"""Who sees a private incident: letting in and taking out."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from incidents import letting_in
from incidents.acts.forms import LetInForm
from incidents.acts.views import attempt
from incidents.collections import INCIDENTS
from incidents.models import Access, Incident
from incidents.pages import act_page, load_incident
from portal.people.entering import acts
from portal.references.models import Reference


@require_http_methods(["GET", "HEAD", "POST"])
def access(request: HttpRequest, key: str) -> HttpResponse:
    """The access list, and letting people and teams in."""
    incident = _private(request, key)
    form = LetInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        who = form.cleaned_data["who"]
        if attempt(form, lambda: letting_in.let_in(by=request.user, incident=incident, who=who)):
            messages.success(request, f"{', '.join(each.label for each in who)} may see {incident.name}.")
            return redirect("incident-access", key=key)
    rows = Access.objects.filter(incident=incident).select_related("who").order_by("who__kind", "who__label")
    answer = 422 if form.errors else 200
    return act_page(request, incident, form, "Let in", status=answer, template="incidents/access.html", rows=rows)


@acts("record", "incidents")
def take_out(request: HttpRequest, key: str) -> HttpResponse:
    """Let somebody see it no longer."""
    incident = _private(request, key)
    canonical = request.POST.get("who", "").replace("\x00", "")
    who = get_object_or_404(Reference, canonical=canonical, incident_access__incident=incident)
    try:
        letting_in.take_out(by=request.user, incident=incident, who=who)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{who.label} does not see {incident.name} any more.")
    seen = INCIDENTS.visible(request.user).filter(pk=incident.pk).exists()
    return redirect(reverse("incident-access", args=[key]) if seen else INCIDENTS.url)


def _private(request: HttpRequest, key: str) -> Incident:
    incident = load_incident(request, key, "change")
    if not incident.is_private:
        raise Http404(f"{incident.name} is not private: everybody who is signed in sees it.")
    return incident
