"""The numbers of a chart as a file."""

from dataclasses import replace
from typing import Any

from django.core.exceptions import BadRequest
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.charts import Chart, Registered, chart_of
from portal.collections import collection_of
from portal.loading import load_collection, load_record
from portal.spans import NAMES, Span, span_of

FORMATS = ("csv", "json")


@require_safe
def record_chart(request: HttpRequest, slug: str, key: str, name: str) -> HttpResponse:
    """What a chart of a record shows, over the span that is asked for: CSV, or JSON with ``format=json``."""
    loaded = load_record(request, load_collection(request, slug), key)
    if isinstance(loaded, HttpResponse):
        return loaded
    found = chart_of(loaded, name)
    shown = _shown(request, loaded, found) if found else None
    if shown is None:
        raise Http404(f"“{name}” is no chart of {loaded}.")
    if request.GET.get("format", "csv") == "json":
        items = [dict(zip(shown.file_names, row, strict=True)) for row in shown.file_rows()]
        return JsonResponse({"title": shown.title, "unit": shown.unit, "summary": shown.summary, "items": items})
    response = HttpResponse("\ufeff" + shown.csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _shown(request: HttpRequest, record: models.Model, found: Registered) -> Chart | None:
    """The chart as it is asked for; raises BadRequest for what it does not take."""
    times = NAMES if found.default else ()
    if unknown := sorted(set(request.GET) - {*times, "format"}):
        takes = f"A chart takes {', '.join(NAMES)} and" if times else "This chart has a time of its own and takes only"
        raise BadRequest(f"{takes} format, not “{unknown[0][:60]}”.")
    if (asked := request.GET.get("format", "csv")) not in FORMATS:
        raise BadRequest(f"There is no format “{asked[:40]}”. There are: {', '.join(FORMATS)}.")
    if found.default is None:
        return found.fill(request, record)
    return found.fill(request, record, span_of(request.GET, found.default))


def with_file(chart: Chart | None, record: models.Model, span: Span | None) -> Any:
    """The chart with the address of its file, for a page. None stands for a chart with a time of its own."""
    home = collection_of(record)
    if chart is None or home is None:
        return chart
    address = f"{home.url_of(record)}charts/{chart.name}/"
    return replace(chart, file_url=f"{address}?{span.query}" if span else address)
