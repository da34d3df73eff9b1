"""Deciding on a freeze, saying what it halts, and lifting it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt
from portal.crumbs import crumbs_of
from portal.loading import find_record
from portal.saving import version_of
from roadmap.constraints import actions
from roadmap.constraints.collections import FREEZES
from roadmap.constraints.forms import LiftForm, ScopeForm, new_freeze_form
from roadmap.models import Freeze


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form of a record, and what the freeze halts."""
    user: Any = request.user
    if not FREEZES.may(user, "add"):
        raise PermissionDenied("You may not decide on a freeze. Product managers do.")
    form = new_freeze_form(request.POST if request.method == "POST" else None)
    form.initial.update({name: text for name, text in request.GET.items() if name in form.fields})
    if request.method == "POST" and form.is_valid():
        values = {**form.values, "scope": form.values["halts"]}
        if done := attempt(form, lambda: actions.create_freeze(by=user, values=values)):
            messages.success(request, f"“{done.made}” is in the books. Every plan that it touches shows it.")
            return redirect(FREEZES.url_of(done.made))
    context = {
        "form": form, "title": "New freeze", "submit_label": "Decide on it", "cancel_url": FREEZES.url,
        "description": "Feature work halts until something is true again. What is mended goes on.",
        "crumbs": crumbs_of(FREEZES, ("New freeze", request.path)),
    }  # fmt: skip
    return render(request, "portal/record_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, key: int) -> HttpResponse:
    freeze = _load(request, key)
    form = LiftForm(request.POST if request.method == "POST" else None)
    return _act(
        request, freeze, form, actions.lift, title="Lift the freeze", said="is lifted: features go on.",
        explains=f"It was to end when: {freeze.exit_condition}",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def scope(request: HttpRequest, key: int) -> HttpResponse:
    freeze = _load(request, key)
    held = [each.what for each in freeze.scope.select_related("what").order_by("what__name")]
    form = ScopeForm(request.POST if request.method == "POST" else None, initial={"scope": held})
    return _act(
        request, freeze, form, actions.set_scope, title="Say what it halts", said="halts what you said.",
        explains="A freeze of a team reaches the teams below it.",
    )  # fmt: skip


def _load(request: HttpRequest, key: int) -> Freeze:
    found = find_record(FREEZES, request.user, str(key))
    if not isinstance(found, Freeze):
        raise Http404(f"There is no freeze {key}.")
    if not FREEZES.may(request.user, "change", found):
        raise PermissionDenied(f"You may not change “{found}”. Product managers decide on freezes.")
    return found


def _act(
    request: HttpRequest, freeze: Freeze, form: Any, act: Callable[..., Freeze], *, title: str, said: str, explains: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        values = {"version": version_of(request, freeze), **form.cleaned_data}
        if attempt(form, lambda: act(by=request.user, freeze=freeze, **values)):
            messages.success(request, f"“{freeze}” {said}")
            return redirect(FREEZES.url_of(freeze))
    return act_page(request, form, title, collection=FREEZES, record=freeze, versioned=freeze, explains=explains)
