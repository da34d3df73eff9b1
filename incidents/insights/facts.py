"""How long the stages of incidents took, and whether their times count: computed beside them, for figures over all.

What changes an incident writes its timeline, which marks this as stale; a task computes it anew, in the transaction of
nobody who waits.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.utils import timezone

from incidents import account
from incidents import impacts as cost
from incidents.lint import Finding, Happened, Weight
from incidents.models import (
    OPEN,
    STAGES,
    Facet,
    Impact,
    ImpactLevel,
    Incident,
    IncidentState,
    IncidentTime,
    Mode,
    Node,
    Point,
    Precision,
    Tag,
    TimelineEvent,
    pair_of,
)
from services.health import slo_evaluation
from services.health.models import Slo

BATCH = 200
_EVER = dt.datetime.min.replace(tzinfo=dt.UTC)
# What stands in the timeline: neither corrected nor withdrawn.
_STANDING = (
    TimelineEvent.objects.filter(superseded_by=None, withdrawn=False)
    .order_by("happened_at", "pk")
    .only("incident", "kind", "happened_at")
)
# While an incident lasts, what it costs grows without anybody writing.
GOES_ON = dt.timedelta(minutes=5)
# Of one run: a fresh import is done in a few of them.
MOST = 20_000


def refresh_stale(most: int = MOST) -> int:
    """Compute what is missing or stale; returns of how many incidents."""
    missing = Q(state=None) | Q(state__is_stale=True) | Q(updated_at__gt=F("state__refreshed_at"))
    going_on = Q(status__category__in=OPEN, state__refreshed_at__lt=timezone.now() - GOES_ON)
    pks = list(Incident.objects.filter(missing | going_on).order_by("-pk").values_list("pk", flat=True)[:most])
    for start in range(0, len(pks), BATCH):
        refresh(pks[start : start + BATCH])
    return len(pks)


def mark_retagged() -> int:
    """Mark those whose tags are others than what was read, whoever changed them; returns how many."""
    tags = Tag.objects.filter(incident=OuterRef("incident")).order_by("node")
    rows = IncidentState.objects.filter(is_stale=False).annotate(now=ArraySubquery(tags.values("node")))
    changed = Exists(Tag.objects.filter(incident=OuterRef("incident"), updated_at__gt=OuterRef("refreshed_at")))
    return rows.filter(~Q(nodes=F("now")) | Q(changed)).update(is_stale=True)


@transaction.atomic
def refresh(pks: Iterable[int]) -> None:
    """Compute the facts of these incidents, in as many queries as for one of them."""
    # Whoever is changing one has marked its row, and is waited for.
    wanted = sorted(pks)
    list(IncidentState.objects.select_for_update().filter(pk__in=wanted).order_by("pk").values_list("pk"))
    now = timezone.now()
    rows = list(
        Incident.objects.filter(pk__in=wanted)
        .select_related("status")
        .prefetch_related("times", Prefetch("timeline", _STANDING), "impacts", "tags__node")
    )
    measured = _measured_since()
    states = [_state(each, now, measured) for each in rows]
    fields = [each.name for each in IncidentState._meta.concrete_fields if not each.primary_key]
    IncidentState.objects.bulk_create(states, update_conflicts=True, unique_fields=["incident"], update_fields=fields)


def _state(incident: Incident, now: dt.datetime, measured: Mapping[int, dt.datetime]) -> IncidentState:
    findings = account.findings(incident, [Happened(each.kind, each.happened_at) for each in incident.timeline.all()])
    times = account.times_of(incident)
    problems = _codes(findings, Weight.WRONG)
    return IncidentState(
        incident=incident, problems=problems, doubts=_codes(findings, Weight.DOUBTFUL), refreshed_at=now,
        is_about=any(each.precision != Precision.EXACT for each in times.values()),
        **({} if problems else _lengths(times)), **_costs(incident, measured),
        **_answers(list(incident.tags.all())), points=_bits(Point, set(times)),
    )  # fmt: skip


def _answers(tags: Sequence[Tag]) -> dict[str, Any]:
    """What it is tagged with, as figures over many incidents read it."""
    nodes = [tag.node for tag in tags]
    triggers, mitigations = (_tops(nodes, facet) for facet in (Facet.TRIGGER, Facet.MITIGATION))
    return {
        "nodes": sorted(node.pk for node in nodes),
        "tops": _tops(nodes),
        "pairs": [pair_of(trigger, mitigation) for trigger in triggers for mitigation in mitigations],
        "facets": _bits(Facet, {node.facet for node in nodes}),
        "modes": _bits(Mode, {tag.mode for tag in tags}),
    }


def _tops(nodes: Iterable[Node], facet: str = "") -> list[int]:
    """Each node at the top once, of a facet or of all."""
    return sorted({node.parent_id or node.pk for node in nodes if not facet or node.facet == facet})


def _bits(choices: Iterable[str], there: Collection[str]) -> int:
    return sum(1 << place for place, each in enumerate(choices) if each in there)


def _measured_since() -> dict[int, dt.datetime]:
    """Service → since when any of its SLOs has been measured."""
    slos = list(Slo.objects.filter(is_active=True).select_related("entity"))
    begun = slo_evaluation.measured_since(slos)
    found: dict[int, dt.datetime] = {}
    for slo in slos:
        # Since when a metric tells, nobody knows.
        since = begun.get(slo.pk) if slo.source_check_id else _EVER
        if since is not None:
            service = slo.entity.reference_id
            found[service] = min(since, found.get(service, since))
    return found


def _costs(incident: Incident, measured: Mapping[int, dt.datetime]) -> dict[str, Any]:
    """What it did to services. Error budgets are asked for where something was measured: that takes queries."""
    impacts = [each for each in incident.impacts.all() if each.level != ImpactLevel.NONE]
    until = cost.goes_on_until(incident)
    budgets = [
        each
        for each in impacts
        if each.started_at and each.subject_id in measured and (each.ended_at or until) > measured[each.subject_id]
    ]
    customers = [each.customers for each in impacts if each.customers is not None]
    spent = [one.minutes for those in cost.spent(incident, budgets).values() for one in those] if budgets else []
    known = [minutes for minutes in spent if minutes is not None]
    return {
        "impact_minutes": _minutes_hit(impacts, until),
        "customers": max(customers, default=None),
        "budget_minutes": sum(known) if known else None,
    }


def _minutes_hit(impacts: Iterable[Impact], until: dt.datetime) -> float | None:
    """The minutes in which at least one service was hit: windows that overlap count once."""
    spans = sorted((each.started_at, each.ended_at or until) for each in impacts if each.started_at)
    if not spans:
        return None
    total, reached = dt.timedelta(0), spans[0][0]
    for start, end in spans:
        total += max(dt.timedelta(0), end - max(start, reached))
        reached = max(reached, end)
    return total.total_seconds() / 60


def _codes(findings: Iterable[Finding], weight: Weight) -> list[str]:
    return sorted({each.code for each in findings if each.weight is weight})


def _lengths(times: dict[str, IncidentTime]) -> dict[str, int]:
    """The seconds of each stage both of whose times are known. Of two that cross, as where automation mitigates what
    nobody has noticed yet, there is no stage between."""
    known = {}
    for stage in STAGES:
        start, end = times.get(stage.start), times.get(stage.end)
        if start and end and (took := (_middle(end) - _middle(start)).total_seconds()) >= 0:
            known[stage.field] = round(took)
    return known


def _middle(time: IncidentTime) -> dt.datetime:
    return time.earliest + (time.latest - time.earliest) / 2
