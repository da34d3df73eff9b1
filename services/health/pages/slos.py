"""The page of an SLO: its budget with the formula of every figure, how it burns down, and how fast."""

import math
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from portal.chart_views import with_file
from portal.charts import Chart, Column, Level, Series, chart
from portal.moments import moment_html
from portal.panels import Context, panel
from portal.spans import Span, span_of
from services.health import budget, slo_evaluation
from services.health.budget import Events, Rule
from services.health.collections import SLO_ALERTS
from services.health.counts import DAY
from services.health.course import step_in_words
from services.health.models import CheckKind, Deployment, Severity, Slo, SloAlert, SloKind
from services.health.moments import counted, duration
from services.health.pages import marks
from services.health.pages.times import time_shown
from services.health.slo_course import EventCourse, event_course

ALERTS = 5


@panel(on=Slo, slot="main", order=10, title="Error budget", template="health/_budget.html")
def error_budget(request: HttpRequest, slo: Slo) -> Context:
    """Every figure with the formula it comes from, and the rules by which it alerts."""
    target, state = float(slo.target) / 100, getattr(slo, "state", None)
    return {
        "state": state,
        "figures": _figures(slo, state, target) if state else [],
        "rules": _rules(slo, target),
        "unreachable": [_long(rule) for rule in budget.unreachable(target, slo.window_days)],
        "too_long": [_long(rule) for rule in budget.too_long(slo.window_days)],
        "alerts": SloAlert.objects.filter(slo=slo).order_by("-started_at")[:ALERTS],
        "alerts_url": f"{SLO_ALERTS.url}?{urlencode({'slo': slo.name})}",
        "fact": f"rolling window of {counted(slo.window_days, 'day')}",
    }


def _rules(slo: Slo, target: float) -> list[dict[str, Any]]:
    """Each rule with how fast both its windows burn at this moment."""
    windows = slo_evaluation.read_windows([slo], timezone.now())
    return [
        {
            "severity": rule.severity,
            "factor": f"{rule.factor:.4g}",
            "long": _long(rule),
            "short": duration(60 * rule.short_minutes),
            "long_burn": _burn(windows.judged(slo, rule.long_minutes), target),
            "short_burn": _burn(windows(slo, rule.short_minutes), target),
        }
        for rule in budget.rules(target, slo.window_days)
    ]


def _long(rule: Rule) -> str:
    return duration(60 * rule.long_minutes)


def _burn(events: Events, target: float) -> str:
    rate = budget.burn_rate(events, target)
    return "not measured" if rate is None else f"{rate:,.2f}"


def _figures(slo: Slo, state: Any, target: float) -> list[tuple[str, str, str]]:
    """Name, value and formula of what is known of the budget."""
    minutes = budget.allowed_minutes(target, slo.window_days)
    # Only an outage is a matter of minutes: a slow answer is one event, however long it took, and so is a ping.
    is_outage = slo.source_check and slo.source_check.kind != CheckKind.HEARTBEAT and slo.kind == SloKind.AVAILABILITY
    left = f" of {minutes:,.1f} minutes of outage" if is_outage else ""
    return [
        ("Attained", _percent(state.attainment, 3), budget.FORMULAS["attainment"]),
        (
            "Budget left",
            format_html("{}{}{}", _percent(state.remaining, 1), left, _young(slo)),
            budget.FORMULAS["remaining"],
        ),
        (
            "Burn rate of the last hour",
            "not measured" if state.burn is None else f"{state.burn:,.2f}",
            budget.FORMULAS["burn"],
        ),
        (
            "Spent, if it goes on like this",
            _empty_at(state),
            budget.FORMULAS["empty_at"],
        ),
        ("Measured", _percent(state.measured, 1), budget.FORMULAS["measured"]),
        ("Events", f"{state.good:,} good of {state.total:,}", "answers or samples within the window"),
    ]


def _young(slo: Slo) -> SafeString | str:
    """Since when an SLO is measured that is younger than its window: what is left is of the budget since then."""
    begin = slo_evaluation.measured_since([slo]).get(slo.pk)
    if begin is None or begin <= timezone.now() - slo.window_days * DAY:
        return ""
    return format_html("; young, measured since {}", moment_html(begin))


def _empty_at(state: Any) -> str:
    if state.empty_at:
        return moment_html(state.empty_at)
    if state.remaining is None or state.burn is None:
        return "not measured"
    return "not within ten years" if state.remaining > 0 else "nothing is left"


def _percent(share: float | None, digits: int) -> str:
    return "not measured" if share is None else f"{100 * share:,.{digits}f}\u00a0%"


# Over time


