"""Check-ins, corrections and the closing of a cycle."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt
from portal.loading import find_record
from portal.saving import version_of
from roadmap.collections import CYCLES
from roadmap.models import Cycle, KeyResult
from roadmap.okr import actions
from roadmap.okr.collections import KEY_RESULTS
from roadmap.okr.forms import CheckInForm, CloseForm, CorrectForm
from roadmap.okr.showing import way_in_words


@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, key: int) -> HttpResponse:
    """Say how it goes."""
    key_result = _key_result(request, key, "change", "Its team checks in, and product managers do.")
    form = CheckInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        said = {"confidence": form.share, "text": text}
        if attempt(form, lambda: actions.check_in(by=request.user, key_result=key_result, **said)):
            messages.success(request, f"Checked in on {key_result}.")
            return redirect(KEY_RESULTS.url_of(key_result))
    return _key_result_page(request, key_result, form, "Check in", way_in_words(key_result))


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, key: int) -> HttpResponse:
    """Add what a closed key result really had reached."""
    key_result = _key_result(request, key, "correct", "Product managers correct what was closed.")
    form = CorrectForm(key_result, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        inside = None if told.get("share_inside") is None else told["share_inside"] / 100
        said = {"value": told["value"], "note": told["note"], "share_inside": inside}
        if attempt(form, lambda: actions.correct(by=request.user, key_result=key_result, **said)):
            messages.success(request, f"Corrected {key_result}. What was closed stands beside it.")
            return redirect(KEY_RESULTS.url_of(key_result))
    explains = f"{key_result.objective.cycle} is closed. A correction is added, and counts from now on."
    return _key_result_page(request, key_result, form, "Correct", explains)


def _key_result(request: HttpRequest, key: int, act: str, who: str) -> KeyResult:
    found = find_record(KEY_RESULTS, request.user, str(key))
    if not isinstance(found, KeyResult):
        raise Http404(f"There is no key result {key}.")
    user: Any = request.user
    if not user.has_perm(f"roadmap.{act}_keyresult", found):
        closed = found.objective.cycle.closed_at is not None and act == "change"
        told = f"{found.objective.cycle} is closed, and its values stand." if closed else who
        raise PermissionDenied(f"You may not {act} “{found}”. {told}")
    return found


def _key_result_page(request: HttpRequest, key_result: KeyResult, form: Any, title: str, explains: str) -> HttpResponse:
    return act_page(request, form, title, collection=KEY_RESULTS, record=key_result, explains=explains)


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, key: int) -> HttpResponse:
    """Keep what every key result of a cycle has reached."""
    cycle = find_record(CYCLES, request.user, str(key))
    if not isinstance(cycle, Cycle):
        raise Http404(f"There is no cycle {key}.")
    user: Any = request.user
    if not user.has_perm("roadmap.close_cycle", cycle):
        raise PermissionDenied(f"You may not close {cycle}. Product managers do.")
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        version = version_of(request, cycle)
        if attempt(form, lambda: actions.close_cycle(by=request.user, cycle=cycle, version=version)):
            messages.success(request, f"Closed {cycle}. Its values stand; a correction is added beside them.")
            return redirect(CYCLES.url_of(cycle))
    return act_page(
        request, form, "Close the cycle", collection=CYCLES, record=cycle, versioned=cycle, label="Close it",
        explains="What every key result has reached on the last day is kept. From then on objectives of this cycle are "
        "not changed; a value that turns out wrong is corrected by another one beside it, with a note.",
    )  # fmt: skip
