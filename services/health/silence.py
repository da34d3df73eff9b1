"""What says nothing though it should: checks without an answer, jobs that did not ping, metrics without samples."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from services.health.models import Check, CheckChange, CheckKind, CheckStatus, Metric, MetricDay, Origin, Slo, SloKind
from services.health.scope import Scope
from services.health.subjects import named

# A metric is silent after three times its usual pause, and not before two days: many come once a day.
PAUSES, SOONEST = 3, dt.timedelta(days=2)
# A new check is unknown for the seconds until it is asked.
NEW_FOR = dt.timedelta(minutes=5)
# Of those that are quiet for so long, as many as are looked at more closely, the last to fall silent first.
LOOKED_AT = 2000
# How far back the usual pause is read from.
USUAL = dt.timedelta(days=100)


@dataclass(frozen=True)
class SilentMetric:
    """A metric whose newest sample is of ``at``, and how often one came before; neither where none ever came."""

    metric: Metric
    at: dt.datetime | None
    pause: dt.timedelta | None


def silent_checks(scope: Scope, *, heartbeats: bool) -> QuerySet[Check]:
    """Active checks nobody could ask in time or that have not answered yet; or jobs that did not ping. The one that
    fell silent last comes first."""
    checks = scope.narrowed(Check.objects.active())
    if heartbeats:
        found = checks.filter(kind=CheckKind.HEARTBEAT, state__status=CheckStatus.LATE)
    else:
        asked = checks.exclude(kind=CheckKind.HEARTBEAT).filter(created_at__lt=timezone.now() - NEW_FOR)
        found = asked.filter(state__status__in=[CheckStatus.LATE, CheckStatus.UNKNOWN])
    rows = found.select_related("state", "entity").only(
        "name", "state__status", "state__reason", "state__since", "entity__name", "entity__title"
    )
    return rows.order_by(F("state__since").desc(nulls_last=True), "name")


def silent_metrics(scope: Scope) -> list[SilentMetric]:
    """Metrics that pause for longer than they used to, the last to fall silent first, then those of which no sample
    ever came; two queries. Imported ones are what they are, and derived ones are as old as what they are derived
    from."""
    now = timezone.now()
    came, never = Q(state__at__lt=now - SOONEST), Q(state__at=None, created_at__lt=now - SOONEST)
    quiet = Metric.objects.filter(came | never, origin__in=[Origin.PUSHED, Origin.PROMETHEUS])
    found = list(
        scope.about(quiet, "subject")
        .select_related("state", "subject")
        .only("name", "title", "state__at", *named("subject"))
        .order_by(F("state__at").desc(nulls_last=True), "name")[:LOOKED_AT]
    )
    pauses = _pauses(found)
    silent = (_silent(each, pauses.get(each.pk, SOONEST)) for each in found)
    return [each for each in silent if _is_silent(each, now)]


def silent_since(slo: Slo) -> dt.datetime | None:
    """The last moment at which something was measured of what an SLO is judged by, where more should have come since;
    None while it comes, and where nothing ever came."""
    if slo.kind == SloKind.RATIO:
        return _last_sample(slo.metric) if slo.metric else None
    check = slo.source_check
    if check is None:
        return None
    state = getattr(check, "state", None)
    if state is None:
        # Nobody asks any more; its last change says since when.
        last = CheckChange.objects.filter(of=check).order_by("-at").values_list("at", flat=True).first()
        return last or check.updated_at
    return state.last_at if state.status in {CheckStatus.LATE, CheckStatus.UNKNOWN} else None


def _last_sample(metric: Metric) -> dt.datetime | None:
    found = _silent(metric, _pauses([metric]).get(metric.pk, SOONEST))
    return found.at if _is_silent(found, timezone.now()) else None


def _is_silent(found: SilentMetric, now: dt.datetime) -> bool:
    return not found.at or now - found.at > max(SOONEST, PAUSES * (found.pause or SOONEST))


def _silent(metric: Metric, pause: dt.timedelta) -> SilentMetric:
    state = getattr(metric, "state", None)
    return SilentMetric(metric, state.at, pause) if state and state.at else SilentMetric(metric, None, None)


def _pauses(metrics: Iterable[Metric]) -> dict[int, dt.timedelta]:
    """How many days usually lie between two days with samples, of each metric with more than one of those."""
    since = timezone.now().date() - USUAL
    days = MetricDay.objects.filter(metric__in=list(metrics), day__gte=since).values("metric").order_by()
    found = days.annotate(first=Min("day"), last=Max("day"), number=Count("day")).filter(number__gt=1)
    return {row["metric"]: (row["last"] - row["first"]) / (row["number"] - 1) for row in found}