@panel(on=Slo, slot="main", order=15, title="How it burns", template="health/_slo_charts.html")
def burning(request: HttpRequest, slo: Slo) -> Context:
    span = span_of(request.GET, "7d")
    return {
        **time_shown(request, slo, span, "healthslo-how-it-burns"),
        "burn_down": with_file(_burn_down(slo), slo, None),
        "burn_rate": with_file(_burn_rate(slo, span), slo, span),
    }


def _window(slo: Slo) -> Span:
    """The window of the SLO that ends now."""
    now = timezone.now()
    return Span(now - slo.window_days * DAY, now)


def _deployments(slo: Slo, span: Span) -> list[Deployment]:
    check = slo.source_check
    environment = check.environment if check else (slo.metric.environment if slo.metric else "") or "production"
    return marks.deployments_in(slo.entity.reference_id, span, environment)


@chart(on=Slo, name="burn-down", default=None)
def burn_down(request: HttpRequest, slo: Slo) -> Chart:
    """Over the window of the SLO."""
    return _burn_down(slo)


def _burn_down(slo: Slo) -> Chart:
    """What was left of the budget after each step, and what would be if it were spent evenly."""
    window = _window(slo)
    found = event_course(slo, window.start, window.end)
    left = budget.burn_down(found.events, float(slo.target) / 100)
    now = next((value for value in reversed(left) if value is not None), None)
    drawn = Chart(
        name="burn-down",
        title=f"Budget left over the window of {counted(slo.window_days, 'day')}",
        summary="Nothing was measured in this window." if now is None else _left_in_words(now),
        caption=f"{budget.FORMULAS['burn_down']}.",
        at=found.at,
        parts=[
            Series("Left", left, "line", "c1"),
            Series("Spent evenly", [None for _ in left] if now is None else _evenly(found, window), "dotted", "c6"),
            *_counts(found),
        ],
        levels=[Level(0, "nothing left", "bad")],
        percent=True,
        bottom=0 if now is None or now >= 0 else None,
        empty="No event of this window was measured.",
    )
    return marks.marked(drawn, _deployments(slo, window), found.step)


def _evenly(found: EventCourse, window: Span) -> list[float]:
    """What is left at the end of each step of a budget that is spent in the same time as the window takes."""
    return [1 - (min(at + found.step, window.end) - window.start) / window.length for at in found.at]


def _counts(found: EventCourse) -> list[Column]:
    return [
        Column("Bad events", [each.bad for each in found.events]),
        Column("Events", [each.total for each in found.events]),
    ]


def _left_in_words(now: float) -> str:
    if now < 0:
        return f"The budget is overspent by {-100 * now:,.1f}\u00a0% of its size."
    return f"{100 * now:,.1f}\u00a0% of the budget is left."


@chart(on=Slo, name="burn-rate")
def burn_rate(request: HttpRequest, slo: Slo, span: Span) -> Chart:
    return _burn_rate(slo, span)


def _burn_rate(slo: Slo, span: Span) -> Chart:
    """How fast the budget went in each step, beside the rates at which it alerts."""
    target, found = float(slo.target) / 100, event_course(slo, span.start, span.end)
    rates = [budget.burn_rate(each, target) for each in found.events]
    worst, top = max((rate for rate in rates if rate is not None), default=None), _top(slo, target)
    drawn = Chart(
        name="burn-rate",
        title="Burn rate",
        summary=_worst_in_words(worst, found, span),
        caption=f"{budget.FORMULAS['burn'].capitalize()}. {_cut(worst, top)}".strip(),
        at=found.at,
        parts=[Series("Burn rate", rates, "line", "c2", digits=2), *_counts(found)],
        levels=_paging(slo, target),
        top=top if worst is not None and worst > top else None,
    )
    return marks.marked(drawn, _deployments(slo, span), found.step)


def _worst_in_words(worst: float | None, found: EventCourse, span: Span) -> str:
    if worst is None:
        return "Nothing was measured in this time."
    step = step_in_words(found.step)
    return f"At worst the budget burned {worst:,.2f} times as fast as evenly, in {step} of {span.words}."


def _paging(slo: Slo, target: float) -> list[Level]:
    """The rates at which somebody is paged."""
    rules = [rule for rule in budget.rules(target, slo.window_days) if rule.severity == Severity.PAGE]
    return [
        Level(rule.factor, f"pages at {rule.factor:.4g} in {_long(rule)}", "bad", always_seen=False) for rule in rules
    ]


def _top(slo: Slo, target: float) -> float:
    """Where the axis of burn rates ends, so that an outage does not hide what matters: above the fastest rule."""
    return math.ceil(1.5 * max((rule.factor for rule in budget.rules(target, slo.window_days)), default=1))


def _cut(worst: float | None, top: float) -> str:
    return (
        f"The axis ends at {top:g}; what burned faster is cut off there, and is in the table."
        if worst and worst > top
        else ""
    )
