"""The page of a check: how fast and how often it answered, its state over time, and its latest answers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Window
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from portal.chart_views import with_file
from portal.charts import Chart, Column, Level, Series, chart
from portal.looks import look_of
from portal.panels import Context, panel
from portal.spans import Span, span_of
from services.health import buckets
from services.health.counts import Counts, first_answers
from services.health.course import Course, course, step_in_words
from services.health.looks import look_of_outcome
from services.health.models import (
    Check,
    CheckChange,
    CheckKind,
    CheckResult,
    CheckStatus,
    Deployment,
    Outcome,
    Slo,
    SloKind,
)
from services.health.moments import counted
from services.health.pages import marks
from services.health.pages.times import time_shown

LATEST = 20
CHANGES = 50
# As many changes are drawn, the newest; and so many bars side by side can be told apart.
MOST_DRAWN, BARS = 2000, 600
QUANTILES = ((0.5, "p50", "c3", "dotted"), (0.95, "p95", "c1", "line"), (0.99, "p99", "c2", "dashed"))
_HEIGHTS = {"ok": 100, "warn": 66, "bad": 33, "info": 50}
# Which state a bar has that stands for several.
_WORST = ("bad", "warn", "idle", "info", "ok")


@dataclass(frozen=True)
class _Seen:
    """What both charts of a check are made of."""

    check: Check
    span: Span
    course: Course
    deployments: list[Deployment]

    @property
    def is_of_pings(self) -> bool:
        """Whether nothing is asked: a ping comes, or it does not, which is missing and not down."""
        return self.check.kind == CheckKind.HEARTBEAT

    @property
    def at(self) -> list[dt.datetime]:
        return [point.start for point in self.course.points]

    def marked(self, chart: Chart) -> Chart:
        return marks.marked(chart, self.deployments, self.course.step)


def _seen(check: Check, span: Span) -> _Seen:
    found = course(check.pk, span.start, span.end)
    return _Seen(check, span, found, marks.deployments_in(check.entity.reference_id, span, check.environment))


@panel(on=Check, slot="main", order=5, title="Latency and availability", template="health/_check_charts.html")
def latency_and_availability(request: HttpRequest, check: Check) -> Context:
    span = span_of(request.GET, "7d")
    seen = _seen(check, span)
    shown = [_latency(seen), _availability(seen)]
    return {
        **time_shown(request, check, span, "healthcheck-latency-and-availability"),
        "figures": _figures_of_pings(seen.course.whole) if seen.is_of_pings else _figures(seen.course.whole),
        "charts": [with_file(each, check, span) for each in shown if each],
        # The rest of the page follows what happens; charts stay as they are while somebody reads them.
        "fact": f"{span.words}, as of {timezone.localtime():%H:%M}" if span.name else span.words,
    }


def _figures(whole: Counts) -> list[tuple[str, str, str]]:
    """Name, value and note of what is said first, over the whole span."""
    quantiles = [(name, _ms(buckets.quantile_ms(whole.latency, share))) for share, name, *_ in QUANTILES]
    timed = f"{counted(sum(whole.latency), 'answer')} timed"
    said = f"{whole.good:,} good of {whole.total:,}" if whole.total else "no answer in this time"
    return [
        ("Availability", _share(whole), said),
        *((f"{name} latency", value, timed) for name, value in quantiles[1:]),
        ("Not measured", f"{whole.late:,}", f"asked late; {whole.maintenance:,} in maintenance"),
    ]


def _figures_of_pings(whole: Counts) -> list[tuple[str, str, str]]:
    share = f"{100 * whole.total / whole.expected:.1f}\u00a0%" if whole.expected else "not measured"
    said = f"{whole.total:,} of {whole.expected:,}" if whole.expected else "none was due in this time"
    return [
        ("Pings that came", share, said),
        ("Did not come", f"{whole.late:,}", f"missing, not down; {whole.maintenance:,} in maintenance"),
    ]


def _share(counts: Counts) -> str:
    return f"{100 * counts.good / counts.total:.3f}\u00a0%" if counts.total else "not measured"


def _ms(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.0f}\u00a0ms"


@chart(on=Check, name="latency")
def latency(request: HttpRequest, check: Check, span: Span) -> Chart | None:
    return _latency(_seen(check, span))


def _latency(seen: _Seen) -> Chart | None:
    """Percentiles of each step; a heartbeat answers nothing, so that it has none."""
    if seen.is_of_pings:
        return None
    histograms = [point.counts.latency for point in seen.course.points]
    p95 = buckets.quantile_ms(seen.course.whole.latency, 0.95)
    slow = seen.check.max_latency_ms
    drawn = Chart(
        name="latency",
        title="Latency",
        unit="ms",
        summary=f"95 of 100 answers of {seen.span.words} came within {_ms(p95)}." if p95 else "No answer was timed.",
        caption=f"Each point is {step_in_words(seen.course.step)}.",
        at=seen.at,
        parts=[*_quantiles(histograms), Column("Answers", [sum(each) for each in histograms])],
        levels=[Level(slow, f"slow from {slow:,} ms", "warn", always_seen=False)] if slow else [],
        empty="No answer of this time was timed.",
    )
    return seen.marked(drawn)


def _quantiles(histograms: Sequence[Sequence[int]]) -> list[Series]:
    return [
        Series(name, [buckets.quantile_ms(each, share) for each in histograms], look, colour)
        for share, name, colour, look in QUANTILES
    ]


@chart(on=Check, name="availability")
def availability(request: HttpRequest, check: Check, span: Span) -> Chart:
    return _availability(_seen(check, span))


def _availability(seen: _Seen) -> Chart:
    """The share of good answers of each step, with the targets that were promised of it; of pings, of what came."""
    counts = [point.counts for point in seen.course.points]
    expected = [each.expected if seen.is_of_pings else each.total for each in counts]
    shares = [each.good / number if number else None for each, number in zip(counts, expected, strict=True)]
    targets = _targets(seen.check)
    drawn = Chart(
        name="availability",
        title="Pings that came" if seen.is_of_pings else "Availability",
        summary=_good_in_words(seen),
        caption="A ping that did not come is missing, which is not down. In maintenance none is awaited."
        if seen.is_of_pings
        else "What was not measured and what was in maintenance counts neither for nor against it.",
        at=seen.at,
        parts=[
            Series("Came" if seen.is_of_pings else "Good", shares, digits=3),
            Column("Pings" if seen.is_of_pings else "Good answers", [each.good for each in counts]),
            *([] if seen.is_of_pings else [Column("Failed", [each.bad for each in counts])]),
            Column("Did not come" if seen.is_of_pings else "Not measured", [each.late for each in counts]),
        ],
        levels=[Level(target, f"target {100 * target:g}\u00a0%", "warn") for target in targets],
        percent=True,
        bottom=_floor_of([*(share for share in shares if share is not None), *targets]),
        top=1.0,
        small=True,
    )
    return seen.marked(drawn)


def _targets(check: Check) -> list[float]:
    promised = Slo.objects.filter(source_check=check, kind=SloKind.AVAILABILITY, is_active=True).order_by("target")
    return [float(slo.target) / 100 for slo in promised[:2]]


def _good_in_words(seen: _Seen) -> str:
    whole = seen.course.whole
    if seen.is_of_pings and whole.expected:
        return f"{whole.total:,} of {counted(whole.expected, 'ping')} of {seen.span.words} came."
    if not whole.total:
        return "Nothing was measured."
    were = "was" if whole.total == 1 else "were"
    return f"{_share(whole)} of {counted(whole.total, 'answer')} of {seen.span.words} {were} good."


def _floor_of(shares: Sequence[float]) -> float:
    """Where the axis begins: far enough below the worst to see it, as near to 1 as that allows."""
    worst = min(shares, default=1.0)
    return next((floor for floor in (0.999, 0.99, 0.95, 0.9, 0.5) if worst > floor + 1e-9), 0.0)


@dataclass(frozen=True)
class _Period:
    """How long a check was in one state."""

    status: str
    start: dt.datetime
    end: dt.datetime

    @property
    def label(self) -> str:
        return str(CheckStatus(self.status).label)


@panel(on=Check, slot="main", order=7, title="State over time", template="health/_states.html", live=True)
def states(request: HttpRequest, check: Check) -> Context:
    """In which state it was when, as a strip, in words and as the list of changes."""
    span = span_of(request.GET, "7d")
    found = CheckChange.objects.filter(of=check, at__gte=span.start, at__lt=span.end).order_by("-at", "-pk")
    newest = list(found.annotate(total=Window(Count("pk")))[:MOST_DRAWN])
    total, changes = newest[0].total if newest else 0, newest[::-1]
    drawn = replace(span, start=changes[0].at) if total > MOST_DRAWN else span
    periods = _periods(check, changes, drawn)
    return {
        "bars": _bars(periods, drawn),
        "shares": _shares(periods, drawn),
        "summary": "; ".join(f"{label} {share} of the time" for _, label, share in _shares(periods, drawn)),
        "changes": newest[:CHANGES],
        "span": drawn,
        "cut": f"So many changes that only the last {MOST_DRAWN:,} are drawn." if drawn != span else "",
        "fact": f"{counted(total, 'change')} in {span.words}"
        + (f", the last {CHANGES} here" if total > CHANGES else ""),
    }


def _periods(check: Check, changes: Sequence[CheckChange], span: Span) -> list[_Period]:
    """Its states one after another; what it was at the beginning is told by the first change, or by the last before."""
    end = min(span.end, timezone.now())
    before = None if changes else CheckChange.objects.filter(of=check, at__lt=span.start).order_by("-at").first()
    begin = _known_from(check, changes[0] if changes else before, span)
    first = changes[0].before if changes else before.after if before else _without_changes(check, begin, end)
    moments = [begin, *(each.at for each in changes), end]
    words = [first, *(each.after for each in changes)]
    return [
        _Period(word, start, until)
        for word, start, until in zip(words, moments, moments[1:], strict=False)
        if start < until
    ]


def _known_from(check: Check, change: CheckChange | None, span: Span) -> dt.datetime:
    """When its states begin within a span: when it was made, or with answers from before that, such as imported ones. A
    change before both tells what it was until then, whenever that began."""
    if check.created_at <= span.start:
        return span.start
    begin = min(check.created_at, first_answers([check.pk]).get(check.pk, check.created_at))
    return span.start if change and change.at < begin else max(span.start, begin)


def _without_changes(check: Check, begin: dt.datetime, end: dt.datetime) -> str:
    """A check that never changed is what it is now, since it was first asked."""
    state = getattr(check, "state", None)
    return state.status if state and begin <= end else CheckStatus.UNKNOWN


def _bars(periods: Sequence[_Period], span: Span) -> list[dict[str, Any]]:
    bars = []
    for those in _side_by_side(periods, span):
        start, end, worst = those[0].start, those[-1].end, min(those, key=_badness)
        look, _ = look_of(worst.status)
        height = _HEIGHTS.get(look, 8)
        label = worst.label if len(those) == 1 else f"{len(those):,} states, the worst {worst.label}"
        bars.append(
            {
                "x": f"{100 * ((start - span.start) / span.length):.3f}%",
                "width": f"{max(100 * ((end - start) / span.length), 100 / BARS):.3f}%",
                "y": f"{100 - height}%", "height": f"{height}%", "look": look,
                "label": f"{label} from {_clock(start)} to {_clock(end)}",
            }
        )  # fmt: skip
    return bars


def _side_by_side(periods: Sequence[_Period], span: Span) -> list[list[_Period]]:
    """Periods by the bar that stands for them: those too brief to be seen go together until they can be."""
    narrowest, bars = span.length / BARS, list[list[_Period]]()
    for each in periods:
        is_brief = each.end - each.start < narrowest
        if bars and is_brief and bars[-1][-1].end - bars[-1][0].start < narrowest:
            bars[-1].append(each)
        else:
            bars.append([each])
    return bars


def _badness(period: _Period) -> int:
    look, _ = look_of(period.status)
    return _WORST.index(look) if look in _WORST else len(_WORST)


def _clock(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b, %H:%M}"


def _shares(periods: Sequence[_Period], span: Span) -> list[tuple[str, str, str]]:
    """Value, word and share of the time of each state, the longest first."""
    lasted: dict[str, dt.timedelta] = {}
    for each in periods:
        lasted[each.status] = lasted.get(each.status, dt.timedelta(0)) + (each.end - each.start)
    known = sum(lasted.values(), dt.timedelta(0))
    ordered = sorted(lasted.items(), key=lambda pair: pair[1], reverse=True)
    return [(status, str(CheckStatus(status).label), f"{100 * (each / known):.2f}\u00a0%") for status, each in ordered]


@panel(on=Check, slot="main", order=10, title="Latest answers", template="health/_answers.html", live=True)
def answers(request: HttpRequest, check: Check) -> Context:
    """What was asked last and what came; whoever may edit the check may ask now, and sees where a heartbeat pings."""
    may = request.user.has_perm("health.change_check", check)
    is_heartbeat = check.kind == CheckKind.HEARTBEAT
    found = CheckResult.objects.filter(of_id=check.pk).order_by("-due_at")[:LATEST]
    ping = request.build_absolute_uri(reverse("heartbeat", args=[check.token])) if may and is_heartbeat else ""
    return {
        "answers": [(look_of_outcome(each.outcome), Outcome(each.outcome).label, each) for each in found],
        "run_url": reverse("check-run", args=[check.pk]) if may and check.is_active and not is_heartbeat else "",
        "ping_url": ping,
        "state": getattr(check, "state", None),
        "is_heartbeat": is_heartbeat,
        "fact": f"of two days, the last {LATEST} here",
    }
