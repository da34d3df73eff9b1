"""The providers of health itself: what SLOs attained, how software is delivered, what teams cost."""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from django.db.models import Min

from services.health import dora, samples
from services.health.budget import Events
from services.health.models import Deployment, Metric, MetricKind, Origin, Slo, SloKind
from services.health.providers import Measure, Measured, Provider, bounds, register
from services.health.slo_evaluation import events
from services.models import Ownership, OwnershipRole


class _Teams:
    """Which team owned these entities (by their references) on a day. Who owned one before its first tenure nobody has
    said; its first owner stands for that time too, so that a catalog that is new has a past."""

    def __init__(self, subject_ids: Iterable[int]) -> None:
        self.tenures: dict[int, list[Ownership]] = defaultdict(list)
        owned = Ownership.objects.filter(role=OwnershipRole.ACCOUNTABLE, entity__reference__in=set(subject_ids))
        for tenure in owned.select_related("owner", "entity").order_by("-effective_from", "-pk"):
            self.tenures[tenure.entity.reference_id].append(tenure)

    def of(self, subject_id: int, day: dt.date) -> int | None:
        """The reference of the team; None where no team owned it."""
        tenures = self.tenures.get(subject_id)
        if not tenures:
            return None
        found = next((tenure for tenure in tenures if tenure.effective_from <= day), tenures[-1])
        is_over = found.effective_to is not None and found.effective_to <= day
        return None if is_over or found.owner.kind != "group" else found.owner_id


# SLOs: good of total events by day. Summed over any days they are the attainment of those days.


def measure_slos(days: Sequence[dt.date]) -> Iterator[Measured]:
    """``slo-attainment`` of each SLO, about its entity; ``availability`` of each team, over all that it owns."""
    slos = {slo.pk: slo for slo in Slo.objects.filter(is_active=True).select_related("entity")}
    teams = _Teams(slo.entity.reference_id for slo in slos.values())
    for day in days:
        found = {slos[pk]: each for pk, each in events(slos.values(), *bounds(day)).items() if each.total}
        for slo, each in found.items():
            labels = {"slo": slo.name}
            subject_id = slo.entity.reference_id
            yield Measured("slo-attainment", subject_id, day, good=each.good, total=each.total, labels=labels)
        for team_id, each in _by_team(found, teams, day).items():
            yield Measured("availability", team_id, day, good=each.good, total=each.total)


def _by_team(found: Mapping[Slo, Events], teams: _Teams, day: dt.date) -> dict[int, Events]:
    sums: dict[int, Events] = defaultdict(lambda: Events(0, 0))
    for slo, each in found.items():
        team_id = teams.of(slo.entity.reference_id, day)
        if slo.kind == SloKind.AVAILABILITY and team_id is not None:
            sums[team_id] += each
    return sums


register(
    Provider(
        name="slo",
        measures=(
            Measure("slo-attainment", "SLO attainment", kind=MetricKind.RATIO, higher_is_better=True),
            Measure("availability", "Availability", kind=MetricKind.RATIO, higher_is_better=True),
        ),
        measure=measure_slos,
    )
)


# Delivery: on each day, what the deployments of the thirty days up to its end say.

DORA_DAYS = 30
_HOUR_S = 3600
_FREQUENCY = "deployment-frequency"


def measure_delivery(days: Sequence[dt.date]) -> Iterator[Measured]:
    """The five metrics of each service that deploys, and of each team over its services. Who has deployed before and
    does no more has a frequency of 0."""
    start, end = bounds(days[0] - dt.timedelta(days=DORA_DAYS - 1))[0], bounds(days[-1])[1]
    began = _began(end)
    teams, zone = _Teams(began), samples.organisation_zone()
    rows: dict[int, list[Deployment]] = defaultdict(list)
    for row in dora.deployments(began, start, end):
        team_id = teams.of(row.subject_id, row.finished_at.astimezone(zone).date())
        for subject_id in filter(None, (row.subject_id, team_id)):
            rows[subject_id].append(row)
    deploying = {day: _deploying(began, teams, day) for day in days}
    for subject_id in sorted(rows.keys() | set().union(*deploying.values())):
        of_subject = {day for day in days if subject_id in deploying[day]}
        yield from _delivery(subject_id, rows.get(subject_id, []), days, of_subject)


