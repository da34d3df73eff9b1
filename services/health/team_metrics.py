"""What each kind of team is measured by, on its page.

A product team serves customers: engagement, conversion, revenue, promoters. A platform team serves other teams: how
often they deploy, whether things are up, how long builds take, how content developers are. An enabling team shows in
how those it helps deliver. Some of it the portal computes; the rest is pushed, and a missing one says how.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from portal.collections import collection_of
from portal.panels import Context, panel
from portal.people.models import Team, TeamKind
from services.health import baselines, samples
from services.health.models import Metric, MetricKind
from services.health.saying import day_in_words, with_unit

# A value is compared with that of so many days before it, or with the nearest earlier one: a survey may be a quarterly
# one. Within a week more that is still “in four weeks”; later than LONGEST_DAYS nothing is compared.
DAYS_BACK, SLACK_DAYS, LONGEST_DAYS = 28, 7, 400


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
        Wanted(baselines.NPS, "Net promoter score", "Would customers recommend it? From −100 to 100.", "42", "points"),
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


Earlier = tuple[float, str]


def _earlier(found: Mapping[str, Metric]) -> dict[int, Earlier]:
    """Metric → its value four weeks before its newest day, or the nearest before that, and since when in words."""
    newest = {metric.pk: day for metric in found.values() if (day := _newest_day(metric))}
    if not newest:
        return {}
    first = min(newest.values()) - dt.timedelta(days=LONGEST_DAYS)
    days = samples.daily(newest, first, max(newest.values()) - dt.timedelta(days=DAYS_BACK))
    earlier = {pk: _before(values, newest[pk]) for pk, values in days.items()}
    return {pk: each for pk, each in earlier.items() if each}


def _newest_day(metric: Metric) -> dt.date | None:
    """The day of the current value; of an amount, one that is over."""
    state = getattr(metric, "state", None)
    if state is None or state.at is None:
        return None
    day, today = state.at.astimezone(samples.organisation_zone()).date(), samples.organisation_day()
    return min(day, today - dt.timedelta(days=1)) if metric.kind == MetricKind.FLOW else day


def _before(values: Sequence[tuple[dt.date, float]], newest: dt.date) -> Earlier | None:
    far_enough = [each for each in values if DAYS_BACK <= (newest - each[0]).days <= LONGEST_DAYS]
    if not far_enough:
        return None
    day, value = far_enough[-1]
    is_near = (newest - day).days <= DAYS_BACK + SLACK_DAYS
    return value, "in four weeks" if is_near else f"since {day_in_words(day)}"


def _line(wanted: Wanted, metric: Metric | None, earlier: Mapping[int, Earlier]) -> Line:
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
        change=_change(metric, state.value, *before) if before is not None else "too young to compare",
        compared=baselines.change_in_words(metric, state.value),
        is_worse=state.regressed_since is not None,
    )


def _change(metric: Metric, value: float, before: float, since: str) -> str:
    """The change in words, such as “4 % up in four weeks, better”; of shares and scores in points."""
    size = baselines.difference(metric, value, before)
    if not size:
        return f"{'unchanged' if value == before else 'about the same'} {since}"
    way = "up" if value > before else "down"
    if metric.higher_is_better is None:
        return f"{size} {way} {since}"
    better = (value > before) == metric.higher_is_better
    return f"{size} {way} {since}, {'better' if better else 'worse'}"
