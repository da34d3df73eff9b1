"""What the pages of objectives, key results, cycles, and of the metrics, limits and teams behind them show."""

from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from portal.chart_views import with_file
from portal.charts import Chart, Level, chart
from portal.labelled import label_of
from portal.panels import Context, panel
from portal.people.models import Team
from portal.prose import prose
from portal.spans import Span, span_of
from roadmap.collections import INITIATIVES
from roadmap.models import Cycle, Initiative, KeyResult, Link, Objective, Statistic
from roadmap.okr.collections import KEY_RESULTS, OBJECTIVES
from roadmap.okr.forms import CheckInForm
from roadmap.okr.heads import board_url
from roadmap.okr.showing import (
    WITH,
    formula,
    key_results_of,
    latest_check_ins,
    objectives_shown,
    share_in_words,
    shown,
    shown_objectives,
    state_of,
)
from services.health.models import Limit, Metric
from services.health.pages import metrics
from services.health.pages.times import time_shown
from services.health.saying import with_unit

MOST = 50
CHECK_INS = 20


@panel(on=Objective, slot="main", order=10, title="Key results", template="roadmap/_key_results.html")
def key_results(request: HttpRequest, objective: Objective) -> Context:
    rows = shown(request.user, list(key_results_of([objective])))
    return {"rows": rows, "fact": f"{len(rows):,}" if rows else "", "empty": "No key result yet: nothing shows "
            "whether this comes true. Choose a metric, where it stands, and where it is to go."}  # fmt: skip


@panel(on=Objective, slot="main", order=30, title="Initiatives", template="roadmap/_okr_initiatives.html")
def initiatives_of_objective(request: HttpRequest, objective: Objective) -> Context:
    linked = Link.objects.filter(key_result__objective=objective).values("initiative")
    return _initiatives(request, Initiative.objects.filter(Q(objective=objective) | Q(pk__in=linked)))


@panel(on=KeyResult, slot="rail", order=30, title="Initiatives", template="roadmap/_okr_initiatives.html")
def initiatives_of_key_result(request: HttpRequest, key_result: KeyResult) -> Context:
    return _initiatives(request, Initiative.objects.filter(links__key_result=key_result))


def _initiatives(request: HttpRequest, rows: QuerySet[Initiative]) -> Context:
    """Those that the reader may see: what they do is no progress, the measured value is."""
    seen: Any = Initiative.objects.visible(request.user).filter(pk__in=rows.values("pk"))
    found = list(seen.select_related("team", "reference").order_by("ends_likely", "pk")[: MOST + 1])
    return {
        "rows": [{"initiative": each, "url": INITIATIVES.url_of(each)} for each in found[:MOST]],
        "is_cut": len(found) > MOST,
    }


@panel(on=Objective, slot="rail", order=10, title="Serves", template="roadmap/_alignment.html")
def alignment(request: HttpRequest, objective: Objective) -> Context:
    """What it serves, and what serves it."""
    around = Q(pk=objective.parent_id) if objective.parent_id else Q(pk=None)
    found = list(objectives_shown().filter(around | Q(parent=objective)).order_by("title", "pk")[: MOST + 1])
    told = shown_objectives(request.user, found)
    return {
        "above": next((each for each in told if each.objective.pk == objective.parent_id), None),
        "below": [each for each in told if each.objective.parent_id == objective.pk],
        "board_url": board_url(objective.cycle),
    }


@panel(on=KeyResult, slot="main", order=10, title="On its way", template="roadmap/_on_its_way.html")
def on_its_way(request: HttpRequest, key_result: KeyResult) -> Context:
    key_result.metric.subject  # noqa: B018  read with the record
    return {
        "row": shown(request.user, [key_result])[0],
        "formula": formula(key_result),
        "state": state_of(key_result),
        "over": share_in_words(key_result.objective.cycle.share_passed()),
        "target": with_unit(key_result.metric, key_result.target),
        "note": key_result.baseline_note,
    }


@panel(on=KeyResult, slot="main", order=20, title="Over time", template="health/_metric.html")
def over_time(request: HttpRequest, key_result: KeyResult) -> Context:
    span = span_of(request.GET, "90d")
    return {
        **time_shown(request, key_result, span, "roadmapkeyresult-over-time"),
        "chart": with_file(_course(request, key_result, span), key_result, span),
        "hidden": 0,
        "fact": span.words,
    }


@chart(on=KeyResult, name="values", default="90d")
def course(request: HttpRequest, key_result: KeyResult, span: Span) -> Chart:
    return _course(request, key_result, span)


