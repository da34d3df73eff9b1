"""Accepting a proposal as an initiative, in one click, or into one that is there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.acting import attempt
from portal.collections import get_collection
from portal.crumbs import crumbs_of
from portal.people.entering import acts
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal, State
from portal.saving import version_of
from roadmap.collections import INITIATIVES
from roadmap.initiatives.forms import ToInitiativeForm

STALE = "Somebody changed the proposal in the meantime. Look at it again, then decide."


@acts("collection", "proposals")
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept it: a new initiative has what speaks for it."""
    proposal = _load(request, pk)
    if proposal.state != State.OPEN:
        return _decided(request, proposal)
    form = forms.Form({})
    if done := attempt(form, lambda: _accept(request, proposal)):
        messages.success(request, f"{done.made.name} is made of it, with its evidence.")
        return redirect(INITIATIVES.url_of(done.made))
    told = STALE if hasattr(form, "conflict") else " ".join(map(str, form.non_field_errors()))
    messages.error(request, told)
    return redirect(_home(proposal))


def _accept(request: HttpRequest, proposal: Proposal, into: Any = None, reason: str = "") -> Any:
    """What the proposal has become."""
    by: Any = request.user
    version = version_of(request, proposal)
    return proposals.accept(by=by, proposal=proposal, version=version, into=into, reason=reason)[1]


@require_http_methods(["GET", "HEAD", "POST"])
def take_into(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept it as a part of an initiative that is there: what speaks for it is linked to that one."""
    proposal = _load(request, pk)
    if proposal.state != State.OPEN:
        return _decided(request, proposal)
    form = ToInitiativeForm(request.user, request.POST or None)
    if form.is_bound and form.is_valid():
        into, reason = form.cleaned_data["initiative"], form.cleaned_data["note"]
        if attempt(form, lambda: _accept(request, proposal, into, reason)):
            messages.success(request, f"{into.name} has what speaks for “{proposal}”.")
            return redirect(INITIATIVES.url_of(into))
    if hasattr(form, "conflict"):
        form.add_error(None, STALE)
    title = "Add to an initiative"
    context = {
        "form": form, "title": title, "about": ("proposal", proposal), "kind_label": "Proposal",
        "version": proposal.version, "cancel_url": _home(proposal),
        "crumbs": crumbs_of(_proposals(), (str(proposal), _home(proposal)), (title, request.path)),
    }  # fmt: skip
    return render(request, "roadmap/initiative_new.html", context, status=422 if form.errors else 200)


def _load(request: HttpRequest, pk: int) -> Proposal:
    proposal = get_object_or_404(Proposal.objects.select_related("decided_by__person"), pk=pk)
    if not request.user.has_perm("proposals.change_proposal", proposal):
        raise PermissionDenied("Product managers and administrators decide about proposals.")
    return proposal


def _proposals() -> Any:
    return get_collection("proposals")


def _home(proposal: Proposal) -> str:
    return str(_proposals().url_of(proposal))


def _decided(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    messages.warning(request, proposal.ended_in_words)
    return redirect(_home(proposal))
