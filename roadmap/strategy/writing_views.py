"""Writing the strategy: the page of all sections, saving one, preview. Each works without JavaScript; with it the same
addresses answer JSON."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents.postmortems import sections
from incidents.postmortems.saves import last_saves_of
from portal.actions import Conflict
from portal.live import unless_known
from portal.people.entering import acts
from portal.prose import prose
from portal.saving import version_of
from roadmap.models import StrategySection
from roadmap.strategy import actions, content
from roadmap.strategy.live import Asked, kinds
from roadmap.strategy.live import render as render_blocks
from roadmap.strategy.loading import crumbs, load_section, writer
from roadmap.strategy.markdown import lowered

OUTLINE = {
    "outline_id": "strategy-outline", "outline_label": "Sections of the strategy",
    "outline_note": "An edition says by name what is empty.",
}  # fmt: skip


def place_of(section: StrategySection, path: str) -> sections.Place:
    """Where a section is saved, for the pages that show two texts."""
    save_url = reverse("strategy-save", args=[section.key])
    return sections.Place(section, save_url, reverse("strategy-write"), crumbs((section.title, path)))


@require_safe
def write(request: HttpRequest) -> HttpResponse:
    """All sections to write in."""
    writer(request)
    found = content.sections()
    data = {
        **sections.script_data(found, lambda each: reverse("strategy-save", args=[each.key])),
        "preview_url": reverse("strategy-preview"),
        "texts_url": reverse("strategy-texts"),
        "insertions": [
            {"label": f"/{each.name}", "apply": each.example, "detail": each.explains.rstrip(".")} for each in kinds()
        ],
    }
    context = {
        "sections": found, "outline": _outline(request, found), "script_data": data, "kinds": kinds(),
        "crumbs": crumbs(("Write", request.path)), **OUTLINE,
    }  # fmt: skip
    return render(request, "roadmap/strategy_write.html", context)


def _outline(request: HttpRequest, found: list[StrategySection]) -> dict[str, Any]:
    def state_of(section: StrategySection) -> str:
        return "ok" if content.is_written(section) else "idle"

    saves = last_saves_of(StrategySection)
    return sections.outline(request.user, found, state_of, saves, reverse("strategy-outline"))


@require_safe
def outline(request: HttpRequest) -> HttpResponseBase:
    """The outline by itself, for an open page that asks what others saved meanwhile."""
    writer(request)
    part = {"outline": _outline(request, content.sections()), **OUTLINE}
    return unless_known(request, render(request, "incidents/_postmortem_outline.html", part))


@require_safe
def texts(request: HttpRequest) -> JsonResponse:
    """The sections as they are saved, for an open page that hears of a newer one."""
    writer(request)
    found = {each.key: {"version": each.version, "text": each.text} for each in content.sections()}
    return JsonResponse({"sections": found})


@acts("strategy-write")
def save(request: HttpRequest, section: str) -> HttpResponse:
    """Save one section. Of two who save the same one the second is shown both texts."""
    by, found = writer(request), load_section(section)
    place = place_of(found, request.path)
    if "text" not in request.POST:
        return sections.refused(request, place, "No text came along. What is saved stays as it is.")
    try:
        saved = actions.edit(
            by=by, record=found, values={"text": request.POST["text"]}, version=version_of(request, found)
        )
    except ValidationError as problem:
        return sections.refused(request, place, " ".join(problem.messages))
    except Conflict as conflict:
        return sections.collided(request, place, conflict)
    return sections.saved(request, place, saved)


@acts("strategy-write")
def preview(request: HttpRequest) -> HttpResponse:
    """The strategy as it would read, of texts that are being written."""
    writer(request)
    sent = sections.texts_sent(request, content.sections())
    rendered = render_blocks({each.key: text for each, text in sent}, Asked(request.user))
    parts = [
        (each, prose(lowered(rendered[each.key].markdown, content.TOP), prefix=f"{each.key}-")) for each, _ in sent
    ]
    return render(request, "incidents/_postmortem_preview.html", {"parts": parts})
