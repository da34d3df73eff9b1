"""An edition of the strategy with a list, an objective, an allocation and limits in each section: freezing and
publishing it at 5,000 initiatives, and its PDF as the worker makes it.

Floor: the PDF of one sentence.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction

from bench import roadmap_data, site
from bench.figures import Figure, at_most
from bench.places import SMALL
from incidents.postmortems.pdf import Report as Printed
from incidents.postmortems.pdf import pdf
from roadmap.initiatives import reports
from roadmap.models import Category, Objective, ReportKind, ReportState, StrategySection
from roadmap.strategy import actions
from services.health.models import Limit

SECONDS = 10
PARAGRAPHS = 20
PARAGRAPH = "Whoever buys a ticket waits for nobody, and whoever is on call sleeps; what that takes is told here. " * 6


def measure() -> Iterator[Figure]:
    with site.entities(SMALL), transaction.atomic():
        roadmap_data.fill()
        _write()
        edition, publishing = _timed(lambda: actions.publish(by=None, title="Measured", acknowledged=True))
        yield at_most("Edition: freezing and publishing it", publishing, SECONDS, "s")
        asked = reports.ask(by=None, kind=ReportKind.STRATEGY, title="Measured", markdown=edition.markdown)
        _, bare = _timed(lambda: pdf(Printed("Measured", "", "", "One sentence.")))
        _, taken = _timed(lambda: reports.make(asked.pk))
        asked.refresh_from_db()
        if asked.state != ReportState.READY:
            raise RuntimeError(asked.problem)
        kilobytes = len(edition.markdown) / 1024
        yield at_most(f"Edition of {kilobytes:,.0f} KB: its PDF", taken, SECONDS, "s", bare)
        asked.file.delete(save=False)
        # The next run measures the same strategy.
        transaction.set_rollback(True)


def _write() -> None:
    """Fill every section with text and blocks of its own."""
    limits = list(Limit.objects.order_by("pk").values_list("name", flat=True))
    objectives = Objective.objects.filter(owner=None).order_by("-pk").values_list("pk", flat=True)
    for at, section in enumerate(StrategySection.objects.order_by("place")):
        blocks = (
            "{{allocation: current}}", f"{{{{okr: {objectives[at]}}}}}", f"{{{{limit: {limits[at % len(limits)]}}}}}",
            f"{{{{list: initiatives?category={Category.values[at]}&size=20}}}}",
        )  # fmt: skip
        text = "\n\n".join([*blocks, *[PARAGRAPH] * PARAGRAPHS])
        actions.edit(by=None, record=section, values={"text": text}, version=section.version)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started
