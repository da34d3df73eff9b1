"""Saying what an initiative waits for, taking it back, and the page of all that waits."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from portal.acting import act_page, attempt
from portal.people.entering import acts
from roadmap.collections import INITIATIVES
from roadmap.initiatives.pages import load_initiative
from roadmap.models import Dependency
from roadmap.views import actions
from roadmap.views.forms import DependencyForm
from roadmap.views.moving import problems_of
from roadmap.views.reading import Asked, Shape, show
from roadmap.views.waiting_page import page_of

# Where the panel stands on the page of an initiative.
PANEL = "roadmapinitiative-dependencies"


def _content(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    return {"waiting": page_of(asked)}


DEPENDENCIES = Shape("initiatives-dependencies", "Dependencies", "roadmap/dependencies.html", _content, {}, most=0)


@require_safe
def dependencies(request: HttpRequest) -> HttpResponse:
    """Every dependency of the initiatives that the query string asks for; table first, picture second."""
    return show(request, DEPENDENCIES)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, key: str) -> HttpResponse:
    """Say that this initiative waits for another one."""
    initiative = load_initiative(request, key)
    form = DependencyForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if done := attempt(form, lambda: actions.add_dependency(by=request.user, after=initiative, **said)):
            messages.success(request, f"{done.made}.")
            for told in problems_of(request.user, done.made.after):
                messages.warning(request, f"{told}.")
            return redirect(f"{INITIATIVES.url_of(initiative)}#{PANEL}")
    title = f"What {initiative.name} waits for"
    return act_page(request, form, title, collection=INITIATIVES, record=initiative, label="Add dependency")


@acts("record", "initiatives")
def remove(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take back that this initiative waits for another one."""
    initiative = load_initiative(request, key)
    found = Dependency.objects.visible(request.user).filter(after=initiative, pk=pk).select_related("before").first()
    if found is None:
        raise Http404(f"{initiative.name} has no such dependency, or no longer.")
    actions.remove_dependency(by=request.user, record=found)
    messages.success(request, f"{initiative.name} no longer waits for {found.before.name}.")
    return redirect(f"{INITIATIVES.url_of(initiative)}#{PANEL}")
