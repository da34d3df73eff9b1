"""Panels on where values come from: of a metric, of a Prometheus server, and what a check sends and is sent."""

from django.http import HttpRequest
from django.urls import reverse

from portal.collections import collection_of
from portal.named_values import masked
from portal.panels import Context, panel
from services.health import baselines
from services.health.models import Check, CheckKind, Metric, MetricState, Origin, PrometheusServer, Slo
from services.health.saying import with_unit

_WHENCE = {
    Origin.PUSHED: "A machine pushes it to /hooks/metrics/, or a file brings it.",
    Origin.IMPORTED: "Files bring it: Metrics, Import CSV.",
    Origin.DERIVED: "The portal computes it of the days that are over, and again while late data may come.",
    Origin.PROMETHEUS: "The portal asks Prometheus for it.",
}
MOST_METRICS = 50


@panel(on=Metric, slot="main", order=1, title="What is amiss", template="health/_amiss.html")
def amiss(request: HttpRequest, metric: Metric) -> Context | None:
    """What went wrong when its values were last asked for or computed; nothing where all is well."""
    state = MetricState.objects.filter(metric=metric).exclude(problem="").first()
    return {"problem": state.problem} if state else None


@panel(on=Metric, slot="main", order=30, title="Where it comes from", template="health/_source.html")
def source(request: HttpRequest, metric: Metric) -> Context:
    """How values reach the metric, what went wrong last, and a button that tries its query."""
    may = request.user.has_perm("health.change_metric", metric)
    server = metric.server
    servers = collection_of(server) if server else None
    return {
        "state": MetricState.objects.filter(metric=metric).first(),
        "whence": _WHENCE[Origin(metric.origin)],
        "server_url": servers.url_of(server) if server and servers else "",
        "labels": metric.labels.items(),
        "try_url": reverse("metric-try", args=[metric.pk]) if may and server else "",
        "fact": metric.get_origin_display(),
    }


@panel(on=Metric, slot="rail", order=5, title="Baseline", template="health/_baseline.html")
def baseline(request: HttpRequest, metric: Metric) -> Context:
    """What values are compared with, how the newest one compares, and a button that takes it as the baseline."""
    state = MetricState.objects.filter(metric=metric).exclude(value=None).first()
    may = request.user.has_perm("health.change_metric", metric)
    collection = collection_of(metric)
    return {
        "state": state,
        "compared": baselines.change_in_words(metric, state.value) if state and state.value is not None else "",
        "now": with_unit(metric, state.value) if state and state.value is not None else "",
        "baseline": with_unit(metric, metric.baseline) if metric.baseline is not None else "",
        "set_url": reverse("metric-baseline", args=[metric.pk]) if may and state else "",
        "edit_url": f"{collection.url_of(metric)}edit/" if may and collection else "",
    }


@panel(on=PrometheusServer, slot="main", order=10, title="What it is asked", template="health/_server.html")
def asked(request: HttpRequest, server: PrometheusServer) -> Context:
    """Its metrics with what went wrong last, and a button that tries the server."""
    may = request.user.has_perm("health.change_prometheusserver", server)
    found = Metric.objects.filter(server=server).select_related("state", "subject").order_by("name", "pk")
    count = found.count()
    return {
        "metrics": [_asked(each) for each in found[:MOST_METRICS]],
        "try_url": reverse("prometheus-try", args=[server.pk]) if may else "",
        "fact": f"{count:,} metric{'' if count == 1 else 's'}" + (f", {MOST_METRICS} here" * (count > MOST_METRICS)),
    }


def _asked(metric: Metric) -> tuple[str, Metric, str, str]:
    """Where its page is, the metric, its newest value, and what went wrong last."""
    state: MetricState | None = getattr(metric, "state", None)
    value = with_unit(metric, state.value) if state and state.value is not None else ""
    return _url(metric), metric, value, state.problem if state else ""


def _url(metric: Metric) -> str:
    collection = collection_of(metric)
    return collection.url_of(metric) if collection else ""


@panel(on=Check, slot="rail", order=20, title="Headers", template="health/_headers.html")
def headers(request: HttpRequest, check: Check) -> Context | None:
    """What is sent along; keys and tokens are hidden from everybody."""
    return {"headers": masked(check.headers).items()} if check.headers else None


@panel(on=Check, slot="rail", order=30, title="Another address", template="health/_renew.html")
def renew(request: HttpRequest, check: Check) -> Context | None:
    """For a heartbeat whose address has become known to somebody who should not ping."""
    if check.kind != CheckKind.HEARTBEAT or not request.user.has_perm("health.change_check", check):
        return None
    return {"renew_url": reverse("check-renew", args=[check.pk])}


@panel(on=Slo, slot="rail", order=40, title="As a file", template="health/_openslo.html")
def as_openslo(request: HttpRequest, slo: Slo) -> Context:
    return {"export_url": reverse("slo-openslo", args=[slo.pk]), "brought": bool(slo.extra.get("document"))}
