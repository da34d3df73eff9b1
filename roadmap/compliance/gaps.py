"""What is left to do for compliance: controls without evidence, gaps, and what was to be looked at again. What each
reader sees leaves out what rests on a private initiative that they do not see."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce

from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.compliance.collections import OPEN, Standing, seen, standing_of_evidence
from roadmap.models import Control, Evidence, Framework


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


def open_evidence(reader: Any) -> QuerySet[Evidence]:
    """Evidence of active frameworks that says of a gap, or was to be looked at before today."""
    rows = seen(reader).annotate(standing=standing_of_evidence())
    return rows.filter(standing__in=OPEN)


def gaps(
    reader: Any, *, framework: Framework | None = None, service: Reference | None = None, team: Reference | None = None
) -> list[Gap]:
    """The gaps that a reader sees, by framework and control. A control that nobody recorded anything about is a gap of
    no service and no team, so that asking for either leaves it out."""
    rows = open_evidence(reader).select_related(
        "control__framework", "service__reference", "owner", "initiative__reference"
    )
    if framework:
        rows = rows.filter(control__framework=framework)
    if service:
        rows = rows.filter(service__reference=service)
    if team:
        rows = rows.filter(owner=team)
    found = [Gap(each.control, Standing(getattr(each, "standing")), each) for each in rows]  # noqa: B009  annotated
    if service is None and team is None:
        found += [Gap(each, Standing.NO_EVIDENCE) for each in _without_evidence(reader, framework)]
    return sorted(found, key=_order)


def _without_evidence(reader: Any, framework: Framework | None) -> QuerySet[Control]:
    rows = Control.objects.filter(framework__is_active=True).exclude(pk__in=seen(reader).values("control"))
    return (rows.filter(framework=framework) if framework else rows).select_related("framework")


_WORST = {standing: place for place, standing in enumerate(
    (Standing.GAP, Standing.REVIEW_DUE, Standing.PARTLY, Standing.NO_EVIDENCE)
)}  # fmt: skip


def _order(gap: Gap) -> tuple[Any, ...]:
    return (_WORST[gap.standing], gap.control.framework.name, gap.control.identifier, gap.control.pk)


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


def matrix(reader: Any) -> tuple[list[Framework], list[Line]]:
    """Active frameworks, and each service that anything is recorded of, the company first."""
    frameworks = list(Framework.objects.filter(is_active=True).order_by("name"))
    numbers = (
        seen(reader).filter(control__framework__is_active=True).annotate(standing=standing_of_evidence())
        .order_by().values_list("service", "control__framework", "standing").annotate(number=Count("pk"))
    )  # fmt: skip
    cells: Mapping[tuple[Any, int], Cell] = defaultdict(Cell)
    for service, framework, standing, number in numbers:
        cells[service, framework].counts[standing] = number
    return frameworks, [
        Line(service, [cells.get((service and service.pk, each.pk), Cell()) for each in frameworks])
        for service in _services({service for service, _ in cells})
    ]


def _services(keys: set[Any]) -> list[Any]:
    from services.models import Entity

    found = Entity.objects.filter(pk__in=keys - {None}).select_related("reference")
    named = found.order_by(Coalesce("title", Value("")), "name")
    return [*([None] if None in keys else []), *sorted(named, key=str)]


def due_for_review(until: dt.date) -> QuerySet[Evidence]:
    """What holds and is to be looked at by that day, of active frameworks, whoever asks: teams are told of it."""
    rows = Evidence.objects.annotate(standing=standing_of_evidence())
    return rows.filter(standing__in=[Standing.MET, Standing.PARTLY, Standing.REVIEW_DUE], review_by__lte=until)
