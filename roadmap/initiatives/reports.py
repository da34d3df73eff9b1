"""PDFs of the roadmap: asked for by a reader, made by a worker, kept with the other files of the portal.

``ask`` writes down the Markdown as the reader may see it; the row says how far its file is. A worker holds the row
while it works, so that one makes each file; what nobody took, because the queue was away or a worker died, the next
round takes.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from incidents.models import Incident
from incidents.postmortems.content import clock
from incidents.postmortems.pdf import Report as Printed
from incidents.postmortems.pdf import pdf
from portal.people.models import User
from roadmap.models import Initiative, Report, ReportState

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 20
LONGEST_FOOT = 70


def ask(*, by: Any, kind: str, title: str, markdown: str, edition: Any = None) -> Report:
    """Have a text made as PDF. What stands in it is what the asking reader may see; nobody else reads it, but for
    what is of an ``edition`` of the strategy. An edition is made once; what failed is tried again."""
    asked_by = by if isinstance(by, User) else None
    with transaction.atomic():
        kept = _of_edition(kind, edition) if edition is not None else None
        if kept is None:
            kept = Report.objects.create(
                kind=kind, title=title[:300], markdown=markdown, edition=edition, asked_by=asked_by,
                might_tell=_private_to(by) if edition is None else [],
            )  # fmt: skip
        if kept.state != ReportState.READY:
            _ask_again(kept)
    return kept


def _of_edition(kind: str, edition: Any) -> Report | None:
    """The report of this kind that there is of an edition; whoever asks meanwhile waits and finds it too."""
    type(edition).objects.select_for_update(of=("self",)).get(pk=edition.pk)
    return Report.objects.filter(kind=kind, edition=edition).order_by("pk").first()


def again(*, by: Any, report: Report) -> None:
    """Try one once more that could not be made; what is made or on its way stays as it is."""
    with transaction.atomic():
        held = Report.objects.select_for_update().get(pk=report.pk)
        if held.state == ReportState.FAILED:
            _ask_again(held)


def _ask_again(report: Report) -> None:
    report.state, report.problem, report.asked_at = ReportState.WAITING, "", timezone.now()
    report.save(update_fields=["state", "problem", "asked_at"])
    transaction.on_commit(_send_for(report.pk), robust=True)


def _send_for(report_id: int) -> Callable[[], None]:
    def send() -> None:
        from roadmap.tasks import make_report

        make_report.delay(report_id)

    return send


def visible(reader: Any) -> models.QuerySet[Report]:
    """The reports that the reader asked for, and those of published editions."""
    own = Q(asked_by=reader) if isinstance(reader, User) else Q(pk=None)
    return Report.objects.filter(own | Q(edition__isnull=False))


def is_hidden_now(report: Report, reader: Any) -> bool:
    """Something private that the reader might see when it was asked for is hidden from them now. Whether the text tells
    of it is not looked for: titles and figures do, without a name that could be found."""
    models: tuple[Any, ...] = (Initiative, Incident)
    return any(each.objects.hidden_from(reader).filter(reference__in=report.might_tell).exists() for each in models)


def _private_to(reader: Any) -> list[int]:
    """The references of everything private that the reader may see."""
    models: tuple[Any, ...] = (Initiative, Incident)
    seen = [each.objects.visible(reader).filter(is_private=True).values_list("reference", flat=True) for each in models]
    return sorted(seen[0].union(*seen[1:]))


def file_of(report: Report) -> Any:
    """The file that was made, to be read. None where it is gone, as from a disk that was not brought along: then the
    page offers to make it again."""
    try:
        return report.file.open("rb")
    except FileNotFoundError:
        gone = "The file is gone. It can be made again."
        Report.objects.filter(pk=report.pk).update(state=ReportState.FAILED, problem=gone, made_at=None)
        return None


def make_waiting() -> int:
    """Make what waits; answers how many."""
    waiting = Report.objects.filter(state=ReportState.WAITING).order_by("asked_at").values_list("pk", flat=True)
    return sum(make(pk) for pk in list(waiting[:MOST_AT_ONCE]))


@transaction.atomic
def make(report_id: int) -> bool:
    """Make one PDF; False where it is made, or somebody else is making it."""
    kept = (
        Report.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=report_id, state=ReportState.WAITING)
        .first()
    )
    if kept is None:
        return False
    try:
        kept.file.save("report.pdf", ContentFile(pdf(_printed(kept))), save=False)
    except Exception as problem:  # whatever it is, the reader is told and may try again
        log.error("report_failed", report=kept.pk, exc_info=problem)
        kept.state = ReportState.FAILED
        kept.problem = "It could not be made. The reason is in the log of the portal, as report_failed."
    else:
        kept.state, kept.made_at = ReportState.READY, timezone.now()
    kept.save()
    return True


def _printed(report: Report) -> Printed:
    """A report as the PDF shows it: title, what it is and of when, and both at the foot of each page."""
    kind = report.get_kind_display()
    at = report.edition.published_at if report.edition is not None else report.asked_at
    edition = f"edition {report.edition.number}" if report.edition is not None else ""
    # A title that is the kind itself is not said twice.
    told = ", ".join(filter(None, ("" if kind == report.title else kind, edition, clock(at))))
    return Printed(
        title=report.title, under=f"{told[0].upper()}{told[1:]}.", foot=f"{report.title[:LONGEST_FOOT]} · {told}",
        text=without_title(report.markdown),
    )  # fmt: skip


def without_title(markdown: str) -> str:
    """The text below its first line, where that is its title: head and PDF say it already."""
    first, _, rest = markdown.partition("\n")
    return rest if first.startswith("# ") else markdown
