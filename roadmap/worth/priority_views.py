"""The forms of what speaks for one initiative: the inputs of its scores, and its claims."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt, status_of, who_was_first
from portal.crumbs import crumbs_of
from portal.forms import make_form
from roadmap.collections import INITIATIVES
from roadmap.initiatives.pages import load_initiative
from roadmap.worth import returns, scores
from roadmap.worth.collections import CLAIMS
from roadmap.worth.evidence import found_for
from roadmap.worth.priority_forms import InputsForm


@require_http_methods(["GET", "HEAD", "POST"])
def inputs(request: HttpRequest, key: str) -> HttpResponse:
    """What the scores of one initiative are made of, beside what the evidence says."""
    initiative = load_initiative(request, key)
    form = InputsForm(initiative, found_for(initiative), request.POST if request.method == "POST" else None)
    address = INITIATIVES.url_of(initiative)
    if request.method == "POST" and form.is_valid():
        said, versions = form.said, form.versions
        act = partial(scores.say_all, by=request.user, initiative=initiative, said=said, versions=versions)
        if attempt(form, act):
            messages.success(request, f"Said what speaks for {initiative}.")
            return redirect(f"{address}#roadmapinitiative-priority")
    if conflict := getattr(form, "conflict", None):
        form.follow(conflict.current)
    context = {
        "form": form, "initiative": initiative, "cancel_url": address,
        "groups": [(name, form.rows(factors)) for name, factors in scores.SCORES.values()],
        "crumbs": crumbs_of(INITIATIVES, (str(initiative), address), ("Priority", request.path)),
        **who_was_first(form, request.user),
    }  # fmt: skip
    return render(request, "roadmap/priority_inputs.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, key: str) -> HttpResponse:
    """Say what one initiative claims to remove each month."""
    initiative = load_initiative(request, key)
    form = make_form(CLAIMS, data=request.POST if request.method == "POST" else None, reader=request.user)
    del form.fields["initiative"]
    form.instance.initiative = initiative
    address = INITIATIVES.url_of(initiative)
    if request.method == "POST" and form.is_valid():
        values = {**form.values, "initiative": initiative}
        if done := attempt(form, lambda: returns.claim(by=request.user, values=values)):
            messages.success(request, f"{initiative.name} claims {done.made}.")
            return redirect(f"{address}#roadmapinitiative-return")
    return act_page(
        request, form, "What it claims to remove", collection=INITIATIVES, record=initiative, label="Claim it",
        explains="Each month, once it is delivered. With a metric, the portal finds out whether it came true.",
    )  # fmt: skip
