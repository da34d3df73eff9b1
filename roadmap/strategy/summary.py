"""The page for those who decide on money: what the platform promises, how it stands, what it is worth, what is at risk
and what is owed. Whole sentences that can be read aloud, each figure with where it comes from. Computed for one reader:
of what is private only those who are let in read anything.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Count, F, Sum, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from portal.collections import get_collection, unknown_to
from portal.tenure import organisation_today
from roadmap.models import (
    Allocation,
    Bound,
    Course,
    Cycle,
    Freeze,
    Initiative,
    Keeping,
    KeyResult,
    LoanState,
    Objective,
    Standing,
    Status,
    TradeOff,
    Translation,
    total,
)
from roadmap.strategy.block_kinds import PLATFORM
from roadmap.strategy.markdown import link, words
from services.health.models import Limit, Urgency
from services.health.moments import counted
from services.health.saying import day_in_words, percent, with_unit

# So many of a kind are named; behind them stands how many more there are.
MOST = 5
NO_RISK = "Nothing is known to be at risk."
_GAINS = {
    Translation.TRUST: "Customers can rely on us more",
    Translation.EFFICIENCY: "Engineers get more done",
    Translation.CONTINUITY: "Business goes on when something fails",
    Translation.READINESS: "We are ready for audits and regulators",
    Translation.GROWTH: "There is room to grow",
}


@dataclass(frozen=True)
class Part:
    """A heading and its paragraphs, in Markdown."""

    title: str
    paragraphs: Sequence[str]


def write(reader: Any) -> list[Part]:
    """The summary as this reader may know it; a dozen queries, however much there is. Each reads what is named, and
    counts the rest where it lies."""
    cycle = Cycle.objects.current().first()
    return [
        Part("What we promise", _promises(cycle)),
        Part("How it stands", [*_results(cycle), *_bounds(reader)]),
        Part("What it is worth, and what it costs", [*_worth(reader), *_share(cycle)]),
        Part("What is at risk", [*_limits(reader), *_delayed(reader), *_freezes()] or [NO_RISK]),
        Part("What we owe", _owed(reader)),
    ]  # fmt: skip


def as_markdown(parts: Iterable[Part]) -> str:
    return "\n\n".join("\n\n".join([f"## {each.title}", *each.paragraphs]) for each in parts)


def _source(text: str, url: str) -> str:
    """Where a sentence has its figures from."""
    return f"*Source: {link(text, url) if url else words(text)}, {day_in_words(organisation_today())}.*"


def _list(slug: str, asks: str = "") -> str:
    found = get_collection(slug)
    return f"{found.url}{f'?{asks}' if asks else ''}" if found else ""


def _page(slug: str, key: Any) -> str:
    return reverse("record", args=[slug, key])


def _named(texts: Sequence[str], total: int) -> str:
    """Names with commas, and how many more there are."""
    named = list(texts[:MOST])
    if total > len(named):
        return f"{', '.join(named)} and {total - len(named):,} more"
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]


# What is promised, and how it stands


def _promises(cycle: Cycle | None) -> list[str]:
    if cycle is None:
        return ["No cycle is going on today, so nothing is promised for a time. Make the cycle under Roadmap, Cycles."]
    titles = list(
        Objective.objects.filter(cycle=cycle).order_by("parent_id", "owner_id", "pk").values_list("title", "parent_id")
    )
    if not titles:
        return [f"No objective is set for {words(cycle)} yet."]
    first = [f"“{words(title)}”" for title, parent in titles if parent is None] or [f"“{words(titles[0][0])}”"]
    until = day_in_words(cycle.ends_on)
    under = len(titles) - min(len(first), MOST)
    verb = "stands" if under == 1 else "stand"
    more = f" {_many(under, 'objective')} of teams and areas {verb} below or beside that." if under else ""
    said = f"By {until} we want this to be true: {_named(first, min(len(first), MOST))}.{more}"
    return [f"{said} {_source('Objectives', _list('objectives'))}"]


def _many(number: int, word: str) -> str:
    """The number at the beginning of a sentence."""
    return f"{'One' if number == 1 else f'{number:,}'} {word}{'' if number == 1 else 's'}"


def _results(cycle: Cycle | None) -> list[str]:
    if cycle is None:
        return []
    standings = KeyResult.objects.filter(objective__cycle=cycle).values_list("state__standing", flat=True)
    counts = Counter(each or Standing.UNKNOWN for each in standings)
    total = sum(counts.values())
    if not total:
        return [f"No figure is tied to the promises of {words(cycle)} yet, so nobody can say how they stand."]
    good = counts[Standing.REACHED] + counts[Standing.AHEAD]
    late = counts[Standing.BEHIND] + counts[Standing.AWAY]
    said = [f"Of {counted(total, 'measured promise')}, {good} {_are(good)} kept or on the way as planned"]
    if late:
        said.append(f"{late} {_are(late)} behind")
    if counts[Standing.UNKNOWN]:
        said.append(f"of {counts[Standing.UNKNOWN]} there is no figure yet")
    passed = f"{percent(cycle.share_passed())} of the time is over."
    return [f"{', '.join(said)}. {words(passed)} {_source('Key results', _list('objectives'))}"]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _bounds(reader: Any) -> list[str]:
    rows = list(Bound.objects.filter(is_active=True).select_related("state", "metric__subject").order_by("name"))
    hidden = unknown_to(reader, [each.metric.subject_id for each in rows]) if rows else {}
    seen = [each for each in rows if each.metric.subject_id not in hidden]
    if not seen:
        return []
    broken = [each for each in seen if _keeping(each) == Keeping.BROKEN]
    kept = sum(_keeping(each) == Keeping.KEPT for each in seen)
    said = f"Of {counted(len(seen), 'rule')} that must always hold, {kept} {_are(kept)} kept"
    if broken:
        named = _named([_bound_words(each) for each in broken[:MOST]], len(broken))
        said += f"; broken {_are(len(broken))} {named}"
    return [f"{said}. {_source('Non-negotiables', _list('non-negotiables'))}"]


def _keeping(bound: Bound) -> str:
    state = getattr(bound, "state", None)
    return state.keeping if state else Keeping.UNKNOWN


def _bound_words(bound: Bound) -> str:
    value = getattr(bound.state, "value", None)
    now = f" (now {words(with_unit(bound.metric, value))})" if value is not None else ""
    return f"“{words(bound.name)}”{now}"


# What it is worth, and what it costs


def _worth(reader: Any) -> list[str]:
    going = Initiative.objects.visible(reader).filter(status=Status.IN_PROGRESS)
    alike: dict[str, Any] = {"partition_by": "translation"}
    place = Window(RowNumber(), order_by=("ends_likely", "pk"), **alike)
    rows = list(
        going.annotate(among=Window(Count("pk"), **alike), place=place)
        .filter(place__lte=MOST).order_by("translation", "place")
        .only("name", "title", "translation", "for_executives", "ends_likely")
    )  # fmt: skip
    if not rows:
        return ["No work of the roadmap is in progress."]
    numbers = {each.translation: _among(each) for each in rows}
    paragraphs = [
        _gain(each, [row for row in rows if row.translation == each], numbers.get(each, 0)) for each in Translation
    ]
    if untold := numbers.get("", 0):
        verb = "does" if untold == 1 else "do"
        paragraphs.append(f"{_many(untold, 'initiative')} {verb} not say yet what it means to the business.")
    source = _source("Initiatives in progress", _list("initiatives", "status=in_progress"))
    return [*filter(None, paragraphs), f"{_price(going, sum(numbers.values()))} {source}"]


def _among(row: Any) -> int:
    """Of how many it is one: a row of a query with a window called ``among``."""
    return int(row.among)


def _gain(translation: Translation, rows: Sequence[Initiative], number: int) -> str:
    if not rows:
        return ""
    told = [_promise(each) for each in rows]
    if more := number - len(rows):
        told.append(f"{_many(more, 'more initiative')} {'serves' if more == 1 else 'serve'} this too.")
    return f"**{_GAINS[translation]}.** {' '.join(told)}"


def _promise(each: Initiative) -> str:
    """The sentence that its people wrote for executives, or its title; when, and where to read on."""
    said = " ".join((each.for_executives or each.title).split()).rstrip(".")
    until = f", likely by {day_in_words(each.ends_likely)}" if each.ends_likely else ""
    return f"{words(said)}{until} ({link(each.name, _page('initiatives', each.name.lower()))})."


def _price(going: Any, number: int) -> str:
    sums = going.aggregate(days=Sum("effort_days"), money=Sum("cost"))
    parts = []
    if sums["days"]:
        parts.append(f"{sums['days']:,.0f} days of people")
    if sums["money"]:
        parts.append(f"{sums['money']:,.0f} in money besides")
    said = f"{_many(number, 'initiative')} {_are(number)} in progress."
    if parts:
        said += f" {'It takes' if number == 1 else 'Together they take'} {' and '.join(parts)}, as planned."
    return words(said)


def _share(cycle: Cycle | None) -> list[str]:
    invested = reduce(add, (F(f"{bucket}_planned") for bucket in PLATFORM))
    sums = Allocation.objects.filter(cycle=cycle).aggregate(
        teams=Count("pk"), planned=Sum(total("planned")), platform=Sum(invested)
    )  # fmt: skip
    if cycle is None or not sums["planned"]:
        return []
    said = (
        f"In {cycle} {counted(sums['teams'], 'team')} set aside {percent(sums['platform'] / sums['planned'])} of their "
        f"planned days for the platform and for old debts, {sums['platform']:,.0f} of {sums['planned']:,.0f} days."
    )
    return [f"{words(said)} {_source('Allocations', _list('allocations'))}"]


# What is at risk, and what is owed


def _limits(reader: Any) -> list[str]:
    pressing = Limit.objects.filter(is_active=True, state__urgency__in=[Urgency.TOO_LATE, Urgency.START_NOW])
    rows = list(pressing.select_related("state", "metric__subject").order_by("state__q10_date", "pk"))
    hidden = unknown_to(reader, [each.metric.subject_id for each in rows]) if rows else {}
    seen = [each for each in rows if each.metric.subject_id not in hidden]
    if not seen:
        return []
    told = [_limit_words(each) for each in seen[:MOST]]
    verb = "runs" if len(seen) == 1 else "run"
    said = f"{_many(len(seen), 'resource')} {verb} out unless work begins now: {_named(told, len(seen))}."
    return [f"{said} {_source('Capacity', reverse('capacity'))}"]


def _limit_words(limit: Limit) -> str:
    day = limit.state.q10_date
    return f"{words(limit.name)}{f' (as early as {day_in_words(day)})' if day else ''}"


def _delayed(reader: Any) -> list[str]:
    asks = "course=at_risk&course=off_track"
    bad = Initiative.objects.visible(reader).going_on().filter(state__course__in=[Course.AT_RISK, Course.OFF_TRACK])
    among = bad.annotate(among=Window(Count("pk"))).select_related("state").only("title", "state__course")
    rows = list(among.order_by("ends_likely", "pk")[:MOST])
    if not rows:
        return []
    named = [f"{words(each.title)} ({words(each.state.get_course_display().lower())})" for each in rows]
    said = f"Of this work its own people say that it may not come in time: {_named(named, _among(rows[0]))}."
    return [f"{said} {_source('Initiatives', _list('initiatives', asks))}"]


def _freezes() -> list[str]:
    rows = list(Freeze.objects.in_force().order_by("ends_on"))
    if not rows:
        return []
    named = [f"“{words(each.title)}”, until {words(each.exit_condition).rstrip('.')}" for each in rows[:MOST]]
    said = f"Work on features is halted: {_named(named, len(rows))}."
    return [f"{said} {_source('Freezes', _list('freezes'))}"]


def _owed(reader: Any) -> list[str]:
    owed = TradeOff.objects.visible(reader).filter(state=LoanState.OPEN)
    days = owed.aggregate(days=Sum("principal_days"))["days"]
    if days is None:
        return ["No work is put off against a promise."]
    said = f"We owe {days:,.0f} days of work that we put off to ship something else first in all."
    among = owed.overdue().annotate(among=Window(Count("pk"))).select_related("due_cycle")
    if late := list(among.order_by("due_cycle__ends_on", "pk")[:MOST]):
        named = [f"“{words(each.deferred)}” (due in {words(each.due_cycle)})" for each in late]
        said += f" Overdue {_are(_among(late[0]))} {_named(named, _among(late[0]))}."
    else:
        said += " None of it is overdue."
    return [f"{said} {_source('Trade-offs', _list('trade-offs'))}"]
