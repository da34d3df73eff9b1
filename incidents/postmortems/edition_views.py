"""What was published: editions as pages and files, and what changed between them."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from incidents.models import Edition, EditionPdf, PdfState, Postmortem, PostmortemState
from incidents.postmortems import comparing, content, keeping
from incidents.postmortems.collections import POSTMORTEMS
from incidents.postmortems.loading import load
from portal.crumbs import crumbs_of
from portal.people.entering import acts
from portal.prose import prose

DRAFT = "draft"


@require_safe
def edition(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One edition as it was published."""
    postmortem = load(request, key)
    found = _edition(postmortem, number)
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "edition": found, "report": prose(without_title(found.markdown)),
        "editions": list(postmortem.editions.order_by("-number")), "read_url": address,
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), (f"Edition {number}", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_edition.html", context)


def without_title(markdown: str) -> str:
    """The text below its first line, which the head of the page says already."""
    first, _, rest = markdown.partition("\n")
    return rest if first.startswith("# ") else markdown


def _edition(postmortem: Postmortem, number: int) -> Edition:
    found = postmortem.editions.filter(number=number).select_related("pdf", "published_by__person").first()
    if found is None:
        raise Http404(f"{postmortem} has no edition {number}.")
    found.postmortem = postmortem
    return found


@require_safe
def markdown(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """An edition as a file of Markdown."""
    postmortem = load(request, key)
    return _file(postmortem, _edition(postmortem, number).markdown, f"edition-{number}")


@require_safe
def draft_markdown(request: HttpRequest, key: str) -> HttpResponse:
    """What is written now as a file of Markdown."""
    postmortem = load(request, key)
    return _file(postmortem, content.whole(postmortem), DRAFT)


def _file(postmortem: Postmortem, text: str, what: str) -> HttpResponse:
    response = HttpResponse(f"{text}\n", content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(postmortem, what)}.md"'
    return response


def _name(postmortem: Postmortem, what: str) -> str:
    return slugify(f"{postmortem.incident.name} {postmortem.incident.title[:60]} {what}")


@acts("record", "postmortems")
def make_pdf(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Ask for the edition as PDF; again, where it could not be made."""
    postmortem = load(request, key)
    kept = keeping.ask(edition=_edition(postmortem, number))
    if kept.state != PdfState.READY:
        messages.info(request, "The PDF is being made. The page shows it when it is ready.")
    return redirect(f"{POSTMORTEMS.url_of(postmortem)}#incidentspostmortem-editions")


@require_safe
def pdf(request: HttpRequest, key: str, number: int) -> HttpResponseBase:
    """The edition as PDF, where it has been made."""
    postmortem = load(request, key)
    kept = EditionPdf.objects.filter(edition=_edition(postmortem, number), state=PdfState.READY).first()
    file = keeping.file_of(kept) if kept else None
    if file is None:
        raise Http404(f"Edition {number} of {postmortem} is not made as PDF. Its page has the button that makes it.")
    name = f"{_name(postmortem, f'edition-{number}')}.pdf"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/pdf")


@require_safe
def compare(request: HttpRequest, key: str) -> HttpResponse:
    """What changed between two editions, or from one to the draft."""
    postmortem = load(request, key)
    editions = list(postmortem.editions.order_by("-number"))
    texts = _texts(postmortem, editions)
    before, after = _asked(request, texts)
    blocks = list(comparing.compare(texts[before][1], texts[after][1])) if before else []
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "choices": [(name, label) for name, (label, _) in texts.items()],
        "before": before, "after": after, "read_url": address, "editions": editions,
        "blocks": blocks, "same": not any(block.is_changed for block in blocks),
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), ("Compare versions", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_compare.html", context)


def _texts(postmortem: Postmortem, editions: list[Edition]) -> dict[str, tuple[str, str]]:
    """Name → its label and text, the newest first."""
    found = {}
    if postmortem.state != PostmortemState.PUBLISHED:
        found[DRAFT] = ("Draft", content.whole(postmortem))
    return found | {str(each.number): (f"Edition {each.number}", each.markdown) for each in editions}


def _asked(request: HttpRequest, texts: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """The two that are asked for; without a word the newest and the one before it. Nothing where there is only one."""
    names = list(texts)
    if unknown := sorted(set(request.GET) - {"from", "to"}):
        raise BadRequest(f"Versions are compared by from and to, not by “{unknown[0][:60]}”.")
    if len(names) < 2:
        return "", ""
    before, after = request.GET.get("from", names[1]), request.GET.get("to", names[0])
    for name in (before, after):
        if name not in texts:
            raise BadRequest(f"There is no version “{name[:60]}”. There are: {', '.join(names)}.")
    return before, after
