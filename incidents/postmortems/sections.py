"""Sections that several people write at once, in the editor of assets/js/editor: what their pages share, whatever the
document is. Each answer is JSON where the editor asks, and a page where a form was sent."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from incidents.postmortems import comparing
from incidents.postmortems.saves import Save
from portal.actions import Conflict
from portal.collections import collection_of_kind
from portal.crumbs import Crumbs
from portal.saving import changed_meanwhile
from portal.texts import LONGEST_TEXT

# What can be named in a text with @ and #.
MENTIONED = ("user", "group", "incident", "component", "api", "resource", "system")
_STATES = {
    "idle": ("not written yet", "circle-dashed"), "plan": ("written, with hints", "pencil"), "ok": ("written", "check"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a section is saved, and the page it is written on."""

    section: Any
    save_url: str
    write_url: str
    crumbs: Crumbs

    @property
    def back_url(self) -> str:
        return f"{self.write_url}#{self.section.key}"


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def saved(request: HttpRequest, place: Place, section: Any) -> HttpResponse:
    """What is answered to somebody whose text is saved."""
    if wants_json(request):
        return JsonResponse({"version": section.version, "at": f"{timezone.localtime():%H:%M}"})
    messages.success(request, f"Saved “{section.title}”.")
    return redirect(place.back_url)


def refused(request: HttpRequest, place: Place, why: str) -> HttpResponse:
    """What is answered where a text cannot be saved as it is."""
    if wants_json(request):
        return JsonResponse({"error": why}, status=422)
    return both_texts(request, place, place.section, {"problem": why}, 422)


def collided(request: HttpRequest, place: Place, conflict: Conflict) -> HttpResponse:
    """What is answered to the second of two who save the same section."""
    current: Any = conflict.current
    who = changed_meanwhile(conflict, request.user)
    if wants_json(request):
        when = f"{timezone.localtime(who['when']):%H:%M}" if who["when"] else ""
        return JsonResponse(
            {"theirs": current.text, "version": current.version, "by": who["by"], "when": when}, status=409
        )
    return both_texts(request, place, current, who, 409)


def both_texts(
    request: HttpRequest, place: Place, section: Any, more: dict[str, Any], status: int, mine: str | None = None
) -> HttpResponse:
    """The page that shows what was sent beside what is saved."""
    mine = request.POST.get("text", "").replace("\r\n", "\n") if mine is None else mine
    context = {
        "section": section, "mine": mine, "version": section.version, "save_url": place.save_url,
        "blocks": list(comparing.compare(section.text, mine)), "cancel_url": place.back_url, "crumbs": place.crumbs,
        **more,
    }  # fmt: skip
    return render(request, "incidents/postmortem_collided.html", context, status=status)


def texts_sent(request: HttpRequest, sections: Iterable[Any]) -> list[tuple[Any, str]]:
    """The texts by section, as the editor sends them; those that it does not send are as they are saved."""
    try:
        sent = json.loads(request.POST.get("texts", "{}"))
    except (ValueError, RecursionError):
        sent = {}
    sent = sent if isinstance(sent, dict) else {}
    return [(each, _text(sent.get(each.key, each.text))) for each in sections]


def _text(sent: Any) -> str:
    """Half of a letter, as JSON can have it, is none that could be written down."""
    whole = str(sent)[:LONGEST_TEXT].replace("\r\n", "\n")
    return whole.encode("utf-8", "replace").decode()


def script_data(sections: Iterable[Any], save_url: Callable[[Any], str]) -> dict[str, Any]:
    """What the editor needs to know of any document."""
    return {
        "kind_urls": {kind: found.url for kind in MENTIONED if (found := collection_of_kind(kind))},
        "longest": LONGEST_TEXT,
        "sections": {
            each.key: {"version": each.version, "text": each.text, "url": save_url(each)} for each in sections
        },
    }


def outline(
    reader: Any, sections: Iterable[Any], state_of: Callable[[Any], str], saves: dict[int, Save], url: str
) -> dict[str, Any]:
    """The state of each section (idle, plan, ok), and ``news``: what somebody else saved last."""
    rows = [_outline_row(each, state_of(each), saves.get(each.pk)) for each in sections]
    others = {pk: each.when for pk, each in saves.items() if each.by != reader.pk}
    return {
        "rows": rows, "ready": sum(row["state"] != "idle" for row in rows), "total": len(rows), "url": url,
        "news": max(others, key=lambda pk: others[pk], default=None),
    }  # fmt: skip


def _outline_row(section: Any, state: str, save: Save | None) -> dict[str, Any]:
    words, icon = _STATES[state]
    return {"section": section, "state": state, "words": words, "icon": icon, "save": save}