def _course(request: HttpRequest, key_result: KeyResult, span: Span) -> Chart:
    """The chart of its metric, with where it began and where it is to go. Beside the values of single days a sum of
    many days would be far off: there the caption says what is added up."""
    drawn = metrics.drawn(request, key_result.metric, span)
    if key_result.statistic == Statistic.SUM:
        added = f"The key result adds up {key_result.window_days} days."
        return replace(drawn, caption=f"{drawn.caption} {added}".strip())
    word = "bound" if key_result.is_guardrail else "to"
    levels = [Level(key_result.target, f"{word} {with_unit(key_result.metric, key_result.target)}", "ok")]
    if key_result.baseline is not None and not key_result.is_guardrail:
        levels.append(Level(key_result.baseline, f"from {with_unit(key_result.metric, key_result.baseline)}"))
    return replace(drawn, levels=levels)


@panel(on=KeyResult, slot="main", order=30, title="Check-ins", template="roadmap/_check_ins.html")
def check_ins(request: HttpRequest, key_result: KeyResult) -> Context:
    """What was said of it, the newest first, each beside what was measured then."""
    may = request.user.has_perm("roadmap.change_keyresult", key_result)
    found = latest_check_ins(key_result, CHECK_INS + 1)
    return {
        "rows": [
            {"check_in": each, "confidence": share_in_words(each.confidence),
             "value": with_unit(key_result.metric, each.value) if each.value is not None else "no data",
             "progress": share_in_words(each.progress), "text": prose(each.text, below=2).body}
            for each in found[:CHECK_INS]
        ],
        "form": CheckInForm() if may else None,
        "url": reverse("key-result-check-in", args=[key_result.pk]),
        "fact": f"the last {CHECK_INS}" if len(found) > CHECK_INS else "",
    }  # fmt: skip


@panel(on=KeyResult, slot="main", order=40, title="As it was closed", template="roadmap/_closing_values.html")
def closing_values(request: HttpRequest, key_result: KeyResult) -> Context | None:
    found = list(key_result.closing_values.select_related("by__person").order_by("-pk"))
    if not found:
        return None
    metric = key_result.metric
    return {
        "rows": [
            {"closed": each, "value": with_unit(metric, each.value) if each.value is not None else "no data",
             "progress": share_in_words(each.progress), "is_first": each == found[-1]}
            for each in found
        ]
    }  # fmt: skip


@panel(on=KeyResult, slot="rail", order=10, title="How it is read", template="roadmap/_how_read.html")
def how_read(request: HttpRequest, key_result: KeyResult) -> Context:
    return {"row": shown(request.user, [key_result])[0], "has_window": key_result.statistic != "last"}


@panel(on=Cycle, slot="main", order=10, title="Objectives", template="roadmap/_objectives.html")
def objectives_of_cycle(request: HttpRequest, cycle: Cycle) -> Context:
    query = urlencode({"cycle": cycle.name})
    return _objectives(request, Objective.objects.filter(cycle=cycle), f"{OBJECTIVES.url}?{query}")


@panel(on=Team, slot="main", order=60, title="Objectives", template="roadmap/_objectives.html")
def objectives_of_team(request: HttpRequest, team: Team) -> Context | None:
    """Those of cycles that are not closed."""
    query = urlencode({"owner": team.reference.canonical, "closed.set": "false"})
    rows = Objective.objects.filter(owner=team.reference_id, cycle__closed_at=None)
    found = _objectives(request, rows, f"{OBJECTIVES.url}?{query}")
    return found if found["rows"] else None


def _objectives(request: HttpRequest, rows: QuerySet[Objective], url: str) -> dict[str, Any]:
    found = list(objectives_shown().filter(pk__in=rows.values("pk")).order_by("title", "pk")[: MOST + 1])
    return {
        "rows": shown_objectives(request.user, found[:MOST]),
        "link": {"url": url, "label": "All of them"} if len(found) > MOST else None,
    }


@panel(on=Limit, slot="main", order=60, title="Key results on its metric", template="roadmap/_key_results_on.html")
def on_limit(request: HttpRequest, limit: Limit) -> Context:
    return _on_metric(request, limit.metric)


@panel(on=Metric, slot="main", order=60, title="Key results on it", template="roadmap/_key_results_on.html")
def on_metric(request: HttpRequest, metric: Metric) -> Context:
    return _on_metric(request, metric)


def _on_metric(request: HttpRequest, metric: Metric) -> Context:
    """What was promised of this metric, the newest cycle first, and how to promise something."""
    rows = KeyResult.objects.filter(metric=metric).select_related(*WITH)
    found = list(rows.order_by("-objective__cycle__starts_on", "pk")[: MOST + 1])
    may = KEY_RESULTS.may(request.user, "add")
    query = urlencode({"metric": label_of(metric)}) if may else ""
    return {
        "rows": shown(request.user, found[:MOST]),
        "new_url": f"{reverse('record-new', args=[KEY_RESULTS.slug])}?{query}" if may else "",
        "is_cut": len(found) > MOST,
    }
