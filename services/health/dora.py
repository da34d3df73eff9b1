"""The five software delivery metrics of one service or of a team's services, as distributions.

Definitions: dora.dev, "DORA's software delivery metrics" (2026-01-05, CC BY 4.0). Lead time: commit to running in
production. Frequency: deployments a day. Change fail rate: share of deployments that failed or were taken back.
Recovery time: from a failed deployment to the one that restored service. Rework rate: share of deployments that were
unplanned, forced by an incident. They describe a service, not people, and are never blended over teams.
"""

import datetime as dt
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When

from services.health.models import Deployment, DeploymentOutcome, DeploymentResult

ENVIRONMENT = "production"
# Below this many events a share or a median is an anecdote: it is shown with its n, and without a trend.
FEWEST_FOR_TREND = 30
TAKEN_BACK = Exists(Deployment.objects.filter(rollback_of=OuterRef("pk")))
# The same as ``outcome_of``, for the database.
OUTCOME = Case(
    When(result=DeploymentResult.FAILED, then=Value(DeploymentOutcome.FAILED)),
    When(TAKEN_BACK, then=Value(DeploymentOutcome.TAKEN_BACK)),
    default=Value(DeploymentOutcome.SUCCEEDED),
    output_field=CharField(choices=DeploymentOutcome),
)


class Deployed(NamedTuple):
    """What is needed of a deployment to tell of many; a tenth of what the whole record takes."""

    subject_id: int
    finished_at: dt.datetime
    committed_at: dt.datetime | None
    recovered_at: dt.datetime | None
    result: str
    rollback_of_id: int | None
    is_unplanned: bool
    taken_back: bool


Row = Deployment | Deployed


@dataclass(frozen=True)
class Distribution:
    """Durations in seconds, sorted, and what is said of them. ``n`` is always shown beside."""

    seconds: tuple[float, ...]

    @property
    def n(self) -> int:
        return len(self.seconds)

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def p90(self) -> float | None:
        """The nearest-rank 90th percentile."""
        return self.seconds[max(-(-9 * self.n // 10) - 1, 0)] if self.seconds else None


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    n: int

    @property
    def value(self) -> float | None:
        return self.part / self.n if self.n else None


@dataclass(frozen=True)
class Delivery:
    """What the deployments of a span say."""

    days: float
    deployments: int
    lead_time: Distribution
    recovery_time: Distribution
    failed: Share
    rework: Share

    @property
    def per_day(self) -> float:
        return self.deployments / self.days


def deployments(
    subject_ids: Iterable[int], start: dt.datetime, end: dt.datetime, environment: str = ENVIRONMENT
) -> QuerySet[Deployment]:
    """Deployments of these services finished between two moments, each with ``taken_back``."""
    return (
        Deployment.objects.filter(
            subject__in=list(subject_ids), environment=environment, finished_at__gte=start, finished_at__lt=end
        )
        .annotate(taken_back=TAKEN_BACK)
        .order_by("finished_at", "pk")
    )


def deployed(subject_ids: Iterable[int], start: dt.datetime, end: dt.datetime) -> list[Deployed]:
    """The deployments of these services to production, oldest first, without their words; in one query."""
    return [Deployed(*row) for row in deployments(subject_ids, start, end).values_list(*Deployed._fields)]


def delivery(subject_ids: Iterable[int], start: dt.datetime, end: dt.datetime) -> Delivery:
    """The five metrics of these services, in one query."""
    return of_rows(deployed(subject_ids, start, end), end - start)


def of_rows(rows: Sequence[Row], length: dt.timedelta) -> Delivery:
    """What these rows of ``deployments`` or ``deployed``, of a span so long, say. A rate is of a day at least."""
    broken = [row for row in rows if is_failed(row)]
    return Delivery(
        days=max(length / dt.timedelta(days=1), 1),
        deployments=len(rows),
        lead_time=_lead_times(rows),
        recovery_time=_durations((row.finished_at, row.recovered_at) for row in broken),
        failed=Share(len(broken), len(rows)),
        rework=Share(sum(row.is_unplanned for row in rows), len(rows)),
    )


def is_failed(row: Row) -> bool:
    return outcome_of(row) != DeploymentOutcome.SUCCEEDED


def outcome_of(row: Row) -> DeploymentOutcome:
    """What came of a deployment. Rows of ``deployments`` know whether they were taken back; others ask for it."""
    if row.result == DeploymentResult.FAILED:
        return DeploymentOutcome.FAILED
    known: bool | None = getattr(row, "taken_back", None)
    taken_back = row.rollbacks.exists() if known is None and isinstance(row, Deployment) else known
    return DeploymentOutcome.TAKEN_BACK if taken_back else DeploymentOutcome.SUCCEEDED


def _lead_times(rows: Sequence[Row]) -> Distribution:
    succeeded = (row for row in rows if row.result == DeploymentResult.SUCCEEDED and row.rollback_of_id is None)
    return _durations((row.committed_at, row.finished_at) for row in succeeded)


def _durations(spans: Iterable[tuple[dt.datetime | None, dt.datetime | None]]) -> Distribution:
    return Distribution(tuple(sorted((end - start).total_seconds() for start, end in spans if start and end)))
