"""Writing a postmortem: the page of all sections, saving one, preview, hints. Each works without JavaScript; with it
the same addresses answer JSON."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.models import Comment, Postmortem, PostmortemSection, PostmortemState
from incidents.postmortems import comparing, content, hints, writing
from incidents.postmortems.addresses import key_of, writing_address
from incidents.postmortems.collections import POSTMORTEMS
from incidents.postmortems.loading import load, load_section
from incidents.postmortems.saves import Save, last_saves, writers
from portal.actions import Conflict
from portal.collections import collection_of_kind
from portal.crumbs import crumbs_of
from portal.live import unless_known
from portal.people.entering import acts
from portal.prose import prose
from portal.saving import changed_meanwhile, version_of
from portal.texts import LONGEST_TEXT

# What can be named in a text with @ and #.
MENTIONED = ("user", "group", "incident", "component", "api", "resource", "system")


@require_safe
def write(request: HttpRequest, key: str) -> HttpResponse:
    """All sections to write in, with hints and comments beside them."""
    postmortem = load(request, key, "change")
    if postmortem.state == PostmortemState.PUBLISHED:
        messages.info(request, "This edition is published and stays as it is. Begin the next one to write on.")
        return redirect(POSTMORTEMS.url_of(postmortem))
    sections = _sections(postmortem)
    placed = hints.hints_of(postmortem, hints.saved(sections))
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "incident": postmortem.incident, "sections": sections, "hints": placed,
        "outline": _outline(request, postmortem, sections, placed), "comments": _comments(postmortem),
        "writers": writers(postmortem), "write_url": writing_address(postmortem), "read_url": address,
        "script_data": _script_data(postmortem, sections, placed),
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
    request: HttpRequest, postmortem: Postmortem, sections: list[PostmortemSection], placed: Iterable[hints.Placed]
) -> dict[str, Any]:
    """The state of each section: written, with hints, or still to be written; and ``news``, what somebody else saved
    last."""
    hinted = {each.section.pk for each in placed}
    saves = last_saves(postmortem)
    rows = [_outline_row(each, each.pk in hinted, saves.get(each.pk)) for each in sections]
    others = {pk: each.when for pk, each in saves.items() if each.by != request.user.pk}
    return {
        "rows": rows, "ready": sum(row["state"] != "idle" for row in rows), "total": len(rows),
        "url": _url("postmortem-outline", postmortem), "news": max(others, key=lambda pk: others[pk], default=None),
    }  # fmt: skip


def _outline_row(section: PostmortemSection, hinted: bool, save: Save | None) -> dict[str, Any]:
    state = "idle" if not content.is_written(section) else "plan" if hinted else "ok"
    words = {"idle": "not written yet", "plan": "written, with hints", "ok": "written"}[state]
    icon = {"idle": "circle-dashed", "plan": "pencil", "ok": "check"}[state]
    return {"section": section, "state": state, "words": words, "icon": icon, "save": save}


def _url(name: str, postmortem: Postmortem, *args: Any) -> str:
    return reverse(name, args=[key_of(postmortem.incident), *args])


def _script_data(
    postmortem: Postmortem, sections: list[PostmortemSection], placed: list[hints.Placed]
) -> dict[str, Any]:
    """What the editor needs to know: where to ask, the texts as they are saved, hints, and events to put in."""
    events = content.key_events(postmortem.incident)
    return {
        "check_url": _url("postmortem-check", postmortem),
        "preview_url": _url("postmortem-preview", postmortem),
        "texts_url": _url("postmortem-texts", postmortem),
        "upload_url": _url("upload-new", postmortem),
        "kind_urls": {kind: found.url for kind in MENTIONED if (found := collection_of_kind(kind))},
        "dismiss_url": _url("postmortem-dismiss", postmortem),
        "longest": LONGEST_TEXT,
        "sections": {
            each.key: {"version": each.version, "text": each.text, "url": _url("postmortem-save", postmortem, each.key)}
            for each in sections
        },
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
    sections = _sections(postmortem)
    placed = hints.hints_of(postmortem, hints.saved(sections))
    part = {"outline": _outline(request, postmortem, sections, placed), "write_url": writing_address(postmortem)}
    return unless_known(request, render(request, "incidents/_postmortem_outline.html", part))


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@acts("record", "postmortems")
def save(request: HttpRequest, key: str, section: str) -> HttpResponse:
    """Save one section. Of two who save the same one the second is shown both texts."""
    postmortem = load(request, key, "change")
    found = load_section(postmortem, section)
    if "text" not in request.POST:
        return _refused(request, postmortem, found, "No text came along. What is saved stays as it is.")
    try:
        saved = writing.save_section(
            by=request.user, section=found, text=request.POST.get("text", ""), version=version_of(request, found)
        )
    except ValidationError as problem:
        return _refused(request, postmortem, found, " ".join(problem.messages))
    except Conflict as conflict:
        return _collided(request, postmortem, conflict)
    if _wants_json(request):
        return JsonResponse({"version": saved.version, "at": f"{timezone.localtime():%H:%M}"})
    messages.success(request, f"Saved “{saved.title}”.")
    return redirect(f"{writing_address(postmortem)}#{saved.key}")


def _refused(request: HttpRequest, postmortem: Postmortem, section: PostmortemSection, why: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"error": why}, status=422)
    return _both_texts(request, postmortem, section, {"problem": why}, 422)


def _collided(request: HttpRequest, postmortem: Postmortem, conflict: Conflict) -> HttpResponse:
    current: Any = conflict.current
    who = changed_meanwhile(conflict, request.user)
    if _wants_json(request):
        when = f"{timezone.localtime(who['when']):%H:%M}" if who["when"] else ""
        return JsonResponse(
            {"theirs": current.text, "version": current.version, "by": who["by"], "when": when}, status=409
        )
    return _both_texts(request, postmortem, current, who, 409)


def _both_texts(
    request: HttpRequest, postmortem: Postmortem, section: PostmortemSection, more: dict[str, Any], status: int
) -> HttpResponse:
    mine = request.POST.get("text", "").replace("\r\n", "\n")
    address = writing_address(postmortem)
    context = {
        "postmortem": postmortem, "section": section, "mine": mine, "version": section.version,
        "blocks": list(comparing.compare(section.text, mine)), "cancel_url": f"{address}#{section.key}",
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), (section.title, request.path)),
        **more,
    }  # fmt: skip
    return render(request, "incidents/postmortem_collided.html", context, status=status)


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
    """The texts by section, as the editor sends them; those that it does not send are as they are saved."""
    try:
        sent = json.loads(request.POST.get("texts", "{}"))
    except ValueError:
        sent = {}
    sent = sent if isinstance(sent, dict) else {}
    return [hints.Written(each, _text(sent.get(each.key, each.text))) for each in _sections(postmortem)]


def _text(sent: Any) -> str:
    """Half of a letter, as JSON can have it, is none that could be written down."""
    whole = str(sent)[:LONGEST_TEXT].replace("\r\n", "\n")
    return whole.encode("utf-8", "replace").decode()


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
        if _wants_json(request):
            return JsonResponse({"error": " ".join(problem.messages)}, status=422)
        messages.error(request, " ".join(problem.messages))
    if _wants_json(request):
        return JsonResponse({})
    return redirect(f"{writing_address(postmortem)}#hints")


@acts("record", "postmortems")
def show_dismissed(request: HttpRequest, key: str) -> HttpResponse:
    """Show the hints again that were dismissed."""
    postmortem = load(request, key, "change")
    writing.show_dismissed(postmortem=postmortem)
    return redirect(_url("postmortem-hints", postmortem))
