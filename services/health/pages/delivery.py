"""Deployments of a service and of a team's services, with what they say of delivery (services.health.dora)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from portal.chart_views import with_file
from portal.charts import Chart, Column, Series, chart
from portal.collections import reference_url
from portal.panels import Context, panel
from portal.people.models import Team
from portal.references.models import Reference
from portal.spans import Span, span_of
from services.health import dora
from services.health.collections import DEPLOYMENTS
from services.health.dora import Delivery, Deployed, Distribution, Share
from services.health.models import Deployment
from services.health.moments import counted, duration
from services.health.pages.times import LONG, time_shown
from services.models import Entity

LATEST = 20
AROUND = 5
DAILY_UP_TO = dt.timedelta(days=31)
HOUR, DAY, WEEK, MONTH = 3600, 86_400, 7 * 86_400, 30 * 86_400
# The steps in which dora.dev tells lead and recovery times.
BINS = (("under 1 h", HOUR), ("under 1 day", DAY), ("under 7 days", WEEK), ("under 30 days", MONTH))
LONGER = "longer"


@panel(
    on=Entity, slot="tab:deployments", order=10, title="Delivery", template="health/_delivery.html",
    kinds=("component",),
)  # fmt: skip
def entity_delivery(request: HttpRequest, entity: Entity) -> Context:
    span = span_of(request.GET, "90d")
    return _delivery(request, entity, span, _rows([entity.reference_id], span))


@panel(on=Team, slot="tab:delivery", order=10, title="Delivery", template="health/_delivery.html")
def team_delivery(request: HttpRequest, team: Team) -> Context:
    """Of the services that it owns, together and each; never compared with those of other teams."""
    span, owned = span_of(request.GET, "90d"), _owned(team)
    rows = _rows(owned, span)
    return {**_delivery(request, team, span, rows), "services": _by_service(rows, owned, span), "is_team": True}


def _owned(team: Team) -> dict[int, Reference]:
    """The services of a team by the id of their reference."""
    owned = Entity.objects.filter(owner=team.reference, reference__kind="component").select_related("reference")
    return {each.reference_id: each.reference for each in owned.order_by("name")}


def _rows(subject_ids: Iterable[int], span: Span) -> list[Deployed]:
    return dora.deployed(subject_ids, span.start, _end(span))


def _end(span: Span) -> dt.datetime:
    """Until when a span is over: what is to come lowers no rate."""
    return min(span.end, timezone.now())


def _delivery(request: HttpRequest, record: Any, span: Span, rows: Sequence[Deployed]) -> dict[str, Any]:
    found = dora.of_rows(rows, _end(span) - span.start)
    shown = [_frequency(rows, span), _lead_time(found.lead_time), _recovery_time(found.recovery_time)]
    name = "servicesentity-delivery" if isinstance(record, Entity) else "peopleteam-delivery"
    tab = "deployments" if isinstance(record, Entity) else "delivery"
    told = time_shown(request, record, span, name, tab=tab, names=LONG)
    return {
        **told,
        "figures": figures(found),
        "few": found.deployments < dora.FEWEST_FOR_TREND,
        "found": found,
        "charts": [with_file(each, record, span) for each in shown],
        "fact": f"to production, {span.words}",
    }


def figures(found: Delivery) -> list[tuple[str, str, str]]:
    """Name, value and note of the five metrics."""
    return [
        ("Deployments", f"{found.deployments:,}", f"{7 * found.per_day:,.1f} a week"),
        ("Lead time", *_durations(found.lead_time)),
        ("Change fail rate", *_share(found.failed)),
        ("Recovery time", *_durations(found.recovery_time)),
        ("Rework", *_share(found.rework)),
    ]


def _durations(found: Distribution) -> tuple[str, str]:
    if found.median is None or found.p90 is None:
        return "not known", "nothing to measure it by"
    within = duration(found.p90).replace(" ", "\u00a0")
    return duration(found.median), f"median of {found.n:,}; nine of ten within {within}"


def _share(found: Share) -> tuple[str, str]:
    if found.value is None:
        return "not known", "no deployment"
    return f"{100 * found.value:.1f}\u00a0%", f"{found.part:,} of {found.n:,}"


def _by_service(rows: Sequence[Deployed], owned: dict[int, Reference], span: Span) -> list[dict[str, Any]]:
    """The figures of each service, those that were deployed first."""
    of_service: dict[int, list[Deployed]] = defaultdict(list)
    for row in rows:
        of_service[row.subject_id].append(row)
    told = [
        {
            "name": reference.label,
            "url": f"{reference_url(reference.canonical, reference.attached)}deployments/?{span.query}",
            "found": (found := dora.of_rows(of_service[key], _end(span) - span.start)),
            "figures": [value for _, value, _ in figures(found)[1:]],
        }
        for key, reference in owned.items()
    ]
    return sorted(told, key=lambda each: -each["found"].deployments)


# Charts


@chart(on=Entity, name="deployment-frequency", default="90d")
def entity_frequency(request: HttpRequest, entity: Entity, span: Span) -> Chart:
    return _frequency(_rows([entity.reference_id], span), span)


@chart(on=Team, name="deployment-frequency", default="90d")
def team_frequency(request: HttpRequest, team: Team, span: Span) -> Chart:
    return _frequency(_rows(_owned(team), span), span)


def _frequency(rows: Sequence[Deployed], span: Span) -> Chart:
    """Deployments of each day, or of each week where the span is long, by how they ended."""
    is_daily = span.length <= DAILY_UP_TO
    counts = _counts(rows, span, is_daily)
    failed = sum(bad for _, bad in counts.values())
    told = f"{counted(len(rows), 'deployment')} to production in {span.words}"
    return Chart(
        name="deployment-frequency",
        title=f"Deployments by {'day' if is_daily else 'week'}",
        summary=f"{told}; {failed:,} failed or {'was' if failed == 1 else 'were'} taken back.",
        at=list(counts),
        head="Day" if is_daily else "Week of",
        parts=[
            Series("Succeeded", [good for good, _ in counts.values()], "bar", "c1", digits=0, stack="all"),
            Series("Failed or taken back", [bad for _, bad in counts.values()], "bar", "bad", digits=0, stack="all"),
        ],
        small=True,
    )


def _counts(rows: Sequence[Deployed], span: Span, is_daily: bool) -> dict[dt.date, list[int]]:
    """How many succeeded, and how many did not, by the day or the Monday of their week, up to today."""
    last = min(span.last_day, timezone.localdate())
    days = [span.first_day + dt.timedelta(days=at) for at in range((last - span.first_day).days + 1)]
    counts = {day if is_daily else _monday(day): [0, 0] for day in days}
    for row in rows:
        day = timezone.localtime(row.finished_at).date()
        counts[day if is_daily else _monday(day)][dora.is_failed(row)] += 1
    return counts


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


@chart(on=Entity, name="lead-time", default="90d")
def entity_lead_time(request: HttpRequest, entity: Entity, span: Span) -> Chart:
    return _lead_time(dora.delivery([entity.reference_id], span.start, _end(span)).lead_time)


@chart(on=Team, name="lead-time", default="90d")
def team_lead_time(request: HttpRequest, team: Team, span: Span) -> Chart:
    return _lead_time(dora.delivery(_owned(team), span.start, _end(span)).lead_time)


def _lead_time(found: Distribution) -> Chart:
    return _distribution("lead-time", "Lead time", "From commit to production", "c3", found)


@chart(on=Entity, name="recovery-time", default="90d")
def entity_recovery_time(request: HttpRequest, entity: Entity, span: Span) -> Chart:
    return _recovery_time(dora.delivery([entity.reference_id], span.start, _end(span)).recovery_time)


@chart(on=Team, name="recovery-time", default="90d")
def team_recovery_time(request: HttpRequest, team: Team, span: Span) -> Chart:
    return _recovery_time(dora.delivery(_owned(team), span.start, _end(span)).recovery_time)


def _recovery_time(found: Distribution) -> Chart:
    return _distribution("recovery-time", "Recovery time", "From a failed deployment to restored service", "c2", found)


def _distribution(name: str, title: str, meaning: str, colour: str, found: Distribution) -> Chart:
    """How many took how long."""
    counts = dict.fromkeys([*(label for label, _ in BINS), LONGER], 0)
    for seconds in found.seconds:
        counts[next((label for label, limit in BINS if seconds < limit), LONGER)] += 1
    value, note = _durations(found)
    return Chart(
        name=name,
        title=title,
        summary=f"{meaning}: {value}, {note}.",
        at=list(counts),
        head="Took",
        parts=[
            Series("Deployments", [count if found.n else None for count in counts.values()], "bar", colour, digits=0),
            Column("Percent", [100 * count / found.n if found.n else None for count in counts.values()]),
        ],
        newest_first=False,
        small=True,
        empty=f"{meaning}: nothing to measure it by.",
    )


# Single deployments


@panel(
    on=Entity, slot="tab:deployments", order=20, title="Latest deployments", template="health/_deployments.html",
    kinds=("component",),
)  # fmt: skip
def latest_deployments(request: HttpRequest, entity: Entity) -> Context:
    """The newest of all environments."""
    found = Deployment.objects.filter(subject=entity.reference_id).annotate(taken_back=dora.TAKEN_BACK)
    rows = list(found.order_by("-finished_at", "-pk")[: LATEST + 1])
    query = urlencode({"service": entity.reference.canonical})
    return {
        "rows": [_told(each) for each in rows[:LATEST]],
        "empty": "Nothing is reported yet. Let the pipeline tell /hooks/deployments/ what it deploys.",
        "link": {"url": f"{DEPLOYMENTS.url}?{query}", "label": "All of them"} if len(rows) > LATEST else None,
    }


@panel(on=Deployment, slot="main", order=10, title="In the same place", template="health/_deployments.html")
def same_place(request: HttpRequest, deployment: Deployment) -> Context:
    """What was deployed there before and after it."""
    same = Deployment.objects.filter(subject=deployment.subject_id, environment=deployment.environment)
    told = same.annotate(taken_back=dora.TAKEN_BACK)
    after = told.filter(finished_at__gte=deployment.finished_at).order_by("finished_at", "pk")[: AROUND + 1]
    before = told.filter(finished_at__lt=deployment.finished_at).order_by("-finished_at", "-pk")[:AROUND]
    rows = [*reversed(after), *before]
    return {
        "rows": [{**_told(each), "current": each.pk == deployment.pk} for each in rows],
        "fact": f"{deployment.subject} in {deployment.environment}, newest first",
    }


def _told(each: Deployment) -> dict[str, Any]:
    lead = (each.finished_at - each.committed_at).total_seconds() if each.committed_at else None
    recovered = (each.recovered_at - each.finished_at).total_seconds() if each.recovered_at else None
    outcome = dora.outcome_of(each)
    return {
        "deployment": each,
        "url": DEPLOYMENTS.url_of(each),
        "outcome": outcome,
        "lead": duration(lead) if lead is not None else "",
        "recovered": duration(recovered) if recovered is not None and dora.is_failed(each) else "",
    }
