"""The feature specification of one initiative, and the summary of many: as a page, as Markdown, and as PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.crumbs import crumbs_of
from portal.loading import load_collection
from portal.prose import prose
from portal.query import BadQuery, Query, parse
from portal.tenure import organisation_today
from roadmap.collections import INITIATIVES
from roadmap.initiatives.pages import load_initiative
from roadmap.initiatives.report_views import as_markdown, to_report
from roadmap.initiatives.reports import without_title
from roadmap.initiatives.specification import specification, summary
from roadmap.models import ReportKind


@require_http_methods(["GET", "HEAD", "POST"])
def specification_page(request: HttpRequest, key: str) -> HttpResponse:
    """The specification to read; sent, it is asked for as PDF."""
    initiative = load_initiative(request, key, "view")
    text, title = specification(initiative, request.user), f"{initiative.name} {initiative.title}"
    if request.method == "POST":
        return to_report(request, kind=ReportKind.SPECIFICATION, title=title, markdown=text)
    address = INITIATIVES.url_of(initiative)
    context = {
        "title": "Feature specification", "about": str(initiative), "text": prose(without_title(text)),
        "file_url": reverse("initiative-specification-file", args=[key]), "back_url": address, "back": initiative.name,
        "crumbs": crumbs_of(INITIATIVES, (initiative.name, address), ("Feature specification", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/initiative_file.html", context)


@require_safe
def specification_file(request: HttpRequest, key: str) -> HttpResponse:
    """The specification as a file of Markdown."""
    initiative = load_initiative(request, key, "view")
    return as_markdown(f"{initiative.name} {initiative.title}", specification(initiative, request.user))


@require_http_methods(["GET", "HEAD", "POST"])
def summary_page(request: HttpRequest) -> HttpResponse:
    """The summary of what the query string of the list asks for; sent, it is asked for as PDF."""
    query = _query(request)
    if isinstance(query, HttpResponse):
        return query
    text, asked = summary(query), request.GET.urlencode()
    if request.method == "POST":
        title = f"Roadmap summary, {organisation_today():%-d %b %Y}"
        return to_report(request, kind=ReportKind.ROADMAP, title=title, markdown=text)
    context = {
        "title": "Roadmap summary", "text": prose(without_title(text)), "back": "the list",
        "about": "What the filters of the list ask for." if asked else "Every initiative that you may see.",
        "file_url": f"{reverse('initiatives-summary-file')}{f'?{asked}' if asked else ''}",
        "back_url": f"{INITIATIVES.url}{f'?{asked}' if asked else ''}",
        "crumbs": crumbs_of(INITIATIVES, ("Roadmap summary", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/initiative_file.html", context)


@require_safe
def summary_file(request: HttpRequest) -> HttpResponse:
    """The summary as a file of Markdown."""
    query = _query(request)
    if isinstance(query, HttpResponse):
        return query
    return as_markdown(f"Roadmap summary {organisation_today().isoformat()}", summary(query))


def _query(request: HttpRequest) -> Query | HttpResponse:
    """What the address asks for; the page that says what is wrong with it."""
    collection = load_collection(request, "initiatives")
    try:
        return parse(collection, request.user, request.GET)
    except BadQuery as problem:
        context = {"problems": problem.problems, "url": request.path, "crumbs": crumbs_of(INITIATIVES)}
        return render(request, "roadmap/initiative_file_bad.html", context, status=400)
