"""The figures of the page, in the words and with the addresses that it shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Count

from incidents import durations
from incidents.collections import INCIDENTS
from incidents.durations import Quantile, Values
from incidents.followups.collections import FOLLOW_UPS
from incidents.insights import reading
from incidents.insights.asking import Asked
from incidents.insights.columns import COLUMNS
from incidents.models import STAGES, Facet, FollowUpState, IncidentKind, Mode, Node, Point
from portal.charts import Chart, Level, Series
from services.health.moments import counted, duration

MOST_DOTS = 400
MOST_CHILDREN = 4
MOST_FACTORS = 10


@dataclass(frozen=True)
class Figure:
    """A number of incidents or follow-ups: what of, the list of exactly these, and its share of all in percent."""

    label: str
    number: int
    url: str
    share: float = 0.0
    note: str = ""
    parts: Sequence["Figure"] = ()


def _share(number: int, total: int) -> float:
    return 100 * number / total if total else 0.0


# How long


@dataclass(frozen=True)
class Span:
    """One stage: how many know it, its median and ninetieth percentile with what chance would make of them."""

    label: str
    known: Figure
    median: str = ""
    median_range: str = ""
    p90: str = ""
    p90_range: str = ""
    longest: str = ""


def spans(asked: Asked, times: reading.Times) -> list[Span]:
    return [_span(asked, stage.label, stage.column, times.lengths[stage.field]) for stage in STAGES]


def _span(asked: Asked, label: str, column: str, lengths: Values) -> Span:
    known = Figure(label, len(lengths), asked.url(**{f"{column}__set": "true"}), _share(len(lengths), len(asked.pks)))
    found = durations.distribution(lengths)
    if found is None:
        return Span(label, known)
    return Span(
        label, known, duration(found.median.value), _range(found.median), duration(found.p90.value),
        _range(found.p90), duration(found.most),
    )  # fmt: skip


def _range(quantile: Quantile) -> str:
    if quantile.low is None or quantile.high is None:
        return f"fewer than {durations.FEWEST_FOR_AN_INTERVAL}: no range"
    return f"{duration(quantile.low)} to {duration(quantile.high)}"


def trend(lengths: Values) -> str:
    """Whether it became shorter, said with how often chance alone does that; or why nothing is said."""
    found = durations.trend(lengths)
    if found is None:
        return durations.why_no_trend(len(lengths))
    way = "shorter" if found.after < found.before else "longer"
    change = abs(found.after / found.before - 1) if found.before else 0.0
    told = (
        f"The median of the later half ({duration(found.after)}) is {change:.0%} {way} than that of the earlier one "
        f"({duration(found.before)}). Halves drawn at random from the same incidents differ as much in "
        f"{100 * found.by_chance:.0f} of 100 draws"
    )
    return f"{told}: that may well be chance." if found.by_chance > CHANCE else f"{told}: hardly chance alone."


CHANCE = 0.05


def dots(asked: Asked, times: reading.Times) -> Chart:
    """One dot an incident, on a logarithmic axis, with the median and the ninetieth percentile of all of them."""
    rows = reading.newest(asked.pks, MOST_DOTS)
    found = durations.distribution(times.lengths["lasted_s"])
    number = found.n if found else 0
    levels = [
        Level(found.median.value / 60, f"median {duration(found.median.value)}"),
        Level(found.p90.value / 60, f"p90 {duration(found.p90.value)}", state="warn"),
    ] if found else []  # fmt: skip
    shown = f"The newest {len(rows):,} of {number:,} are drawn; the lines are of all. " if number > len(rows) else ""
    return Chart(
        name="lasted",
        title="From start to resolution",
        summary=_summary(found),
        at=[at for _, at, _ in rows],
        parts=[Series("Lasted", [max(1, seconds) / 60 for _, _, seconds in rows], look="dots")],
        unit="minutes",
        caption=f"{shown}One dot is one incident, by when it was declared; the axis is logarithmic.",
        levels=levels,
        notes=[name for name, _, _ in rows],
        noted="Incident",
        log=True,
        bottom=None,
        named=False,
        empty="No incident here has a clean start and resolution.",
        file_url=asked.url(columns="name,title,declared_at,severity,minutes_to_resolve", format="csv"),
    )


def _summary(found: durations.Distribution | None) -> str:
    if found is None:
        return "Nothing to show."
    return (
        f"{counted(found.n, 'incident')} lasted from {duration(found.least)} to {duration(found.most)}; half of them "
        f"up to {duration(found.median.value)}, nine of ten up to {duration(found.p90.value)}."
    )


def coverage(asked: Asked, times: reading.Times) -> list[Figure]:
    """How many say each of the five times."""
    total = len(asked.pks)
    return [
        Figure(Point(point).label, number := times.points[point], asked.url(**{f"{point}_at__set": "true"}),
               _share(number, total))
        for point in Point
    ]  # fmt: skip


# What kind


@dataclass(frozen=True)
class Answers:
    """The answers to one question: nodes, the most frequent first; ``unknown`` that somebody looked and could not
    tell, ``unset`` that nobody looked."""

    label: str
    known: int
    nodes: list[Figure]
    unknown: Figure
    unset: Figure


def answers(asked: Asked, tagged: reading.Tagged, nodes: Sequence[Node], known: Mapping[str, int]) -> list[Answers]:
    """Of each facet; ``known`` says how many incidents have an answer."""
    by_facet = {facet: [each for each in nodes if each.facet == facet] for facet in COLUMNS}
    return [_answers(asked, tagged, facet, those, known[facet]) for facet, those in by_facet.items()]


def _answers(asked: Asked, tagged: reading.Tagged, facet: Facet, nodes: Sequence[Node], known: int) -> Answers:
    column, total = COLUMNS[facet], len(asked.pks)
    tops = [each for each in nodes if each.parent_id is None and not each.is_unknown and tagged.under.get(each.pk)]
    parts = {each.pk: [one for one in nodes if one.parent_id == each.pk] for each in tops}
    shown = [
        Figure(
            each.name, number := tagged.under[each.pk].number, asked.url(**{column: each.slug}), _share(number, total),
            parts=_children(asked, tagged, column, parts[each.pk]),
        )
        for each in tops
    ]  # fmt: skip
    unsure = [each for each in nodes if each.is_unknown]
    number = sum(tagged.own[each.pk].number for each in unsure if each.pk in tagged.own)
    url = asked.url(**{column: unsure[0].slug}) if unsure else ""
    unset = total - known
    return Answers(
        label=Facet(facet).label,
        known=known,
        nodes=sorted(shown, key=lambda each: -each.number),
        unknown=Figure("Unknown", number, url, _share(number, total), "looked for and not found"),
        unset=Figure("Not set", unset, asked.url(**{f"{column}__set": "false"}), _share(unset, total), "nobody looked"),
    )


def _children(asked: Asked, tagged: reading.Tagged, column: str, nodes: Iterable[Node]) -> list[Figure]:
    found = [
        Figure(each.name, tagged.own[each.pk].number, asked.url(**{column: each.slug}))
        for each in nodes
        if each.pk in tagged.own
    ]
    return sorted(found, key=lambda each: -each.number)[:MOST_CHILDREN]


def modes(asked: Asked, times: reading.Times) -> list[Figure]:
    """How many were mitigated by automation, by one click, or by hand; one may be in several."""
    total = len(asked.pks)
    return [
        Figure(Mode(mode).label, number := times.modes[mode], asked.url(mode=mode), _share(number, total))
        for mode in Mode
    ]


@dataclass(frozen=True)
class Matrix:
    """Triggers by mitigations. ``rows`` are a trigger with a figure for each of the ``columns``; ``level`` of 0 to 4
    says how many of the most there are."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[str, list[tuple[Figure, int]]]] = field(default_factory=list)


