"""Deciding about a proposal."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from portal.acting import tell
from portal.actions import Conflict
from portal.collections import collection_of, get_collection
from portal.crumbs import crumbs_of
from portal.proposals.forms import DecisionForm
from portal.proposals.models import Proposal, State
from portal.saving import version_of


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept, decline or merge an open proposal."""
    proposal = get_object_or_404(Proposal.objects.select_related("decided_by__person"), pk=pk)
    if not request.user.has_perm("proposals.change_proposal", proposal):
        raise PermissionDenied("Product managers and administrators decide about proposals.")
    collection: Any = get_collection("proposals")
    address = collection.url_of(proposal)
    if proposal.state != State.OPEN:
        messages.warning(request, proposal.ended_in_words)
        return redirect(address)
    asked = {"decision": request.GET.get("decision", "")}
    form = DecisionForm(proposal, request.POST if request.method == "POST" else None, initial=asked)
    if request.method == "POST" and form.is_valid() and _save(request, proposal, form):
        messages.success(request, f"{proposal} is {_done(form)}.")
        home = collection_of(form.made) if form.made else None
        return redirect(home.url_of(form.made) if home else address)
    context = {
        "proposal": proposal,
        "form": form,
        "cancel_url": address,
        "crumbs": crumbs_of(collection, (str(proposal), address), ("Decide", request.path)),
    }
    return render(request, "proposals/decide.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, proposal: Proposal, form: DecisionForm) -> bool:
    by: Any = request.user
    try:
        form.save(by=by, version=version_of(request, proposal))
    except ValidationError as problem:
        tell(form, problem)
        return False
    except Conflict:
        form.add_error(None, "Somebody changed it in the meantime. Look at it again, then decide.")
        return False
    return True


def _done(form: DecisionForm) -> str:
    return {"accept": "accepted", "decline": "declined", "merge": "merged"}[form.cleaned_data["decision"]]
