"""What the addresses of initiatives answer to each reader, and the records that they need."""

from typing import Any

from roadmap.models import Report, ReportKind
from tests.url_rows import Row, post

URLS: dict[str, Row] = {
    # Of a report only whoever asked for it knows
    "roadmap-report": Row("302 404 404 200 404 404 302", {"pk": "report"}),
    "roadmap-report-pdf": Row("302 404 404 404 404 404 302", {"pk": "report"}),
    "roadmap-report-markdown": Row("302 404 404 200 404 404 302", {"pk": "report"}),
    "roadmap-report-again": post("302 404 404 302 404 404 302", {}, "/roadmap-reports/", pk="report"),
}


def world(people: Any) -> dict[str, Any]:
    asked = Report.objects.create(
        kind=ReportKind.ROADMAP, title="Roadmap", markdown="# Roadmap\n\nNothing yet.", asked_by=people.editor,
        state="failed", problem="It could not be made.",
    )  # fmt: skip
    return {"report": asked.pk}
