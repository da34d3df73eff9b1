"""Priorities: what speaks for the order of initiatives, and the forms of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.crumbs import crumbs_of
from portal.forms import make_form
from roadmap.collections import INITIATIVES
from roadmap.models import Factor, Initiative, PriorityInput
from roadmap.worth import returns, scores
from roadmap.worth.acting import attempt, form_page
from roadmap.worth.collections import CLAIMS
from roadmap.worth.evidence import found_for
from roadmap.worth.priority_forms import InputsForm

MOST = 200
SCORES = {"rice": ("RICE", scores.RICE), "wsjf": ("WSJF", scores.WSJF)}


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
        "groups": [(name, form.rows(factors)) for name, factors in SCORES.values()],
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


@require_safe
def priorities(request: HttpRequest) -> HttpResponse:
    """What goes on or is to come, by one of the two scores, with all inputs."""
    by = request.GET.get("by", "rice")
    if by not in SCORES:
        raise BadRequest(f"by={by[:40]}: there are the scores {' and '.join(SCORES)}.")
    rows = Initiative.objects.visible(request.user).going_on().select_related("reference", "state", "team")
    ordered = rows.order_by(F(f"state__{by}").desc(nulls_last=True), "pk")
    shown = list(ordered[: MOST + 1])
    said = _said(shown)
    name, factors = SCORES[by]
    context = {
        "rows": [_row(each, said.get(each.pk, {}), by, factors) for each in shown[:MOST]],
        "by": by, "name": name, "factors": [each.label for each in factors], "is_cut": len(shown) > MOST, "most": MOST,
        "choices": [(each, label) for each, (label, _) in SCORES.items()],
        "crumbs": crumbs_of(INITIATIVES, ("Priorities", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/priorities.html", context)


def _said(rows: Sequence[Initiative]) -> Mapping[int, dict[str, PriorityInput]]:
    found: dict[int, dict[str, PriorityInput]] = {}
    for each in PriorityInput.objects.filter(initiative__in=[row.pk for row in rows]):
        found.setdefault(each.initiative_id, {})[each.factor] = each
    return found


def _row(
    initiative: Initiative, said: Mapping[str, PriorityInput], by: str, factors: tuple[Factor, ...]
) -> dict[str, Any]:
    known = {factor: each.value for factor, each in said.items()}
    return {
        "initiative": initiative, "url": INITIATIVES.url_of(initiative), "score": getattr(initiative.state, by),
        "inputs": [(each.label, said.get(each)) for each in factors],
        "missing": ", ".join(scores.missing(known, factors)),
    }  # fmt: skip
