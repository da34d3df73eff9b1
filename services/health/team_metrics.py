"""What each kind of team is measured by, on its page.

A product team serves customers: engagement, conversion, revenue, promoters. A platform team serves other teams: how
often they deploy, whether things are up, how long builds take, how content developers are. An enabling team shows in
how those it helps deliver. Some of it the portal computes; the rest is pushed, and a missing one says how.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from portal.collections import collection_of
from portal.panels import Context, panel
from portal.people.models import Team, TeamKind
from services.health import baselines, samples
from services.health.models import Metric, MetricKind
from services.health.saying import with_unit

# A value is compared with that of so many days before, or with the nearest earlier one of the week before that.
DAYS_BACK, SLACK_DAYS = 28, 7


@dataclass(frozen=True)
class Wanted:
    """A metric of a set, by its name. ``example`` is a value to push; empty where the portal computes it, and then
    ``needs`` says from what."""

    name: str
    title: str
    means: str
    example: str = ""
    unit: str = ""
    needs: str = ""


_SATISFACTION = Wanted(
    "developer-satisfaction", "Developer satisfaction", "What the teams it serves say when asked.", "4.1", "of 5"
)
_FREQUENCY = Wanted(
    "deployment-frequency", "Deployment frequency", "Deployments of its services a day, over 30 days.",
    needs="It appears the day after a service of the team was deployed: let the pipeline tell /hooks/deployments/.",
)  # fmt: skip
_LEAD_TIME = Wanted(
    "lead-time", "Lead time for changes", "From commit to running, the median of 30 days.",
    needs="It appears the day after a deployment that says when it was committed.",
)  # fmt: skip
SETS: Mapping[str, tuple[Wanted, ...]] = {
    TeamKind.PRODUCT: (
        Wanted("engagement", "Engagement", "How many customers use it, such as active users a day.", "18250", "users"),
        Wanted("conversion", "Conversion", "How many of those who begin also finish.", "3.4", "%"),
        Wanted("revenue", "Revenue", "What came in that day.", "48200", "EUR"),
        Wanted("nps", "Net promoter score", "Would customers recommend it? From −100 to 100.", "42", "points"),
    ),
    TeamKind.PLATFORM: (
        _FREQUENCY,
        Wanted(
            "availability", "Availability", "Good of all answers of its services with an availability SLO.",
            needs="It appears the day after a service of the team was given an availability SLO.",
        ),
        Wanted("build-time", "Build time", "From push to result, the median.", "7.5", "min"),
        _SATISFACTION,
    ),
    TeamKind.ENABLING: (_LEAD_TIME, _FREQUENCY, _SATISFACTION),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One metric of a team's set as its page shows it; without ``url`` there is none yet."""

    wanted: Wanted
    url: str = ""
    value: str = ""
    at: dt.datetime | None = None
    change: str = ""
    compared: str = ""
    is_worse: bool = False


@panel(on=Team, slot="main", order=10, title="What it is measured by", template="health/_team_metrics.html")
def team_metrics(request: HttpRequest, team: Team) -> Context | None:
    """The set that suits the team's kind. For a team without a kind nothing, but for whoever may say what it is."""
    may = request.user.has_perm("people.change_team", team)
    if team.kind not in SETS:
        collection = collection_of(team)
        return {"edit_url": f"{collection.url_of(team)}edit/"} if may and collection else None
    found = _metrics(team)
    earlier = _earlier(found)
    return {
        "lines": [_line(wanted, found.get(wanted.name), earlier) for wanted in SETS[team.kind]],
        "subject": team.reference.canonical,
        "push_url": request.build_absolute_uri(reverse("hook-metrics")),
        "now": samples.organisation_day(),
        "fact": f"{team.get_kind_display()} team",
    }


def _metrics(team: Team) -> dict[str, Metric]:
    """The team's metrics of its set, by name; that of production before one without an environment."""
    names = [wanted.name for wanted in SETS[team.kind]]
    of_team = Metric.objects.filter(subject=team.reference_id, name__in=names, environment__in=("", "production"))
    without_labels = of_team.filter(labels={}).select_related("state").order_by("environment")
    return {metric.name: metric for metric in without_labels}


def _earlier(found: Mapping[str, Metric]) -> dict[int, float]:
    """Metric → its value four weeks before its newest day, or shortly before that."""
    today = samples.organisation_day()
    first, last = (today - dt.timedelta(days=DAYS_BACK + slack) for slack in (SLACK_DAYS, 0))
    days = samples.daily([metric.pk for metric in found.values()], first, last)
    return {metric_id: values[-1][1] for metric_id, values in days.items() if values}


def _line(wanted: Wanted, metric: Metric | None, earlier: Mapping[int, float]) -> Line:
    state = getattr(metric, "state", None)
    if metric is None or state is None or state.value is None:
        return Line(wanted)
    collection = collection_of(metric)
    before = earlier.get(metric.pk)
    return Line(
        wanted,
        url=collection.url_of(metric) if collection else "",
        value=with_unit(metric, state.value),
        at=state.at,
        change=_change(metric, state.value, before) if before is not None else "too young to compare",
        compared=baselines.change_in_words(metric, state.value),
        is_worse=state.regressed_since is not None,
    )


def _change(metric: Metric, value: float, before: float) -> str:
    """The change of four weeks in words, such as “4% up, which is better”; of shares in points."""
    if value == before:
        return "as four weeks before"
    way = "up" if value > before else "down"
    in_points = metric.kind == MetricKind.RATIO or metric.unit == "%"
    if in_points:
        points = abs(value - before) * (100 if metric.kind == MetricKind.RATIO else 1)
        size = f"{points:.2g} points"
    else:
        size = f"{abs(value - before) / abs(before):.0%}" if before else f"{abs(value - before):,.3g}"
    if metric.higher_is_better is None:
        return f"{size} {way} in four weeks"
    better = (value > before) == metric.higher_is_better
    return f"{size} {way} in four weeks, {'better' if better else 'worse'}"
