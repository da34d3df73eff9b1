"""The form that the strategy begins with: six questions, what the portal knows of each already, and the text that the
answers make."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.urls import reverse

from incidents.insights.recurring import KIND as RECURRING
from portal.collections import get_collection, unknown_to
from portal.people.models import Team, TeamKind
from portal.proposals.models import Proposal
from portal.proposals.models import State as ProposalState
from roadmap.models import Bound, ClarifyingAnswer, Framework
from services.health.models import Check, Limit, Metric, Origin, PrometheusServer, Slo
from services.health.moments import counted
from services.health.saying import day_in_words, with_unit
from services.models import Entity

MOST = 5


@dataclass(frozen=True)
class Fact:
    """One thing the portal knows, and the page that shows more of it."""

    text: str
    url: str
    label: str


@dataclass(frozen=True)
class Question:
    key: str
    title: str
    help_text: str
    known: Callable[[Any], Iterable[Fact]]


def _list(slug: str) -> str:
    found = get_collection(slug)
    return found.url if found else ""


def _record(slug: str, pk: int) -> str:
    return reverse("record", args=[slug, pk])


def _seen(reader: Any, rows: Sequence[Any]) -> list[Any]:
    """Those whose metric is about nothing that is hidden from the reader."""
    hidden = unknown_to(reader, [each.metric.subject_id for each in rows]) if rows else {}
    return [each for each in rows if each.metric.subject_id not in hidden]


def _load(reader: Any) -> Iterable[Fact]:
    """What runs out first."""
    limits = Limit.objects.filter(is_active=True, state__q10_date__isnull=False)
    rows = limits.select_related("state", "metric").order_by("state__q10_date", "pk")[: 3 * MOST]
    for each in _seen(reader, list(rows))[:MOST]:
        day, urgency = day_in_words(each.state.q10_date), each.state.get_urgency_display().lower()
        text = f"{each.name}: reached {day} at the earliest ({urgency})."
        yield Fact(text, _record("limits", each.pk), "limit")


def _bottlenecks(reader: Any) -> Iterable[Fact]:
    """What recurs in incidents, of which everybody may know."""
    rows = Proposal.objects.filter(kind=RECURRING, state=ProposalState.OPEN).order_by("-severity", "-pk")
    for each in rows[:MOST]:
        yield Fact(f"{each.title}.", _record("proposals", each.pk), "proposal")


def _central(reader: Any) -> Iterable[Fact]:
    """Who owns how much: platform teams, other teams, nobody."""
    platform = Team.objects.filter(kind=TeamKind.PLATFORM).values("reference")
    component = Q(kind="component")
    counts = Entity.objects.aggregate(
        central=Count("pk", filter=component & Q(owner__in=platform)),
        teams=Count("pk", filter=component & Q(owner__isnull=False) & ~Q(owner__in=platform)),
        nobody=Count("pk", filter=component & Q(owner=None)),
    )
    if not any(counts.values()):
        return
    said = f"{counted(counts['central'], 'component')} owned by platform teams, {counts['teams']:,} by others"
    yield Fact(f"{said}, {counts['nobody']:,} by nobody.", _list("services"), "services")


def _observability(reader: Any) -> Iterable[Fact]:
    """Where figures come from, and how much is watched."""
    origins = dict(Metric.objects.order_by().values_list("origin").annotate(number=Count("pk")))
    if origins:
        told = ", ".join(f"{number:,} {Origin(each).label.lower()}" for each, number in sorted(origins.items()))
        yield Fact(f"Metrics: {told}.", _list("metrics"), "metrics")
    checks, slos = Check.objects.count(), Slo.objects.filter(is_active=True).count()
    if checks or slos:
        yield Fact(f"{counted(checks, 'check')} and {counted(slos, 'SLO')}.", reverse("health"), "health")
    names = list(PrometheusServer.objects.order_by("name").values_list("name", flat=True)[:MOST])
    if names:
        yield Fact(f"Prometheus: {', '.join(names)}.", _list("prometheus-servers"), "servers")


def _bounds(reader: Any) -> Iterable[Fact]:
    rows = Bound.objects.filter(is_active=True).select_related("metric", "state").order_by("name")[: 3 * MOST]
    for each in _seen(reader, list(rows))[:MOST]:
        state = getattr(each, "state", None)
        keeping = state.get_keeping_display().lower() if state else "not read yet"
        text = f"{each.name}: {each.get_side_display().lower()} {with_unit(each.metric, each.value)} ({keeping})."
        yield Fact(text, _list("non-negotiables"), "non-negotiables")


def _tenancy(reader: Any) -> Iterable[Fact]:
    """Which data lie where, and what one answers for."""
    field: Any = Entity._meta.get_field("privacy_class")
    labels = dict(field.choices)
    classes = Entity.objects.exclude(privacy_class="").order_by().values_list("privacy_class").annotate(n=Count("pk"))
    if told := [f"{number:,} {labels[each].lower()}" for each, number in sorted(classes)]:
        yield Fact(f"Privacy class: {', '.join(told)}.", _list("entities"), "everything")
    lies = Entity.objects.exclude(residency="").order_by().values(place=F("residency")).annotate(n=Count("pk"))
    if told := [f"{each['n']:,} in {each['place']}" for each in lies.order_by("-n", "place")[:MOST]]:
        yield Fact(f"Data residency: {', '.join(told)}.", _list("entities"), "everything")
    names = list(Framework.objects.order_by("name").values_list("name", flat=True)[:MOST])
    if names:
        yield Fact(f"Frameworks: {', '.join(names)}.", _list("frameworks"), "frameworks")


QUESTIONS = (
    Question("load", "Load and growth", "What do we carry on a usual day and on the worst one, and how does it grow?",
             _load),
    Question("bottlenecks", "Recurring bottlenecks", "What slows or stops us again and again?", _bottlenecks),
    Question("central", "Owned centrally", "Which parts does the platform own for everybody, and which do teams own?",
             _central),
    Question("observability", "Observability stack", "How do we know how it is: metrics, logs, traces, alerts?",
             _observability),
    Question("non-negotiables", "Non-negotiables", "What must hold whatever is planned?", _bounds),
    Question("tenancy", "Tenancy and compliance",
             "Are customers apart from each other, where do data lie, and what are we audited for?", _tenancy),
)  # fmt: skip


def answers() -> dict[str, ClarifyingAnswer]:
    return {each.key: each for each in ClarifyingAnswer.objects.all()}


def draft(found: Mapping[str, ClarifyingAnswer]) -> str:
    """The answers as a text: each under its question; what is not answered is left out."""
    given = [(each, found[each.key].text.strip()) for each in QUESTIONS if each.key in found]
    return "\n\n".join(f"## {each.title}\n\n{text}" for each, text in given if text)
