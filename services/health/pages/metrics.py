"""The page of a metric: its course beside its baseline, its labelled siblings, and the same metric of others."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Avg, F, Func, QuerySet, Sum, Value
from django.http import HttpRequest

from portal.chart_views import with_file
from portal.charts import Chart, Level, Mark, Moment, Series, chart
from portal.panels import Context, panel
from portal.spans import Span, span_of
from services.health import samples
from services.health.collections import METRICS
from services.health.counts import DAY
from services.health.course import step_for, step_in_words
from services.health.models import Metric, MetricKind, MetricState, Sample
from services.health.pages import marks
from services.health.pages.times import time_shown
from services.health.saying import with_unit

MOST_SERIES = 4
OTHERS = 20
_COLOURS = ("c1", "c2", "c3", "c4")
_LOOKS = ("line", "dashed", "dotted", "line")
_ORIGIN = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
Values = dict[int, dict[Any, float]]


@panel(on=Metric, slot="main", order=10, title="Over time", template="health/_metric.html")
def over_time(request: HttpRequest, metric: Metric) -> Context:
    span = span_of(request.GET, "30d")
    series = _series(request, metric)
    return {
        **time_shown(request, metric, span, "healthmetric-over-time"),
        "chart": with_file(_over_time(metric, span, series), metric, span),
        "hidden": max(_siblings(request, metric).count() + 1 - MOST_SERIES, 0) if len(series) == MOST_SERIES else 0,
        "fact": span.words,
    }


def _state(metric: Metric) -> MetricState | None:
    found: MetricState | None = getattr(metric, "state", None)
    return found


def _now(metric: Metric) -> str:
    state = _state(metric)
    return with_unit(metric, state.value) if state and state.value is not None else ""


def _siblings(request: HttpRequest, metric: Metric) -> QuerySet[Metric]:
    """The same metric of the same subject under other labels, or from elsewhere."""
    visible: QuerySet[Metric] = METRICS.visible(request.user)
    same = visible.filter(name=metric.name, subject=metric.subject_id, kind=metric.kind, unit=metric.unit)
    return same.exclude(pk=metric.pk).order_by("environment", "pk")


def _series(request: HttpRequest, metric: Metric) -> list[tuple[Metric, str]]:
    """Up to MOST_SERIES metrics that are drawn together, each with what it is called, this one first."""
    drawn = [metric, *_siblings(request, metric)[: MOST_SERIES - 1]]
    if len(drawn) == 1:
        return [(metric, "Value")]
    alike = set.intersection(*(set(_labels(each)) for each in drawn))
    return [(each, ", ".join(said for said in _labels(each) if said not in alike) or "no label") for each in drawn]


def _labels(metric: Metric) -> list[str]:
    """``region=eu``, ``staging``: what tells a series from others."""
    said = [f"{name}={value}" for name, value in sorted(metric.labels.items())]
    return [*said, *([metric.environment] if metric.environment else [])]


@chart(on=Metric, name="values", default="30d")
def values(request: HttpRequest, metric: Metric, span: Span) -> Chart:
    return drawn(request, metric, span)


def drawn(request: HttpRequest, metric: Metric, span: Span) -> Chart:
    """The course of a metric, also for pages of what is bound to it."""
    return _over_time(metric, span, _series(request, metric))


def _over_time(metric: Metric, span: Span, series: Sequence[tuple[Metric, str]]) -> Chart:
    step, found = _values([each for each, _ in series], metric.kind, span)
    at: list[Moment] = sorted(set().union(*found.values()))
    all_values = [value for values in found.values() for value in values.values()]
    is_ratio, worse = metric.kind == MetricKind.RATIO, _regression(metric, at, span)
    made = Chart(
        name="values",
        title=str(metric),
        unit="" if is_ratio else metric.unit,
        summary=_in_words(metric, [found[metric.pk][each] for each in at if each in found[metric.pk]], span),
        caption=f"{_words_of_step(metric.kind, step)}{' Shaded: worse than the baseline.' if worse else ''}",
        at=at,
        head="Day" if step >= DAY else "When",
        parts=_parts(series, found, at, 2 if is_ratio else _digits(all_values)),
        levels=_levels(metric),
        marks=worse,
        percent=is_ratio,
        bottom=None if is_ratio or min(all_values, default=0) < 0 else 0,
        empty="No value of this time is known.",
    )
    return marks.marked(made, marks.deployments_of(metric, span), step)


def _parts(series: Sequence[tuple[Metric, str]], found: Values, at: Sequence[Moment], digits: int) -> list[Series]:
    return [
        Series(name, [found[each.pk].get(moment) for moment in at], _LOOKS[place], _COLOURS[place], digits=digits)
        for place, (each, name) in enumerate(series)
    ]


def _values(metrics: Sequence[Metric], kind: str, span: Span) -> tuple[dt.timedelta, Values]:
    """Metric → moment → value: by day, or, where the span is short, of each step or of each sample."""
    ids, step = [each.pk for each in metrics], step_for(span.start, span.end)
    if step >= DAY or span.length > 14 * DAY:
        first, last = span.days_in(samples.organisation_zone())
        days = samples.daily(ids, first, min(last, samples.organisation_day()))
        return DAY, {key: dict(found) for key, found in days.items()}
    return step, _steps(ids, kind, span, step)


def _steps(ids: Sequence[int], kind: str, span: Span, step: dt.timedelta) -> Values:
    """The mean of a level, the sum of an amount, good over total of a ratio, of each step with a sample."""
    bins = Func(Value(step), F("at"), Value(_ORIGIN), function="date_bin", output_field=Sample._meta.get_field("at"))
    found: Values = {key: {} for key in ids}
    rows = Sample.objects.filter(metric_id__in=ids, at__gte=span.start, at__lt=span.end).values("metric_id", bin=bins)
    for row in rows.annotate(mean=Avg("value"), sum=Sum("value"), good=Sum("good"), all=Sum("total")):
        value = row["sum"] if kind == MetricKind.FLOW else row["mean"]
        if kind == MetricKind.RATIO and row["all"]:
            value = row["good"] / row["all"]
        found[row["metric_id"]][row["bin"]] = value
    return found


def _words_of_step(kind: str, step: dt.timedelta) -> str:
    each = {MetricKind.FLOW: "sum", MetricKind.RATIO: "share"}.get(MetricKind(kind), "last value")
    if step < DAY and each == "last value":
        each = "mean"
    return f"Each point is the {each} of {step_in_words(step)}."


def _digits(values: Sequence[float]) -> int:
    """As many decimals as the size of the values asks for."""
    largest = max((abs(value) for value in values), default=0)
    if all(value == int(value) for value in values):
        return 0
    return next((digits for limit, digits in ((1000, 0), (100, 1), (1, 2)) if largest >= limit), 4)


def _levels(metric: Metric) -> list[Level]:
    if metric.baseline is None:
        return []
    return [Level(metric.baseline, f"baseline {with_unit(metric, metric.baseline)}")]


def _regression(metric: Metric, at: Sequence[Moment], span: Span) -> list[Mark]:
    """The time since which it is worse than its baseline, as far as it is shown."""
    state = _state(metric)
    if state is None or state.regressed_since is None or not at:
        return []
    since = max(state.regressed_since, marks.start_of(at[0]))
    return [Mark(since, "worse than the baseline", "bad", "area", until=span.end)] if since < span.end else []


def _in_words(metric: Metric, shown: Sequence[float], span: Span) -> str:
    if not shown:
        return f"{metric} over {span.words}."
    first, last, low, high = (with_unit(metric, value) for value in (shown[0], shown[-1], min(shown), max(shown)))
    return f"{metric} went from {first} to {last} in {span.words}, between {low} and {high}."


@panel(on=Metric, slot="main", order=20, title="The same of others", template="health/_metric_others.html")
def others(request: HttpRequest, metric: Metric) -> Context | None:
    """The newest value of metrics of this name about something else."""
    visible: QuerySet[Metric] = METRICS.visible(request.user)
    same = visible.filter(name=metric.name).exclude(subject=metric.subject_id).exclude(pk=metric.pk)
    found = list(same.select_related("subject", "state").order_by("subject__canonical", "pk")[: OTHERS + 1])
    if not found:
        return None
    return {
        "rows": [_other(each) for each in found[:OTHERS]],
        "link": {"url": f"{METRICS.url}?name={metric.name}", "label": "All of them"} if len(found) > OTHERS else None,
    }  # fmt: skip


def _other(metric: Metric) -> dict[str, Any]:
    return {
        "metric": metric,
        "url": METRICS.url_of(metric),
        "state": _state(metric),
        "now": _now(metric),
        "labels": ", ".join(_labels(metric)),
    }
