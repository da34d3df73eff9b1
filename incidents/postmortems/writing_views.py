"""Writing a postmortem: the page of all sections, saving one, preview, hints. Each works without JavaScript; with it
the same addresses answer JSON."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents.models import Comment, Postmortem, PostmortemSection, PostmortemState
from incidents.postmortems import content, hints, sections, writing
from incidents.postmortems.addresses import key_of, writing_address
from incidents.postmortems.collections import POSTMORTEMS
from incidents.postmortems.loading import load, load_section
from incidents.postmortems.saves import last_saves, writers
from portal.actions import Conflict
from portal.crumbs import crumbs_of
from portal.live import unless_known
from portal.people.entering import acts
from portal.prose import prose
from portal.saving import version_of


@require_safe
def write(request: HttpRequest, key: str) -> HttpResponse:
    """All sections to write in, with hints and comments beside them."""
    postmortem = load(request, key, "change")
    if postmortem.state == PostmortemState.PUBLISHED:
        messages.info(request, "This edition is published and stays as it is. Begin the next one to write on.")
        return redirect(POSTMORTEMS.url_of(postmortem))
    written = _sections(postmortem)
    placed = hints.hints_of(postmortem, hints.saved(written))
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "incident": postmortem.incident, "sections": written, "hints": placed,
        "outline": _outline(request, postmortem, written, placed), "comments": _comments(postmortem),
        "writers": writers(postmortem), "write_url": writing_address(postmortem), "read_url": address,
        "script_data": _script_data(postmortem, written, placed),
        "hidden_hints": postmortem.dismissed_hints.count(),
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), ("Write", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_write.html", context)


def _sections(postmortem: Postmortem) -> list[PostmortemSection]:
    return list(postmortem.sections.order_by("place", "pk"))


def _comments(postmortem: Postmortem) -> Iterable[Comment]:
    found = Comment.objects.filter(section__postmortem=postmortem, settled_at=None)
    return found.select_related("by__person", "section").order_by("section__place", "at")


def _outline(
    request: HttpRequest, postmortem: Postmortem, found: list[PostmortemSection], placed: Iterable[hints.Placed]
) -> dict[str, Any]:
    """The state of each section: written, with hints, or still to be written."""
    hinted = {each.section.pk for each in placed}

    def state_of(section: PostmortemSection) -> str:
        return "idle" if not content.is_written(section) else "plan" if section.pk in hinted else "ok"

    url = _url("postmortem-outline", postmortem)
    return sections.outline(request.user, found, state_of, last_saves(postmortem), url)


def _url(name: str, postmortem: Postmortem, *args: Any) -> str:
    return reverse(name, args=[key_of(postmortem.incident), *args])


def _script_data(postmortem: Postmortem, found: list[PostmortemSection], placed: list[hints.Placed]) -> dict[str, Any]:
    """What the editor needs to know: where to ask, the texts as they are saved, hints, and events to put in."""
    events = content.key_events(postmortem.incident)
    return {
        **sections.script_data(found, lambda each: _url("postmortem-save", postmortem, each.key)),
        "check_url": _url("postmortem-check", postmortem),
        "preview_url": _url("postmortem-preview", postmortem),
        "texts_url": _url("postmortem-texts", postmortem),
        "upload_url": _url("upload-new", postmortem),
        "dismiss_url": _url("postmortem-dismiss", postmortem),
        "hints": [_as_json(each) for each in placed],
        "events": [{"at": content.clock(each.happened_at), "text": " ".join(each.text.split())} for each in events],
        "events_table": content.events_table(events) if events else "",
    }


def _as_json(each: hints.Placed) -> dict[str, Any]:
    hint = each.hint
    return {
        "number": each.number, "section": each.section.key, "start": each.in_script(each.start),
        "end": each.in_script(each.end),
        "sentence": [each.in_script(place) for place in each.sentence],
        "ask": hint.ask, "why": hint.why, "suggestion": hint.suggestion,
        "instead": hint.instead, "words": hint.replaces_words, "key": hint.key, "excerpt": hint.excerpt,
    }  # fmt: skip


@require_safe
def texts(request: HttpRequest, key: str) -> JsonResponse:
    """The sections as they are saved, for an open page that hears of a newer one."""
    postmortem = load(request, key, "change")
    found = {each.key: {"version": each.version, "text": each.text} for each in _sections(postmortem)}
    return JsonResponse({"sections": found})


@require_safe
def outline(request: HttpRequest, key: str) -> HttpResponseBase:
    """The outline by itself, for an open page that asks what others saved meanwhile."""
    postmortem = load(request, key, "change")
    written = _sections(postmortem)
    placed = hints.hints_of(postmortem, hints.saved(written))
    part = {"outline": _outline(request, postmortem, written, placed), "write_url": writing_address(postmortem)}
    return unless_known(request, render(request, "incidents/_postmortem_outline.html", part))


@acts("record", "postmortems")
def save(request: HttpRequest, key: str, section: str) -> HttpResponse:
    """Save one section. Of two who save the same one the second is shown both texts."""
    postmortem = load(request, key, "change")
    found = load_section(postmortem, section)
    place = _place(request, postmortem, found)
    if "text" not in request.POST:
        return sections.refused(request, place, "No text came along. What is saved stays as it is.")
    try:
        saved = writing.save_section(
            by=request.user, section=found, text=request.POST.get("text", ""), version=version_of(request, found)
        )
    except ValidationError as problem:
        return sections.refused(request, place, " ".join(problem.messages))
    except Conflict as conflict:
        return sections.collided(request, place, conflict)
    return sections.saved(request, place, saved)


def _place(request: HttpRequest, postmortem: Postmortem, section: PostmortemSection) -> sections.Place:
    address = writing_address(postmortem)
    crumbs = crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), (section.title, request.path))
    return sections.Place(section, _url("postmortem-save", postmortem, section.key), address, crumbs)


@acts("record", "postmortems")
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """The report as it would read, of texts that are being written."""
    postmortem = load(request, key, "change")
    parts = [
        (each.section, prose(each.text, below=2, prefix=f"{each.section.key}-")) for each in _sent(request, postmortem)
    ]
    return render(request, "incidents/_postmortem_preview.html", {"parts": parts})


@acts("record", "postmortems")
def check(request: HttpRequest, key: str) -> HttpResponse:
    """Hints at texts that are being written. Nothing of them is kept."""
    postmortem = load(request, key, "change")
    placed = hints.hints_of(postmortem, _sent(request, postmortem))
    return JsonResponse({"hints": [_as_json(each) for each in placed]})


def _sent(request: HttpRequest, postmortem: Postmortem) -> list[hints.Written]:
    """The texts by section, as they are being written."""
    return [hints.Written(each, text) for each, text in sections.texts_sent(request, _sections(postmortem))]


@require_safe
def all_hints(request: HttpRequest, key: str) -> HttpResponse:
    """Every hint at what is saved, as a list, with what was dismissed counted."""
    postmortem = load(request, key)
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "hints": hints.hints_of(postmortem, hints.saved(_sections(postmortem))),
        "hidden_hints": postmortem.dismissed_hints.count(), "read_url": address,
        "may_change": request.user.has_perm("incidents.change_postmortem", postmortem),
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), ("Hints", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_hints.html", context)


@acts("record", "postmortems")
def dismiss(request: HttpRequest, key: str) -> HttpResponse:
    """Show a hint at this sentence no more, to nobody."""
    postmortem = load(request, key, "change")
    try:
        writing.dismiss(postmortem=postmortem, key=request.POST.get("hint", ""))
    except ValidationError as problem:
        if sections.wants_json(request):
            return JsonResponse({"error": " ".join(problem.messages)}, status=422)
        messages.error(request, " ".join(problem.messages))
    if sections.wants_json(request):
        return JsonResponse({})
    return redirect(f"{writing_address(postmortem)}#hints")


@acts("record", "postmortems")
def show_dismissed(request: HttpRequest, key: str) -> HttpResponse:
    """Show the hints again that were dismissed."""
    postmortem = load(request, key, "change")
    writing.show_dismissed(postmortem=postmortem)
    return redirect(_url("postmortem-hints", postmortem))
