"""Deployments on charts: a mark where each was, and its version beside the numbers of that time."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from portal.charts import Chart, Mark, Moment
from portal.spans import Span
from services.health import dora, samples
from services.health.models import Deployment, Metric

MOST = 200


def deployments_in(subject_id: int, span: Span, environment: str) -> list[Deployment]:
    """The newest deployments of a service in a span, oldest first."""
    found = dora.deployments([subject_id], span.start, span.end, environment)
    return list(found.reverse()[:MOST])[::-1]


def deployments_of(metric: Metric, span: Span) -> list[Deployment]:
    """Deployments of what a metric is about."""
    if metric.subject_id is None:
        return []
    return deployments_in(metric.subject_id, span, metric.environment or dora.ENVIRONMENT)


def midnight(day: dt.date) -> dt.datetime:
    """When a day of a metric begins."""
    return dt.datetime.combine(day, dt.time(), tzinfo=samples.organisation_zone())


def start_of(moment: Moment) -> dt.datetime:
    """When a step of a chart begins that goes by moments or by days."""
    assert not isinstance(moment, str)  # noqa: S101  words have no beginning
    return moment if isinstance(moment, dt.datetime) else midnight(moment)


def marked(chart: Chart, deployments: Sequence[Deployment], step: dt.timedelta) -> Chart:
    """The chart, whose points are a step long each, with deployments: drawn, told beside the numbers, and explained."""
    return replace(
        chart,
        marks=[*chart.marks, *map(_mark, deployments)],
        notes=_notes([start_of(each) for each in chart.at], deployments, step),
        caption=" ".join(filter(None, [chart.caption, _caption(deployments)])),
    )


def _mark(deployment: Deployment) -> Mark:
    state = "bad" if dora.is_failed(deployment) else "idle"
    return Mark(deployment.finished_at, deployment.version, state, "event")


def _notes(starts: Sequence[dt.datetime], deployments: Sequence[Deployment], step: dt.timedelta) -> list[str]:
    """What was deployed in each step, in words; steps begin at ``starts``. What is farther than a step from the last
    start, where nothing was measured, stands nowhere."""
    words: list[list[str]] = [[] for _ in starts]
    for each in deployments:
        place = bisect_right(starts, each.finished_at) - 1
        if place >= 0 and each.finished_at < starts[place] + step:
            words[place].append(_in_words(each))
    return [", ".join(said) for said in words]


def _in_words(deployment: Deployment) -> str:
    """``2.14.0``, ``2.14.1 failed``, ``2.14.2 taken back``."""
    if deployment.result == "failed":
        return f"{deployment.version} failed"
    return f"{deployment.version} taken back" if dora.is_failed(deployment) else deployment.version


def _caption(deployments: Sequence[Deployment]) -> str:
    if not deployments:
        return ""
    if any(dora.is_failed(each) for each in deployments):
        return "A triangle on the axis is a deployment, a red diamond one that failed or was taken back."
    return "A triangle on the axis is a deployment."