def _began(end: dt.datetime) -> dict[int, dt.datetime]:
    """Service → the end of its first deployment to production, of each that is in the catalog."""
    there = Deployment.objects.filter(environment=dora.ENVIRONMENT, subject__attached=True, finished_at__lt=end)
    return dict(there.order_by().values_list("subject").annotate(Min("finished_at")))


def _deploying(began: Mapping[int, dt.datetime], teams: _Teams, day: dt.date) -> set[int]:
    """The services that had deployed by the end of a day, and the teams that owned them on it."""
    end = bounds(day)[1]
    services = {subject_id for subject_id, since in began.items() if since < end}
    return services | set(filter(None, (teams.of(subject_id, day) for subject_id in services)))


def _delivery(
    subject_id: int, rows: Sequence[Deployment], days: Sequence[dt.date], deploying: Collection[dt.date]
) -> Iterator[Measured]:
    """The metrics of each day with deployments in its span, and a frequency of 0 on other days of ``deploying``."""
    moments = [row.finished_at for row in rows]
    for day in days:
        start, end = bounds(day - dt.timedelta(days=DORA_DAYS - 1))[0], bounds(day)[1]
        within = rows[bisect_left(moments, start) : bisect_left(moments, end)]
        if within:
            for name, value in _values(dora.of_rows(within, end - start)):
                yield Measured(name, subject_id, day, value)
        elif day in deploying:
            yield Measured(_FREQUENCY, subject_id, day, 0.0)


def _values(delivery: dora.Delivery) -> Iterator[tuple[str, float]]:
    yield _FREQUENCY, delivery.per_day
    for name, spans in (("lead-time", delivery.lead_time), ("recovery-time", delivery.recovery_time)):
        if spans.median is not None:
            yield name, spans.median / _HOUR_S
    for name, share in (("change-fail-rate", delivery.failed), ("rework-rate", delivery.rework)):
        if share.value is not None:
            yield name, 100 * share.value


register(
    Provider(
        name="dora",
        measures=(
            Measure(_FREQUENCY, "Deployment frequency", "a day", higher_is_better=True),
            Measure("lead-time", "Lead time for changes", "h", higher_is_better=False),
            Measure("change-fail-rate", "Change fail rate", "%", higher_is_better=False),
            Measure("recovery-time", "Failed deployment recovery time", "h", higher_is_better=False),
            Measure("rework-rate", "Deployment rework rate", "%", higher_is_better=False),
        ),
        measure=measure_delivery,
        # A failure is known, and recovered from, days after the deployment; a pipeline may report late.
        late_days=35,
    )
)


# Cost: no format of the catalog says what a service costs, so it is pushed as the metric “cost”, by day and service.

COST = "cost"
# Who has said nothing for longer has stopped.
SILENT_DAYS = 8


def measure_cost(days: Sequence[dt.date]) -> Iterator[Measured]:
    """``cost`` of each team: that of its services, for each currency. A day on which one of them is missing has none,
    until it comes."""
    given = Metric.objects.filter(name=COST, subject__isnull=False).exclude(origin=Origin.DERIVED)
    metrics = {metric.pk: metric for metric in given}
    teams = _Teams(metric.subject_id or 0 for metric in metrics.values())
    first = days[0] - dt.timedelta(days=SILENT_DAYS)
    services = {pk: dict(values) for pk, values in samples.daily(metrics, first, days[-1]).items() if values}
    for day in days:
        groups: dict[tuple[int, str], list[dict[dt.date, float]]] = defaultdict(list)
        for pk, service in services.items():
            team_id = teams.of(metrics[pk].subject_id or 0, day)
            if team_id is not None:
                groups[team_id, metrics[pk].unit].append(service)
        for (team_id, unit), of_team in groups.items():
            said = any(day in service for service in of_team)
            if said and not any(_is_missing(service, day, days[-1]) for service in of_team):
                value = sum(service.get(day, 0.0) for service in of_team)
                labels = {"unit": unit} if unit else {}
                yield Measured(COST, team_id, day, value, labels=labels, unit=unit)


def _is_missing(service: Mapping[dt.date, float], day: dt.date, last: dt.date) -> bool:
    """Whether a value of that day is still to be expected: the service began before, and has not fallen silent."""
    silent = (last - max(service)).days >= SILENT_DAYS
    return day not in service and min(service) < day and (day < max(service) or not silent)


register(
    Provider(
        name="cost",
        measures=(Measure(COST, "Cost of its services", kind=MetricKind.FLOW, higher_is_better=False),),
        measure=measure_cost,
        late_days=35,
    )
)
