"""What gives the tasks about initiatives something to do."""

from roadmap.models import Report, ReportKind

REPORT = 4713


def _ask_for_a_report() -> None:
    Report.objects.create(pk=REPORT, kind=ReportKind.ROADMAP, title="Roadmap", markdown="# Roadmap\n\nNothing yet.")


def _is_ready() -> bool:
    return list(Report.objects.values_list("state", flat=True)) == ["ready"]


WORK = {
    "roadmap.tasks.make_report": (_ask_for_a_report, _is_ready, (REPORT,)),
    "roadmap.tasks.make_reports": (_ask_for_a_report, _is_ready),
}
