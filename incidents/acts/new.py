"""Declaring an incident from any page, with what is known of the services that it hits beside the form."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from incidents import declaring
from incidents.acts.forms import DeclareForm
from incidents.acts.known import known_of
from incidents.collections import INCIDENTS
from incidents.models import HIT, IncidentKind
from incidents.similar import similar
from portal.acting import tell
from portal.crumbs import crumbs_of
from portal.references.finding import find_reference
from portal.references.models import Reference

# What an address may fill in; ``service`` may stand several times.
_FILLED = ("title", "summary", "kind")
_MOST_SERVICES = 20
_LONGEST = 400


@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """The form, and declaring. ``look``, which a reader without script sends, only shows what is known."""
    if request.method != "POST":
        return _page(request, DeclareForm(initial=_asked(request)))
    if "look" in request.POST:
        return _page(request, DeclareForm(initial=request.POST.dict()))
    form = DeclareForm(request.POST)
    if form.is_valid():
        try:
            made = declaring.declare_told(by=request.user, values=_values(form), kind=INCIDENTS.kinds[0])
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"{made.name} is declared.")
            return redirect(INCIDENTS.url_of(made))
    return _page(request, form, status=422)


@require_safe
def known(request: HttpRequest) -> HttpResponse:
    """What is known of the services and words that stand in the form so far, as a part of its page."""
    title, services = _text(request, "title"), _services(_text(request, "services").split(","))
    return render(request, "incidents/_known_aside.html", _known(request, title, services))


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the address fills in. Raises BadRequest for what it cannot."""
    if unknown := sorted(set(request.GET) - {*_FILLED, "service"}):
        names = ", ".join(("service", *_FILLED))
        raise BadRequest(f"An incident is declared with {names} in its address, not “{unknown[0][:60]}”.")
    if (kind := request.GET.get("kind", "")) and kind not in IncidentKind.values:
        raise BadRequest(f"There is no kind “{kind[:40]}”. There are: {', '.join(IncidentKind.values)}.")
    filled = {name: _text(request, name) for name in _FILLED if name in request.GET}
    named = [each.replace("\x00", "") for each in request.GET.getlist("service")[:_MOST_SERVICES]]
    return {"services": [*_services(named), *(each for each in named if not _services([each]))], **filled}


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "")[:_LONGEST]


def _values(form: DeclareForm) -> dict[str, Any]:
    """What was said; what was left open is left to the action."""
    return {name: value for name, value in form.cleaned_data.items() if value not in (None, "", [])}


def _page(request: HttpRequest, form: DeclareForm, status: int = 200) -> HttpResponse:
    title = "Report a near miss" if form.is_near_miss else "Declare an incident"
    services = _services(form["services"].value().split(","))
    context = {
        "form": form, "title": title, "crumbs": crumbs_of(INCIDENTS, (title, request.path)),
        **_known(request, str(form["title"].value() or ""), services),
    }  # fmt: skip
    response = render(request, "incidents/declare.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _services(texts: Iterable[str]) -> list[Reference]:
    """Those of the names that are one; the form says what is wrong with the others when it is sent."""
    found = []
    for text in [each.strip() for each in texts if each.strip()][:_MOST_SERVICES]:
        try:
            found.append(find_reference(text[:_LONGEST], HIT))
        except ValidationError:
            continue
    return list(dict.fromkeys(found))


def _known(request: HttpRequest, title: str, services: list[Reference]) -> dict[str, Any]:
    pks = [each.pk for each in services]
    alike = similar(request.user, title=title, services=pks)
    return {
        "services": services,
        "known": known_of(pks, request.user),
        "similar": [each for each in alike if not each.is_open],
        "open": [each for each in alike if each.is_open],
        "owner": declaring.owner_of(services),
    }
