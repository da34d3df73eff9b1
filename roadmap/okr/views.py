"""Check-ins, corrections and the closing of a cycle."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incidents.pages import tell
from portal.actions import Conflict
from portal.crumbs import crumbs_of
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
        try:
            actions.check_in(by=request.user, key_result=key_result, confidence=form.share, text=text)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"Checked in on {key_result}.")
            return redirect(KEY_RESULTS.url_of(key_result))
    return _key_result_page(request, key_result, form, "Check in", way_in_words(key_result))


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, key: int) -> HttpResponse:
    """Add what a closed key result really had reached."""
    key_result = _key_result(request, key, "correct", "Product managers correct what was closed.")
    form = CorrectForm(key_result, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        inside = None if said.get("inside") is None else said["inside"] / 100
        try:
            actions.correct(
                by=request.user, key_result=key_result, value=said["value"], note=said["note"], share_inside=inside
            )
        except ValidationError as problem:
            tell(form, problem)
        else:
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
    address = KEY_RESULTS.url_of(key_result)
    return _page(request, form, {
        "title": title, "subject": key_result, "explains": explains, "label": title, "cancel_url": address,
        "crumbs": crumbs_of(KEY_RESULTS, (str(key_result), address), (title, request.path)),
    })  # fmt: skip


def _page(request: HttpRequest, form: Any, context: dict[str, Any], status: int = 0) -> HttpResponse:
    status = status or (422 if form.errors else 200)
    return render(request, "roadmap/act.html", {"form": form, **context}, status=status)


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
    if request.method == "POST" and form.is_valid() and _closed(request, cycle, form):
        messages.success(request, f"Closed {cycle}. Its values stand; a correction is added beside them.")
        return redirect(CYCLES.url_of(cycle))
    address = CYCLES.url_of(cycle)
    return _page(request, form, {
        "title": "Close the cycle", "subject": cycle, "label": "Close it", "version": version_of(request, cycle),
        "explains": "What every key result has reached on the last day is kept. From then on objectives of this cycle "
                    "are not changed; a value that turns out wrong is corrected by another one beside it, with a note.",
        "cancel_url": address, "crumbs": crumbs_of(CYCLES, (str(cycle), address), ("Close", request.path)),
    })  # fmt: skip


def _closed(request: HttpRequest, cycle: Cycle, form: Any) -> bool:
    try:
        actions.close_cycle(by=request.user, cycle=cycle, version=version_of(request, cycle))
    except ValidationError as problem:
        tell(form, problem)
    except Conflict:
        form.add_error(None, "Somebody changed the cycle in the meantime. Look at it again, then close it.")
    return not form.errors
