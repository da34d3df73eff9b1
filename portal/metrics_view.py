"""``/metrics``: the portal's figures in Prometheus' text format, for a scraper on this machine or with a token."""

from collections.abc import Iterable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.figures import read_figures
from portal.loopback import is_from_here
from portal.people.tokens import TokenAuthentication

PREFIX = "groundwork_"


class PortalCollector(Collector):
    """Reads the figures anew for each scrape; nothing is kept in the process, so any number of them may serve."""

    def collect(self) -> Iterable[Metric]:
        families: dict[str, GaugeMetricFamily] = {}
        for each in read_figures():
            name = PREFIX + each.name
            family = families.setdefault(name, GaugeMetricFamily(name, each.help, labels=list(each.labels)))
            family.add_metric(list(each.labels.values()), each.value)
        return families.values()


REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(PortalCollector())


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For requests from this machine to this machine that no proxy passed on, and for tokens that may read."""
    if reason := _refusal(request):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse(f"{reason}\n", status=401, content_type="text/plain", headers=headers)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _refusal(request: HttpRequest) -> str:
    if is_from_here(request):
        return ""
    try:
        found = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed as problem:
        return str(problem.detail)
    if found is None:
        return "Send an API token that may read: Authorization: Bearer gw_…"
    return "" if "read" in found[1].scopes else "This token may not read. Make one with the scope “read”."
