"""What is left to do for compliance: controls without evidence, gaps, and what was to be looked at again. What each
reader sees leaves out what rests on a private initiative that they do not see."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.compliance.collections import OPEN, Standing, seen, standing_of_evidence
from roadmap.models import Control, Evidence, Framework
from services.models import Entity

# Lines of one page, of the gaps and of the services.
PAGE = 100


@dataclass(frozen=True)
class Gap:
    """One thing to do about a control: at one service, at the company as a whole, or anywhere yet."""

    control: Control
    standing: Standing
    evidence: Evidence | None = None

    @property
    def days_late(self) -> int:
        """How long a review has been due."""
        due = self.evidence.review_by if self.evidence else None
        return max(0, (organisation_today() - due).days) if due else 0


def open_evidence(reader: Any) -> QuerySet[Any]:
    """Evidence of active frameworks that says of a gap, or was to be looked at before today, with its standing."""
    rows: QuerySet[Any] = seen(reader).annotate(standing=standing_of_evidence())
    return rows.filter(standing__in=OPEN)


class Place(NamedTuple):
    """A gap as far as its order needs it: so many may be known that only those of a page are read whole."""

    worst: int
    framework: str
    identifier: str
    control: int
    evidence: int
    standing: Standing


def gaps(reader: Any, **asked: Any) -> list[Gap]:
    """The gaps that a reader sees, in their order; ``asked`` is what ``places`` takes."""
    return opened(places(reader, **asked))


def places(
    reader: Any, *, framework: Framework | None = None, service: Reference | None = None, team: Reference | None = None
) -> list[Place]:
    """The gaps that a reader sees, the worst first, then by framework and control. A control that nobody recorded
    anything about is a gap of no service and no team, so that asking for either leaves it out."""
    rows = open_evidence(reader)
    if framework:
        rows = rows.filter(control__framework=framework)
    if service:
        rows = rows.filter(service__reference=service)
    if team:
        rows = rows.filter(owner=team)
    read = rows.values_list("standing", "control__framework__name", "control__identifier", "control", "pk")
    found = [_place(*row) for row in read]
    if service is None and team is None:
        bare = _without_evidence(reader, framework).values_list("framework__name", "identifier", "pk")
        found += [_place(Standing.NO_EVIDENCE, *row) for row in bare]
    return sorted(found)


def _place(standing: str, framework: str, identifier: str, control: int, evidence: int = 0) -> Place:
    known = Standing(standing)
    return Place(_WORST[known], framework, identifier, control, evidence, known)


def opened(found: Iterable[Place]) -> list[Gap]:
    """The gaps that stand there, with all that is shown of them."""
    listed = list(found)
    related = ("control__framework", "service__reference", "owner", "initiative__reference")
    evidence = Evidence.objects.select_related(*related).in_bulk([each.evidence for each in listed if each.evidence])
    bare = [each.control for each in listed if not each.evidence]
    controls = Control.objects.select_related("framework").in_bulk(bare)
    return [
        Gap(proof.control if proof else controls[each.control], each.standing, proof)
        for each, proof in ((each, evidence.get(each.evidence)) for each in listed)
    ]


def _without_evidence(reader: Any, framework: Framework | None) -> QuerySet[Control]:
    rows = Control.objects.filter(framework__is_active=True).exclude(pk__in=seen(reader).values("control"))
    return rows.filter(framework=framework) if framework else rows


_WORST = {standing: place for place, standing in enumerate(
    (Standing.GAP, Standing.REVIEW_DUE, Standing.PARTLY, Standing.NO_EVIDENCE)
)}  # fmt: skip


@dataclass
class Cell:
    """How one framework stands at one service: how many of its pieces of evidence stand how."""

    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(number for standing, number in self.counts.items() if standing != Standing.NOT_APPLICABLE)

    @property
    def met(self) -> int:
        return self.counts.get(Standing.MET, 0)

    @property
    def open(self) -> int:
        return sum(self.counts.get(each, 0) for each in OPEN)

    @property
    def worst(self) -> str:
        """The state that a cell is shown in."""
        order = (Standing.GAP, Standing.REVIEW_DUE, Standing.PARTLY, Standing.MET, Standing.NOT_APPLICABLE)
        return next((each for each in order if self.counts.get(each)), "")


@dataclass
class Line:
    """One service, or None for the company as a whole, with its cell of each framework."""

    service: Any
    cells: list[Cell]


def matrix(reader: Any, number: int = 1) -> tuple[list[Framework], list[Line], Page[Any]]:
    """Active frameworks, and a page of the services that anything is recorded of, the company first."""
    frameworks = list(Framework.objects.filter(is_active=True).order_by("name"))
    recorded = seen(reader).filter(control__framework__is_active=True)
    page = Paginator(_services(recorded), PAGE).get_page(number)
    of_page = [pk for pk, _ in page.object_list]
    cells = _cells(recorded.filter(Q(service__in=of_page) | (Q(service=None) if None in of_page else Q(pk=None))))
    services = Entity.objects.select_related("reference").in_bulk(of_page)
    lines = [Line(services.get(pk), [cells.get((pk, each.pk), Cell()) for each in frameworks]) for pk in of_page]
    return frameworks, lines, page


def _services(recorded: QuerySet[Evidence]) -> list[tuple[int | None, str]]:
    """Their ids with their names, in the order of these; without an id: the company."""
    found = recorded.order_by().values_list("service", "service__title", "service__name").distinct()
    named = [(pk, title or name or "") for pk, title, name in found]
    return sorted(named, key=lambda each: (each[0] is not None, each[1]))


def _cells(recorded: QuerySet[Evidence]) -> Mapping[tuple[Any, int], Cell]:
    numbers = (
        recorded.annotate(standing=standing_of_evidence()).order_by()
        .values_list("service", "control__framework", "standing").annotate(number=Count("pk"))
    )  # fmt: skip
    cells: dict[tuple[Any, int], Cell] = defaultdict(Cell)
    for service, framework, standing, number in numbers:
        cells[service, framework].counts[standing] = number
    return cells


def due_for_review(until: dt.date) -> QuerySet[Evidence]:
    """What holds and is to be looked at by that day, of active frameworks, whoever asks: teams are told of it."""
    rows = Evidence.objects.annotate(standing=standing_of_evidence())
    return rows.filter(standing__in=[Standing.MET, Standing.PARTLY, Standing.REVIEW_DUE], review_by__lte=until)
