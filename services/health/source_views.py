"""Acts on where values come from: trying a Prometheus server or a query, and taking a baseline."""

import time
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from portal.people.entering import acts
from services.health import actions
from services.health.answers import show_answer, too_often
from services.health.collections import METRICS, PROMETHEUS_SERVERS
from services.health.models import Metric, MetricKind, PrometheusServer
from services.health.prometheus import NotAnswered, at_once, choose, split
from services.health.saying import number, with_unit
from services.health.throttle import may_ask

# Whoever waits for it looks at the page meanwhile, and occupies a thread of the web server.
PATIENCE_S = 10.0


@acts("record", "prometheus-servers")
def try_server(request: HttpRequest, key: int) -> HttpResponse:
    """Ask the server for a number that every Prometheus knows."""
    server = get_object_or_404(PrometheusServer, pk=key)
    if not request.user.has_perm("health.change_prometheusserver", server):
        raise PermissionDenied(f"You may not have {server} asked: administrators may.")
    if not may_ask(request.user):
        return too_often(request, PROMETHEUS_SERVERS, server)
    started = time.perf_counter()
    try:
        at_once(server, "vector(1)", timezone.now(), PATIENCE_S)
    except NotAnswered as problem:
        return show_answer(request, PROMETHEUS_SERVERS, server, "bad", str(problem))
    words = f"It answers queries, in {1000 * (time.perf_counter() - started):,.0f} ms."
    return show_answer(request, PROMETHEUS_SERVERS, server, "ok", words)


@acts("record", "metrics")
def try_metric(request: HttpRequest, key: int) -> HttpResponse:
    """Ask for what the metric would be given now; nothing is written."""
    metric = _metric_to_change(request, key)
    if metric.server is None:
        return show_answer(request, METRICS, metric, "idle", "No Prometheus is asked for it.", status=422)
    if not may_ask(request.user):
        return too_often(request, METRICS, metric)
    try:
        words, look = _tried(metric, metric.server)
    except NotAnswered as problem:
        words, look = str(problem), "bad"
    return show_answer(request, METRICS, metric, look, words)


def _tried(metric: Metric, server: PrometheusServer) -> tuple[str, str]:
    queries = [metric.query, metric.total_query] if metric.kind == MetricKind.RATIO else [metric.query]
    now, values = timezone.now(), []
    remarks: list[str] = []
    for query in queries:
        answer = at_once(server, query, now, PATIENCE_S)
        series = choose(answer, metric.labels)
        if series is None:
            return "The query gives no series now. Nothing is measured, or its name is another.", "warn"
        kept, _others = split(series)
        if not kept:
            return f"The query gives {series.points[0][1]} now, which is no value to keep.", "warn"
        values.append(next(iter(kept.values())))
        remarks += answer.remarks
    is_ratio = len(values) == 2
    said = f"{number(values[0])} good of {number(values[1])}" if is_ratio else with_unit(metric, values[0])
    return " ".join([f"Now it is {said}. Nothing was written.", *remarks]), "warn" if remarks else "ok"


@acts("record", "metrics")
def set_baseline(request: HttpRequest, key: int) -> HttpResponse:
    """Take the newest value as the baseline."""
    metric = _metric_to_change(request, key)
    try:
        metric = actions.set_baseline(by=request.user, record=metric)
    except ValidationError as problem:
        return show_answer(request, METRICS, metric, "warn", " ".join(problem.messages), status=422)
    messages.success(request, f"The baseline of {metric} is {with_unit(metric, metric.baseline or 0.0)} now.")
    return redirect(METRICS.url_of(metric))


def _metric_to_change(request: HttpRequest, key: int) -> Metric:
    metric = get_object_or_404(Metric.objects.select_related("server", "subject"), pk=key)
    reader: Any = request.user
    if not reader.has_perm("health.change_metric", metric):
        raise PermissionDenied(
            f"You may not change {metric}: you do not speak for {metric.subject or 'the organisation'}."
        )
    return metric
