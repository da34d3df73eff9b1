"""The page that posts a status update, with what the leak check asks; and acts on feeds."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from incidents.collections import INCIDENTS
from incidents.models import Incident, StatusFeed
from incidents.pages import act_page, load_incident
from incidents.status_texts.collections import FEEDS
from incidents.status_texts.feeds import renew
from incidents.status_texts.forms import StatusTextForm
from incidents.status_texts.leaks import Leak, instead
from incidents.status_texts.posting import leaks_in, post
from portal.acting import tell
from portal.people.entering import acts

_CHECKED = ("public_title", "public_text")
# Letters before and after a finding that say where it stands.
_AROUND = 30


@require_http_methods(["GET", "HEAD", "POST"])
def update(request: HttpRequest, key: str) -> HttpResponse:
    """Write an update. What the check points out is shown first, with what to say instead; publishing it all the same
    takes a second click, on a button that stands for exactly these words."""
    incident = load_incident(request, key, "change")
    form = StatusTextForm(incident, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, incident, form)
    if replacement := request.POST.get("instead", ""):
        return _page(request, incident, _with_offer(incident, form, replacement), asked=True)
    leaks = _leaks(form)
    if any(leaks.values()) and request.POST.get("words") != _digest(form):
        return _page(request, incident, form, asked=True)
    try:
        post(by=request.user, incident=incident, **form.cleaned_data)
    except ValidationError as problem:
        tell(form, problem)
        return _page(request, incident, form)
    messages.success(request, f"The update of {incident.name} is posted.")
    return redirect(INCIDENTS.url_of(incident))


def _leaks(form: Any) -> dict[str, list[Leak]]:
    """The findings of each public text; none where nothing is told outside."""
    data = form.cleaned_data
    if not data.get("public_text", "").strip():
        return {}
    return dict(zip(_CHECKED, leaks_in(*(data[name] for name in _CHECKED)), strict=True))


def _digest(form: Any) -> str:
    """What stands for the public words as they are: other words ask for another click."""
    words = "\n".join(form.cleaned_data.get(name, "") for name in _CHECKED)
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _with_offer(incident: Incident, form: Any, replacement: str) -> Any:
    """The form with an offer taken: ``public_text:2`` is the third finding of that text. One that is not there any
    more changes nothing."""
    name, _, number = replacement.partition(":")
    found = _leaks(form).get(name, [])
    data = form.data.copy()
    if number.isdecimal() and int(number) < len(found):
        data[name] = instead(form.cleaned_data[name], found[int(number)])
    taken = StatusTextForm(incident, data)
    taken.is_valid()
    return taken


def _page(request: HttpRequest, incident: Incident, form: Any, asked: bool = False) -> HttpResponse:
    leaks = _leaks(form) if form.is_bound and form.is_valid() else {}
    found = [
        {"field": form[name], "leak": leak, "value": f"{name}:{at}", "around": _around(form.cleaned_data[name], leak)}
        for name, each in leaks.items()
        for at, leak in enumerate(each)
    ]
    more = {"found": found, "words": _digest(form) if found else "", "asked": asked, "closed": form.closed}
    status = 422 if form.errors or found else 200
    return act_page(
        request, incident, form, "Post update", status=status, template="incidents/status_text_new.html", **more
    )


def _around(text: str, leak: Leak) -> Sequence[str]:
    """The finding with a few words before and after it."""
    before, after = max(0, leak.start - _AROUND), leak.end + _AROUND
    return (
        f"{'…' if before else ''}{text[before : leak.start]}", leak.word,
        f"{text[leak.end : after]}{'…' if after < len(text) else ''}",
    )  # fmt: skip


@acts("record", "status-feeds")
def feed_renew(request: HttpRequest, key: str) -> HttpResponse:
    """Give a feed other addresses."""
    feed = StatusFeed.objects.filter(FEEDS.key_condition(key)).first()
    if feed is None or not FEEDS.may(request.user, "change", feed):
        raise Http404("There is no such feed.")
    renew(by=request.user, feed=feed)
    messages.success(request, f"{feed} has new addresses. The old ones show nothing any more.")
    return redirect(FEEDS.url_of(feed))
