"""What the pages of initiatives need besides the records of their lists."""

from typing import Any

from roadmap.models import Criterion, Initiative, Report, ReportKind
from tests.roadmap.core_makers import make_initiative

MAKERS: dict[type, Any] = {}


def make_for_pages(administrator: Any) -> None:
    """A criterion of RM-1, a private initiative, and a report that could not be made."""
    Criterion.objects.create(initiative=Initiative.objects.get(name="RM-1"), title="It holds")
    make_initiative("Leave the supplier", by=administrator, is_private=True)
    Report.objects.create(
        kind=ReportKind.ROADMAP, title="All that is planned", markdown="# Roadmap", asked_by=administrator,
        state="failed", problem="It could not be made.",
    )  # fmt: skip
