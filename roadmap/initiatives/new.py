"""Making an initiative on its page, public or private, and from the page of what it is to be about."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.acting import attempt, tell
from portal.crumbs import crumbs_of
from roadmap import making
from roadmap.collections import INITIATIVES
from roadmap.initiatives import actions
from roadmap.initiatives.finding import KINDS, find_thing
from roadmap.initiatives.forms import ToInitiativeForm, new_form
from roadmap.models import OVER, Initiative, Link

_FILLED = ("title", "problem", "category", "team")
_LONGEST = 400
# What the address calls the thing that it begins with.
ABOUT = ("kind", "thing")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, filled in from the address, and making; ``kind`` and ``thing`` name what it is linked to at once."""
    if not INITIATIVES.may(request.user, "add"):
        raise PermissionDenied("An initiative is written down by whoever is in a team, or plans the roadmap.")
    about = _about(request)
    sent = request.POST if request.method == "POST" else None
    form = new_form(sent, initial={**INITIATIVES.first_values, **_asked(request)})
    if sent is not None and form.is_valid():
        try:
            made = _make(request, form, about)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"{made.name} is made.")
            return redirect(INITIATIVES.url_of(made))
    context = {
        "form": form, "title": "New initiative", "about": about, "cancel_url": INITIATIVES.url,
        "kind_label": KINDS[about[0]][0] if about else "",
        "crumbs": crumbs_of(INITIATIVES, ("New initiative", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/initiative_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _make(request: HttpRequest, form: Any, about: tuple[str, Any] | None) -> Initiative:
    values = INITIATIVES.as_listed(form.values)
    made = making.make_told(by=request.user, values=values, kind=INITIATIVES.kinds[0])
    if about:
        actions.link(by=request.user, initiative=made, kind=about[0], thing=about[1])
    return made


def _asked(request: HttpRequest) -> dict[str, str]:
    if unknown := sorted(set(request.GET) - {*_FILLED, *ABOUT}):
        names = ", ".join((*_FILLED, *ABOUT))
        raise BadRequest(f"An initiative is begun with {names} in its address, not “{unknown[0][:60]}”.")
    return {name: request.GET[name].replace("\x00", "")[:_LONGEST] for name in _FILLED if name in request.GET}


def _about(request: HttpRequest) -> tuple[str, Any] | None:
    """Kind and thing that the address names. Raises BadRequest where there is none such, or none for the reader."""
    kind, text = (request.GET.get(name, "").replace("\x00", "")[:_LONGEST] for name in ABOUT)
    if not (kind or text):
        return None
    try:
        return kind, find_thing(request.user, kind, text)
    except ValidationError as problem:
        raise BadRequest(" ".join(problem.messages)) from None


@require_http_methods(["GET", "HEAD", "POST"])
def link_to(request: HttpRequest) -> HttpResponse:
    """Link what the address names, such as a service, to an initiative that is there already."""
    about = _about(request)
    if about is None:
        raise BadRequest("Say in the address what is linked: kind=service&thing=checkout-api.")
    form = ToInitiativeForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        to, note = form.cleaned_data["initiative"], form.cleaned_data["note"]
        kind, thing = about
        if attempt(form, lambda: actions.link(by=request.user, initiative=to, kind=kind, thing=thing, note=note)):
            messages.success(request, f"{to.name} is linked to {about[1]}.")
            return redirect(INITIATIVES.url_of(to))
    title = "Link to an initiative"
    context = {
        "form": form, "title": title, "about": about, "kind_label": KINDS[about[0]][0], "cancel_url": INITIATIVES.url,
        "crumbs": crumbs_of(INITIATIVES, (title, request.path)),
    }  # fmt: skip
    return render(request, "roadmap/initiative_new.html", context, status=422 if form.errors else 200)


def initiatives_of(reader: Any, kind: str, thing: Any) -> list[Initiative]:
    """The initiatives linked to a thing, as far as the reader may see them, those that go on first."""
    links = Link.objects.visible(reader).filter(**{kind: thing})
    found = Initiative.objects.filter(links__in=links).select_related("team", "state", "reference")
    return sorted(found, key=lambda each: (each.status in OVER, str(each.starts_on or "9"), each.pk))
