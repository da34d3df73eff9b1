"""Editions as PDF: asked for by a reader, made by a worker, kept with the other files of the portal.

The row says how far it is. A worker holds it while it works, so that one makes each file; what nobody took, because the
queue was away or a worker died, the next round takes.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from incidents.models import Edition, EditionPdf, PdfState
from incidents.postmortems.content import clock
from incidents.postmortems.pdf import Report, pdf

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 20


def ask(*, edition: Edition) -> EditionPdf:
    """Have an edition made as PDF, unless that is done or on its way; what failed is tried again."""
    with transaction.atomic():
        kept, _ = EditionPdf.objects.select_for_update().get_or_create(edition=edition)
        if kept.state == PdfState.FAILED:
            kept.state, kept.problem, kept.asked_at = PdfState.WAITING, "", timezone.now()
            kept.save(update_fields=["state", "problem", "asked_at"])
        if kept.state == PdfState.WAITING:
            transaction.on_commit(_send_for(edition.pk), robust=True)
    return kept


def file_of(kept: EditionPdf) -> Any:
    """The file that was made, to be read. None where it is gone, as from a disk that was not brought along: then the
    page offers to make it again."""
    try:
        return kept.file.open("rb")
    except FileNotFoundError:
        gone = "The file is gone. It can be made again."
        EditionPdf.objects.filter(pk=kept.pk).update(state=PdfState.FAILED, problem=gone, made_at=None)
        return None


def _send_for(edition_id: int) -> Callable[[], None]:
    def send() -> None:
        from incidents.tasks import make_pdf

        make_pdf.delay(edition_id)

    return send


def make_waiting() -> int:
    """Make what waits; answers how many."""
    waiting = EditionPdf.objects.filter(state=PdfState.WAITING).order_by("asked_at").values_list("pk", flat=True)
    return sum(make(pk) for pk in list(waiting[:MOST_AT_ONCE]))


@transaction.atomic
def make(edition_id: int) -> bool:
    """Make one PDF; False where it is made, or somebody else is making it."""
    kept = (
        EditionPdf.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("edition__postmortem__incident")
        .filter(pk=edition_id, state=PdfState.WAITING)
        .first()
    )
    if kept is None:
        return False
    try:
        made = pdf(report_of(kept.edition))
        kept.file.save("report.pdf", ContentFile(made), save=False)
    except Exception as problem:  # whatever it is, the reader is told and may try again
        log.error("pdf_failed", edition=kept.edition_id, exc_info=problem)
        kept.state = PdfState.FAILED
        kept.problem = "It could not be made. The reason is in the log of the portal, as pdf_failed."
    else:
        kept.state, kept.made_at = PdfState.READY, timezone.now()
    kept.save()
    return True


def report_of(edition: Edition) -> Report:
    """An edition as the PDF shows it: title, number, edition and day on each page."""
    incident = edition.postmortem.incident
    told = f"Edition {edition.number}, {clock(edition.published_at)}"
    text = edition.markdown.partition("\n")[2] if edition.markdown.startswith("# ") else edition.markdown
    return Report(
        title=edition.title, text=text,
        under=f"Postmortem. {told}. {edition.note}".strip(),
        foot=f"{incident.name} · {incident.title[:70]} · {told}",
    )  # fmt: skip
