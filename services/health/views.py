"""Acts on checks that are not editing one, and the address a heartbeat pings."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.collections import collection_of, reference_url
from portal.people.entering import acts
from services.health import heartbeats
from services.health.forms import QuestionForm
from services.health.models import Check, CheckKind, Outcome
from services.health.scheduler import ask_once, run_now
from services.health.targets import target_of
from services.health.throttle import MOST, may_ask

# Whoever waits for it looks at the page meanwhile, and occupies a thread of the web server.
PATIENCE_MS = 10_000
_LOOKS = {Outcome.UP: "ok", Outcome.DEGRADED: "warn", Outcome.DOWN: "bad", Outcome.LATE: "idle"}


@acts("record", "checks")
def run_check(request: HttpRequest, key: int) -> HttpResponse:
    """Ask now, besides the schedule, and record what comes."""
    check = get_object_or_404(Check.objects.select_related("entity__reference", "entity__owner"), pk=key)
    reader: Any = request.user
    if not reader.has_perm("health.change_check", check):
        raise PermissionDenied(f"You may not run {check}: it belongs to another team.")
    if check.kind == CheckKind.HEARTBEAT or not check.is_active:
        why = "It is switched off" if not check.is_active else "A heartbeat waits for pings; there is nothing to ask"
        return _shown(request, check.name, "idle", f"{why}.", status=422)
    if not may_ask(reader):
        return _too_often(request, check.name)
    answer = run_now(check, PATIENCE_MS)
    words = _words(answer.outcome, answer.reason, answer.latency_ms)
    if request.headers.get("HX-Request"):
        return _shown(request, check.name, _LOOKS[answer.outcome], words)
    messages.info(request, f"{check}: {words}")
    collection = collection_of(check)
    return redirect(collection.url_of(check) if collection else reference_url(check.entity.reference.canonical))


@acts("collection", "checks")
def test_check(request: HttpRequest) -> HttpResponse:
    """Ask what the values of a form would ask, write nothing, and say what came."""
    reader: Any = request.user
    if not reader.has_perm("health.add_check"):
        raise PermissionDenied("You may not have the portal ask an address: you are in no team.")
    if not may_ask(reader):
        return _too_often(request, "Test")
    form = QuestionForm(request.POST)
    if not form.is_valid():
        problems = " ".join(str(text) for errors in form.errors.values() for text in errors)
        return _shown(request, "Test", "bad", problems, status=422)
    said = ask_once(target_of(form.instance), PATIENCE_MS)
    return _shown(request, "Test", _LOOKS[said.outcome], _words(said.outcome, said.reason, said.latency_ms))


def _words(outcome: Outcome, reason: str, latency_ms: float | None) -> str:
    took = f", in {latency_ms:,.0f} ms" if latency_ms is not None and "took" not in reason else ""
    word = "Nothing was asked" if outcome == Outcome.LATE else outcome.label
    return f"{word}: {reason.removeprefix('not asked: ')}{took}."


def _too_often(request: HttpRequest, title: str) -> HttpResponse:
    return _shown(request, title, "warn", f"You asked {MOST} times within a minute. Wait a moment.", status=429)


def _shown(request: HttpRequest, title: str, look: str, words: str, status: int = 200) -> HttpResponse:
    template = "health/_answer.html" if request.headers.get("HX-Request") else "health/answer.html"
    return render(request, template, {"title": title, "look": look, "words": words}, status=status)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def heartbeat(request: HttpRequest, token: str) -> HttpResponse:
    """A job says that it lives. Whoever has the address may; it is answered with nothing, or with 404."""
    if heartbeats.ping(token):
        return HttpResponse(status=204)
    return HttpResponse("There is no active heartbeat at this address.\n", status=404, content_type="text/plain")
