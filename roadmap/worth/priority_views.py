"""The forms of what speaks for one initiative: the inputs of its scores, and its claims."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.crumbs import crumbs_of
from portal.forms import make_form
from roadmap.collections import INITIATIVES
from roadmap.models import Initiative
from roadmap.worth import returns, scores
from roadmap.worth.acting import attempt, form_page
from roadmap.worth.collections import CLAIMS
from roadmap.worth.evidence import found_for
from roadmap.worth.priority_forms import InputsForm


def load(request: HttpRequest, key: str) -> Initiative:
    """The initiative, where the reader may see it and change it: 404 and 403 otherwise."""
    user: Any = request.user
    rows = INITIATIVES.visible(user).select_related("reference", "state", "team", "owner")
    initiative = rows.filter(INITIATIVES.key_condition(key)).first()
    if initiative is None:
        raise Http404(f"There is no initiative {key}.")
    if not user.has_perm("roadmap.change_initiative", initiative):
        raise PermissionDenied(f"You may not change {initiative}. Whoever owns it and product managers may.")
    return initiative


@require_http_methods(["GET", "HEAD", "POST"])
def inputs(request: HttpRequest, key: str) -> HttpResponse:
    """What the scores of one initiative are made of, beside what the evidence says."""
    initiative = load(request, key)
    form = InputsForm(initiative, found_for(initiative), request.POST if request.method == "POST" else None)
    address = INITIATIVES.url_of(initiative)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            request, form,
            lambda: scores.say_all(by=request.user, initiative=initiative, said=form.said, versions=form.versions),
        )  # fmt: skip
        if done is not None:
            messages.success(request, f"Said what speaks for {initiative}.")
            return redirect(f"{address}#roadmapinitiative-priority")
    conflict = getattr(form, "conflict", None)
    if conflict is not None:
        form.follow(conflict)
    context = {
        "form": form, "initiative": initiative, "cancel_url": address,
        "groups": [(name, form.rows(factors)) for name, factors in scores.SCORES.values()],
        "crumbs": crumbs_of(INITIATIVES, (str(initiative), address), ("Priority", request.path)),
    }  # fmt: skip
    status = 409 if conflict is not None else 422 if form.errors else 200
    return render(request, "roadmap/priority_inputs.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, key: str) -> HttpResponse:
    """Say what one initiative claims to remove each month."""
    initiative = load(request, key)
    form = make_form(CLAIMS, data=request.POST if request.method == "POST" else None)
    del form.fields["initiative"]
    address = INITIATIVES.url_of(initiative)
    if request.method == "POST" and form.is_valid():
        values = {**form.values, "initiative": initiative}
        made = attempt(request, form, lambda: returns.claim(by=request.user, values=values))
        if made is not None:
            messages.success(request, f"{initiative.name} claims {made}.")
            return redirect(f"{address}#roadmapinitiative-return")
    return form_page(request, form, {
        "title": "What it claims to remove", "subject": initiative, "label": "Claim it", "cancel_url": address,
        "explains": "Each month, once it is delivered. With a metric, the portal finds out whether it came true.",
        "crumbs": crumbs_of(INITIATIVES, (str(initiative), address), ("Claim", request.path)),
    })  # fmt: skip
