"""Acts on checks that are not editing one, and the address a heartbeat pings."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.crumbs import crumbs_of
from portal.forms import make_form
from portal.people.entering import acts
from portal.saving import base_of
from services.health import actions, heartbeats
from services.health.answers import TOO_OFTEN, show_answer, too_often
from services.health.collections import CHECKS
from services.health.forms import QuestionForm
from services.health.hysteresis import Answer
from services.health.looks import look_of_outcome
from services.health.models import Check, CheckKind, Outcome
from services.health.probes import Said
from services.health.scheduler import ask_once, run_now
from services.health.targets import Target, target_of
from services.health.throttle import may_ask

# Whoever waits for it looks at the page meanwhile, and occupies a thread of the web server.
PATIENCE_MS = 10_000
_LEVELS = {
    Outcome.UP: messages.SUCCESS,
    Outcome.DEGRADED: messages.WARNING,
    Outcome.DOWN: messages.ERROR,
    Outcome.LATE: messages.INFO,
}


@acts("record", "checks")
def run_check(request: HttpRequest, key: int) -> HttpResponse:
    """Ask now, besides the schedule, and record what comes."""
    check = get_object_or_404(Check.objects.select_related("entity__reference", "entity__owner"), pk=key)
    reader: Any = request.user
    if not reader.has_perm("health.change_check", check):
        raise PermissionDenied(f"You may not run {check}: it belongs to another team.")
    if check.kind == CheckKind.HEARTBEAT or not check.is_active:
        why = "It is switched off" if not check.is_active else "A heartbeat waits for pings; there is nothing to ask"
        return show_answer(request, CHECKS, check, "idle", f"{why}.", status=422)
    if not may_ask(reader):
        return too_often(request, CHECKS, check)
    answer = run_now(check, PATIENCE_MS)
    words = _words(answer) if answer else f"{_too_slow(check)} Nothing is recorded; its schedule will tell."
    if request.headers.get("HX-Request"):
        look = look_of_outcome(answer.outcome) if answer else "idle"
        return show_answer(request, CHECKS, check, look, words)
    level = _LEVELS[Outcome(answer.outcome)] if answer else messages.INFO
    messages.add_message(request, level, f"{check}: {words}")
    return redirect(CHECKS.url_of(check))


@acts("collection", "checks")
def test_check(request: HttpRequest) -> HttpResponse:
    """Ask what the values of a form would ask, write nothing, and say what came: in place, or above the form again."""
    reader: Any = request.user
    if not reader.has_perm("health.add_check"):
        raise PermissionDenied("You may not have the portal ask an address: you are in no team.")
    if not may_ask(reader):
        return _tried(request, "warn", TOO_OFTEN, status=429)
    form = QuestionForm(request.POST)
    try:
        target = _target_of(request, form) if form.is_valid() else None
    except ValidationError as problem:
        form.add_error(None, problem.messages)
    if form.errors or target is None:
        return _tried(request, "bad", _problems(form), status=422)
    said = ask_once(target, PATIENCE_MS)
    look = look_of_outcome(said.outcome) if said else "idle"
    words = _words(said) if said else f"{_too_slow(target)} Once saved, its schedule will tell."
    return _tried(request, look, words)


def _tried(request: HttpRequest, look: str, words: str, status: int = 200) -> HttpResponse:
    """The answer by itself where a script shows it beside what is typed; otherwise above the form, filled as it was."""
    if request.headers.get("HX-Request"):
        return show_answer(request, CHECKS, "Test", look, words, status)
    check = _edited(request)
    form = make_form(CHECKS, check, request.POST)
    title = f"Edit {check}" if check else f"New {CHECKS.title_one}"
    home = CHECKS.url_of(check) if check else CHECKS.url
    # What is still missing is said when it is saved.
    form.errors.clear()
    context = {
        "title": title, "submit_label": "Save" if check else f"Make {CHECKS.title_one}", "form": form,
        "base": base_of(request, form), "cancel_url": home, "trial_url": request.get_full_path(),
        "action": f"{home}edit/" if check else f"{home}-/new/", "crumbs": crumbs_of(CHECKS, (title, "")),
        "tried": render_to_string("health/_answer.html", {"title": "Test", "look": look, "words": words}),
    }  # fmt: skip
    return render(request, "portal/record_form.html", context, status=status)


def _edited(request: HttpRequest) -> Check | None:
    """The check whose form it is, if the reader may change it."""
    key = request.GET.get("of", "")
    check = Check.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    return check if check and request.user.has_perm("health.change_check", check) else None


def _problems(form: QuestionForm) -> str:
    """What cannot be asked, each with the name of its field as the form has it."""
    labels = {name: f"{field.label}: " for name, field in form.fields.items()}
    return " ".join(f"{labels.get(name, '')}{text}" for name, texts in form.errors.items() for text in texts)


def _target_of(request: HttpRequest, form: QuestionForm) -> Target:
    """What the form would ask. Masked headers stand for those of the check that is edited, for whoever may edit it.

    Raises ValidationError for a mask that stands for nothing.
    """
    question = form.instance
    edited = _edited(request) or Check(address=question.address)
    values = {"address": question.address, "headers": question.headers}
    question.headers = actions.with_kept_headers(edited, values)["headers"]
    return target_of(question)


@acts("record", "checks")
def renew_heartbeat(request: HttpRequest, key: int) -> HttpResponse:
    """Give a heartbeat another address; the former one is turned away from now on."""
    check = get_object_or_404(Check.objects.select_related("entity__reference", "entity__owner"), pk=key)
    reader: Any = request.user
    if not reader.has_perm("health.change_check", check):
        raise PermissionDenied(f"You may not change the address of {check}: it belongs to another team.")
    if check.kind != CheckKind.HEARTBEAT:
        raise Http404(f"{check} has no address that is pinged.")
    actions.renew_token(by=reader, record=check)
    messages.success(request, f"{check} has another address. The former one is turned away from now on.")
    return redirect(CHECKS.url_of(check))


def _words(said: Said | Answer) -> str:
    took = f", in {said.latency_ms:,.0f} ms" if said.latency_ms is not None and "took" not in said.reason else ""
    word = "Nothing was asked" if said.outcome == Outcome.LATE else said.outcome.label
    return f"{word}: {said.reason.removeprefix('not asked: ')}{took}."


def _too_slow(asked: Check | Target) -> str:
    """What is known where only whoever waits ran out of time."""
    seconds = f"{asked.timeout_ms / 1000:g} s"
    return f"No answer within {PATIENCE_MS // 1000} s, which is no failure: the check waits up to {seconds}."


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def heartbeat(request: HttpRequest, token: str) -> HttpResponse:
    """A job says that it lives. Whoever has the address may; it is answered with nothing, or with 404."""
    if heartbeats.ping(token):
        return HttpResponse(status=204)
    return HttpResponse("There is no active heartbeat at this address.\n", status=404, content_type="text/plain")