def matrix(asked: Asked, tagged: reading.Tagged, nodes: Sequence[Node]) -> Matrix:
    by_id = {each.pk: each for each in nodes}
    triggers = [each for each in nodes if any(one == each.pk for one, _ in tagged.pairs)]
    mitigations = [each for each in nodes if any(other == each.pk for _, other in tagged.pairs)]
    most = max(tagged.pairs.values(), default=0)
    rows = [
        (trigger.name, [_pair(asked, trigger, each, tagged.pairs.get((trigger.pk, each.pk), 0), most)
                        for each in mitigations])
        for trigger in triggers if trigger.pk in by_id
    ]  # fmt: skip
    return Matrix([each.name for each in mitigations], rows)


def _pair(asked: Asked, trigger: Node, mitigation: Node, number: int, most: int) -> tuple[Figure, int]:
    label = f"{trigger.name}, mitigated by {mitigation.name}"
    url = asked.url(trigger=trigger.slug, mitigation=mitigation.slug)
    return Figure(label, number, url), -(-4 * number // most) if number else 0


# What it costs


@dataclass(frozen=True)
class Factor:
    label: str
    incidents: Figure
    impact: str
    customers: str
    budget: str
    follow_ups: Figure


def factors(
    asked: Asked, tagged: reading.Tagged, nodes: Sequence[Node], open_against: Mapping[int, int]
) -> list[Factor]:
    """The contributing factors that cost the most minutes; one that has parts, with theirs."""
    named = [each for each in nodes if each.facet == Facet.CONTRIBUTING_FACTOR and not each.is_unknown]
    costs = [(each, tagged.under.get(each.pk, tagged.own[each.pk])) for each in named if each.pk in tagged.own]
    costs.sort(key=lambda pair: (-(pair[1].impact_minutes or 0), -pair[1].number))
    return [_factor(asked, node, cost, open_against.get(node.pk, 0)) for node, cost in costs[:MOST_FACTORS]]


def _factor(asked: Asked, node: Node, cost: reading.Cost, work: int) -> Factor:
    unknown = "not known"
    open_url = follow_ups_url(asked, ("factor", node.slug), ("state", "idea"), ("state", "committed"))
    return Factor(
        label=node.name,
        incidents=Figure(node.name, cost.number, asked.url(factor=node.slug), _share(cost.number, len(asked.pks))),
        impact=unknown if cost.impact_minutes is None else duration(60 * cost.impact_minutes),
        customers=unknown if cost.customers is None else f"{cost.customers:,}",
        budget=unknown if cost.budget_minutes is None else duration(60 * cost.budget_minutes),
        follow_ups=Figure("open", work, open_url),
    )


# What came of it


@dataclass(frozen=True)
class Outcome:
    """What became of follow-ups, how long the open ones wait, and how long the done ones took."""

    total: int
    states: list[Figure]
    late: Figure
    ages: list[Figure]
    took: str


_AGE_WORDS = ("up to 30 days", "30 to 90 days", "90 to 180 days", "more than 180 days")
_AGE_RANGES = ((None, 29), (30, 89), (90, 179), (180, None))


def outcome(asked: Asked, found: reading.FollowUps) -> Outcome:
    states = [
        Figure(FollowUpState(state).label, number, follow_ups_url(asked, ("state", state)), _share(number, found.total))
        for state, number in found.states.items()
    ]
    late_url = follow_ups_url(asked, ("state", "committed"), ("days_late.min", "1"))
    done = durations.distribution(found.days_to_done)
    took = ""
    if done:
        took = (
            f"Of {done.n:,} that were done half took up to {counted(round(done.median.value), 'day')} from the promise"
        )
        took += f", nine of ten up to {counted(round(done.p90.value), 'day')}."
    is_open = sum(found.ages)
    ages = [
        Figure(words, number, _age_url(asked, bounds), _share(number, is_open))
        for words, bounds, number in zip(_AGE_WORDS, _AGE_RANGES, found.ages, strict=True)
    ]
    return Outcome(found.total, states, Figure("Late", found.late, late_url), ages, took)


def _age_url(asked: Asked, bounds: tuple[int | None, int | None]) -> str:
    names = zip(("age_days.min", "age_days.max"), bounds, strict=True)
    limits = [(name, str(bound)) for name, bound in names if bound is not None]
    return follow_ups_url(asked, ("state", "idea"), ("state", "committed"), *limits)


# What the list of follow-ups calls what is asked of their incidents.
_THERE = {
    "declared_at": "incident_declared", "kind": "incident_kind", "category": "incident_state",
    "owner": "incident_owner", "severity": "severity", "service": "service",
}  # fmt: skip


def follow_ups_url(asked: Asked, *narrowed: tuple[str, str]) -> str:
    """The list of the follow-ups of these incidents; empty where it cannot be asked for them."""
    pairs = []
    for name, texts in asked.params.lists():
        column, point, operator = name.partition(".")
        if column not in _THERE:
            return ""
        pairs += [(f"{_THERE[column]}{point}{operator}", text) for text in texts]
    return f"{FOLLOW_UPS.url}?{urlencode([*pairs, *narrowed], safe=':/')}"


# Which are counted apart


def kinds(asked: Asked) -> list[Figure]:
    """Every kind of incident of the same time: only those that are asked for count in the figures."""
    rows = asked.other_kinds().matching().order_by().values("kind").annotate(number=Count("pk"))
    found = dict(rows.values_list("kind", "number"))
    return [Figure(IncidentKind(kind).label, found.get(kind, 0), asked.url(kind=kind)) for kind in IncidentKind]


def left_out(asked: Asked) -> Figure | None:
    """What was declared in the same time, and was none after all: no figure counts it."""
    params = asked.left_out()
    if params is None or not (number := asked.number_of(params)):
        return None
    return Figure("declined, merged or cancelled", number, f"{INCIDENTS.url}?{params.urlencode(safe=':/')}")
