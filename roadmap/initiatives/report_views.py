"""The page of a report that was asked for: its text, and its PDF as soon as that is made."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from portal.htmx import wants_partial
from portal.live import unless_known
from portal.people.entering import acts
from portal.prose import prose
from roadmap.collections import INITIATIVES
from roadmap.initiatives import reports
from roadmap.models import Report, ReportState


@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One report: how far its PDF is, and what stands in it. Asked for by itself, the part that follows the worker."""
    found = _load(request, pk)
    context = {
        "report": found, "url": request.path, "is_ready": found.state == ReportState.READY,
        "is_waiting": found.state == ReportState.WAITING,
    }  # fmt: skip
    if wants_partial(request):
        return unless_known(request, render(request, "roadmap/report.html#state", context))
    text = prose(reports.without_title(found.markdown))
    context |= {"text": text, "crumbs": _crumbs(request, found)}
    return render(request, "roadmap/report.html", context)


def _crumbs(request: HttpRequest, found: Report) -> list[dict[str, str]]:
    home = {"label": INITIATIVES.title, "url": INITIATIVES.url}
    return [{"label": INITIATIVES.group, "url": ""}, home, {"label": found.title, "url": request.path}]


def _load(request: HttpRequest, pk: int) -> Report:
    found = reports.visible(request.user).select_related("edition", "asked_by__person").filter(pk=pk).first()
    if found is None or reports.is_hidden_now(found, request.user):
        raise Http404(f"There is no report {pk} of yours. Ask for it again where you asked for it first.")
    return found


@require_safe
def report_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The PDF, where it has been made."""
    found = _load(request, pk)
    file = reports.file_of(found) if found.state == ReportState.READY else None
    if file is None:
        raise Http404(f"“{found}” is not made as PDF. Its page says how far it is, and has the button that makes it.")
    name = f"{file_name(found.title)}.pdf"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/pdf")


@require_safe
def report_markdown(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of the report as a file."""
    found = _load(request, pk)
    return as_markdown(found.title, found.markdown)


def as_markdown(title: str, text: str) -> HttpResponse:
    """A text as a file of Markdown, called by its title."""
    response = HttpResponse(f"{text.rstrip()}\n", content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(title)}.md"'
    return response


def file_name(title: str) -> str:
    return slugify(title)[:80] or "report"


@acts("collection", "initiatives")
def report_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try once more to make one that could not be made."""
    found = _load(request, pk)
    reports.again(by=request.user, report=found)
    messages.info(request, "The PDF is being made. The page shows it when it is ready.")
    return redirect("roadmap-report", pk=found.pk)


def to_report(request: HttpRequest, **asked: Any) -> HttpResponse:
    """Ask for a report and go to its page."""
    made = reports.ask(by=request.user, **asked)
    if made.state != ReportState.READY:
        messages.info(request, "The PDF is being made. The page shows it when it is ready.")
    return redirect(reverse("roadmap-report", args=[made.pk]))
