"""The page for those who decide on money: what the platform promises, how it stands, what it is worth, what is at risk
and what is owed. Whole sentences that can be read aloud, each figure with where it comes from. Computed for one reader:
of what is private only those who are let in read anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Exists, OuterRef, Q, Sum, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from portal.collections import get_collection, unknown_to
from portal.tenure import organisation_today
from roadmap.models import (
    Allocation,
    Bound,
    Claim,
    ClaimKind,
    Course,
    Cycle,
    Freeze,
    Initiative,
    Keeping,
    KeyResult,
    Link,
    LoanState,
    Objective,
    Standing,
    Status,
    TradeOff,
    Translation,
    total,
)
from roadmap.okr.showing import state_of, way_in_words
from roadmap.strategy.markdown import link, words
from roadmap.worth.guard import invested_days
from services.health.models import Limit, Urgency
from services.health.saying import day_in_words, number, percent, with_unit

# So many of a kind are named; behind them stands how many more there are.
MOST = 5
# Of these the words of their people are read in full.
TOLD = 3
NO_RISK = "Nothing is known to be at risk."
_SMALL = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_GAINS = {
    Translation.TRUST: "Customers can rely on us more",
    Translation.EFFICIENCY: "Engineers get more done",
    Translation.CONTINUITY: "Business goes on when something fails",
    Translation.READINESS: "We are ready for audits and regulators",
    Translation.GROWTH: "There is room to grow",
}
_REMOVED = {
    ClaimKind.INCIDENT_MINUTES: "minutes of incidents",
    ClaimKind.BUDGET_MINUTES: "minutes of error budget",
    ClaimKind.DAYS: "days of work",
    ClaimKind.COST: "of costs",
}


_COURSES = {Course.OFF_TRACK: "off track", Course.AT_RISK: "at risk of coming late"}


@dataclass(frozen=True)
class Part:
    """A heading and its paragraphs, in Markdown."""

    title: str
    paragraphs: Sequence[str]


def write(reader: Any) -> list[Part]:
    """The summary as this reader may know it; in as many queries, however much there is. Each reads what is named, and
    counts the rest where it lies."""
    cycle = Cycle.objects.current().first()
    return [
        Part("What we promise", _promises(cycle)),
        Part("How it stands", [*_results(cycle), *_bounds(reader)]),
        Part("What it is worth, and what it costs", [*_worth(reader), *_share(cycle)]),
        Part("What is at risk", [*_limits(reader), *_delayed(reader), *_freezes()] or [NO_RISK]),
        Part("What we owe", [*_owed(reader), _today()]),
    ]  # fmt: skip


def as_markdown(parts: Iterable[Part]) -> str:
    return "\n\n".join("\n\n".join([f"## {each.title}", *each.paragraphs]) for each in parts)


def _source(text: str, url: str) -> str:
    """Where a sentence has its figures from."""
    return f"*Source: {link(text, url) if url else words(text)}.*"


def _today() -> str:
    return f"*All figures are those of {day_in_words(organisation_today())}.*"


def _list(slug: str, asks: str = "") -> str:
    found = get_collection(slug)
    return f"{found.url}{f'?{asks}' if asks else ''}" if found else ""


def _page(slug: str, key: Any) -> str:
    return reverse("record", args=[slug, key])


def _named(texts: Sequence[str], total: int) -> str:
    """Names with commas, and how many more there are."""
    named = list(texts[:MOST])
    if total > len(named):
        return f"{', '.join(named)} and {_number(total - len(named))} more"
    return _listed(named)


def _listed(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]


def _number(number: int) -> str:
    """As one writes it in a sentence: small ones in words."""
    return _SMALL[number] if number < len(_SMALL) else f"{number:,}"


def _count(number: int, word: str) -> str:
    return f"{_number(number)} {word}{'' if number == 1 else 's'}"


def _many(number: int, word: str) -> str:
    """The same at the beginning of a sentence."""
    text = _count(number, word)
    return text[0].upper() + text[1:]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


# What is promised, and how it stands


def _promises(cycle: Cycle | None) -> list[str]:
    if cycle is None:
        return ["No cycle is going on today, so nothing is promised for a time. Make the cycle under Roadmap, Cycles."]
    rows = list(Objective.objects.filter(cycle=cycle).order_by("parent_id", "owner_id", "pk"))
    if not rows:
        return [f"No objective is set for {words(cycle)} yet."]
    first = (
        [each for each in rows if each.owner_id is None] or [each for each in rows if each.parent_id is None] or rows
    )
    titles = [f"“{words(each.title)}”" for each in first]
    said = f"By {day_in_words(cycle.ends_on)} we want this to be true: {_named(titles, len(first))}."
    if others := len(rows) - len(first):
        verb = "adds" if others == 1 else "add"
        said += f" {_many(others, 'objective')} of teams {verb} to that."
    return [f"{said} {_source('Objectives', _list('objectives'))}"]


def _results(cycle: Cycle | None) -> list[str]:
    if cycle is None:
        return []
    first = _worst_first(cycle)
    if not first:
        return [f"No figure is tied to the promises of {words(cycle)} yet, so nobody can say how they stand."]
    row = first[0]
    said = [f"{_number(row.good)} {_are(row.good)} reached or on the way as planned"]
    if row.late:
        said.append(f"{_number(row.late)} {_are(row.late)} behind")
    if unknown := row.among - row.good - row.late:
        said.append(f"of {_number(unknown)} there is no figure yet")
    passed = percent(cycle.share_passed())
    told = f"Of {_count(row.among, 'measured promise')}, {_listed(said)}, with {passed} of the time over."
    return [f"{words(told)}{_worst(first)} {_source('Key results', _list('key-results'))}"]


def _worst_first(cycle: Cycle) -> list[Any]:
    """The key results that are furthest from where they were to be, each with how many of all stand well and ill."""
    good, late = (Standing.REACHED, Standing.AHEAD), (Standing.BEHIND, Standing.AWAY)
    counted = KeyResult.objects.filter(objective__cycle=cycle).annotate(
        among=Window(Count("pk")),
        good=Window(Count("pk", filter=Q(state__standing__in=good))),
        late=Window(Count("pk", filter=Q(state__standing__in=late))),
    )
    away = Case(When(state__standing=Standing.AWAY, then=0), default=1)
    return list(counted.select_related("metric", "state").order_by(away, "state__progress", "pk")[:TOLD])


def _worst(first: Sequence[KeyResult]) -> str:
    """What is off track, with its figures."""
    away = [each for each in first if state_of(each).standing == Standing.AWAY]
    if not away:
        return ""
    named = [f"“{words(each.title)}” ({words(way_in_words(each))})" for each in away]
    return f" Furthest behind {_are(len(named))} {_listed(named)}."


def _bounds(reader: Any) -> list[str]:
    rows = list(Bound.objects.filter(is_active=True).select_related("state", "metric__subject").order_by("name"))
    hidden = unknown_to(reader, [each.metric.subject_id for each in rows]) if rows else {}
    seen = [each for each in rows if each.metric.subject_id not in hidden]
    if not seen:
        return []
    return [f"{_kept(seen)}. {_source('Non-negotiables', _list('non-negotiables'))}"]


def _kept(seen: Sequence[Bound]) -> str:
    kept = sum(_keeping(each) == Keeping.KEPT for each in seen)
    if kept == len(seen):
        return "The one rule that must always hold is kept" if kept == 1 else (
            f"All {_count(kept, 'rule')} that must always hold are kept"
        )  # fmt: skip
    said = f"Of {_count(len(seen), 'rule')} that must always hold, {_number(kept)} {_are(kept)} kept"
    broken = [each for each in seen if _keeping(each) == Keeping.BROKEN]
    if broken:
        named = _named([_bound_words(each) for each in broken[:MOST]], len(broken))
        said += f"; broken {_are(len(broken))} {named}"
    if unknown := len(seen) - kept - len(broken):
        said += f"; of {_number(unknown)} there is no figure yet"
    return said


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
        .annotate(days=Window(Sum("effort_days")), money=Window(Sum("cost")))
        .filter(place__lte=TOLD).order_by("translation", "place")
        .only("name", "title", "translation", "for_executives", "ends_likely")
    )  # fmt: skip
    if not rows:
        return ["No work of the roadmap is in progress."]
    numbers = {each.translation: _among(each) for each in rows}
    paragraphs = [
        _gain(each, [row for row in rows if row.translation == each], numbers.get(each, 0)) for each in Translation
    ]
    source, every = _source("Initiatives", _list("initiatives", "status=in_progress")), sum(numbers.values())
    last = f"{_price(rows[0], every)}{_removed(going)}{_untold(numbers.get('', 0), every)} {source}"
    return [*filter(None, paragraphs), last]


def _among(row: Any) -> int:
    """Of how many it is one: a row of a query with a window called ``among``."""
    return int(row.among)


def _untold(untold: int, every: int) -> str:
    if not untold:
        return ""
    which = "it means" if every == 1 else f"{_number(untold)} of them mean{'s' if untold == 1 else ''}"
    return f" What {which} to the business is not said yet."


def _gain(translation: Translation, rows: Sequence[Initiative], number: int) -> str:
    if not rows:
        return ""
    told = [_promise(each) for each in rows]
    if more := number - len(rows):
        told.append(f"{_many(more, 'more initiative')} {'serves' if more == 1 else 'serve'} this too.")
    return f"**{_GAINS[translation]}.** {' '.join(told)}"


def _promise(each: Initiative) -> str:
    """The sentence that its people wrote for executives, and by when; without one its title. It links to the rest."""
    page = _page("initiatives", each.name.lower())
    title, said = words(each.title), words(" ".join(each.for_executives.split()).rstrip("."))
    if not said:
        return f"{link(each.title, page)}{_by_when(each)}."
    return f"{said}{_by_when(each)} ([{title}]({page}))."


def _by_when(each: Initiative) -> str:
    if each.ends_likely is None:
        return ""
    late = each.ends_likely < organisation_today()
    return f", {'due' if late else 'likely by'} {day_in_words(each.ends_likely)}{' and late' if late else ''}"


def _price(one: Any, every: int) -> str:
    """``one`` is any of them, with the sums of all."""
    parts = []
    if one.days:
        parts.append(f"{one.days:,.0f} days of work")
    if one.money:
        parts.append(f"{one.money:,.0f} {settings.CURRENCY} besides")
    said = f"{_many(every, 'initiative')} {_are(every)} in progress."
    if parts:
        said += f" {'It is' if every == 1 else 'Together they are'} planned to take {' and '.join(parts)}."
    return words(said)


def _removed(going: Any) -> str:
    """What the work that goes on claims to take away each month, as far as anybody has claimed something."""
    claims = Claim.objects.filter(initiative__in=going.order_by().values("pk"))
    sums = claims.order_by().values_list("kind").annotate(amount=Sum("per_month"))
    parts = [f"{_amount(kind, amount)} {_REMOVED[ClaimKind(kind)]}" for kind, amount in sums if amount]
    return " " + words(f"Once delivered, this is to save {_listed(sorted(parts))} each month.") if parts else ""


def _amount(kind: str, amount: float) -> str:
    return f"{number(amount)} {settings.CURRENCY}" if kind == ClaimKind.COST else number(amount)


def _share(cycle: Cycle | None) -> list[str]:
    sums = Allocation.objects.filter(cycle=cycle).aggregate(
        teams=Count("pk"), planned=Sum(total("planned")), platform=Sum(invested_days("planned"))
    )  # fmt: skip
    if cycle is None or not sums["planned"]:
        return []
    verb = "sets" if sums["teams"] == 1 else "set"
    said = (
        f"For {cycle}, {_count(sums['teams'], 'team')} {verb} aside {percent(sums['platform'] / sums['planned'])} of "
        f"the planned days for the platform and for old debts: {sums['platform']:,.0f} of {sums['planned']:,.0f} days."
    )
    return [f"{words(said)} {_source('Allocations', _list('allocations'))}"]


# What is at risk, and what is owed


def _limits(reader: Any) -> list[str]:
    pressing = Limit.objects.filter(is_active=True, state__urgency__in=[Urgency.TOO_LATE, Urgency.START_NOW])
    going = Initiative.objects.visible(reader).filter(status=Status.IN_PROGRESS).order_by().values("pk")
    begun = Exists(Link.objects.filter(limit=OuterRef("pk"), initiative__in=going))
    found = pressing.select_related("state", "metric__subject").annotate(is_begun=begun)
    rows = list(found.order_by("state__q10_date", "pk"))
    hidden = unknown_to(reader, [each.metric.subject_id for each in rows]) if rows else {}
    seen = [each for each in rows if each.metric.subject_id not in hidden]
    if not seen:
        return []
    told = [_limit_words(each) for each in seen[:MOST]]
    verb = "runs" if len(seen) == 1 else "run"
    said = (
        f"{_many(len(seen), 'part')} of the platform {verb} full unless something is done, here with the earliest day: "
        f"{_named(told, len(seen))}."
    )
    return [f"{said}{_begun(seen)} {_source('Capacity', reverse('capacity'))}"]


def _limit_words(limit: Limit) -> str:
    day = limit.state.q10_date
    if day is None:
        return str(words(limit.name))
    when = "at its ceiling already" if day <= organisation_today() else day_in_words(day)
    return f"{words(limit.name)} ({when})"


def _begun(limits: Sequence[Any]) -> str:
    """For how many of them somebody is at work."""
    begun = sum(each.is_begun for each in limits)
    if begun == len(limits):
        return " Work on it has begun." if begun == 1 else f" Work on all {_number(begun)} has begun."
    return f" Work has begun on {_number(begun) if begun else 'none'} of them."


def _delayed(reader: Any) -> list[str]:
    bad = Initiative.objects.visible(reader).going_on().filter(state__course__in=list(_COURSES))
    alike: dict[str, Any] = {"partition_by": "state__course"}
    place = Window(RowNumber(), order_by=("ends_likely", "pk"), **alike)
    among = bad.annotate(among=Window(Count("pk"), **alike), place=place).filter(place__lte=MOST)
    rows = list(among.select_related("state").only("title", "state__course").order_by("place"))
    if not rows:
        return []
    said = [told for course, how in _COURSES.items() if (told := _called(rows, course, how))]
    source = _source("Initiatives", _list("initiatives", "course=at_risk&course=off_track"))
    return [f"Those who do the work call {'; they call '.join(said)}. {source}"]


def _called(rows: Sequence[Initiative], course: str, how: str) -> str:
    named = [each for each in rows if each.state.course == course]
    if not named:
        return ""
    every = _among(named[0])
    return f"{_count(every, 'initiative')} {how}: {_named([words(each.title) for each in named], every)}"


def _freezes() -> list[str]:
    rows = list(Freeze.objects.in_force().order_by("ends_on"))
    if not rows:
        return []
    named = [
        f"“{words(each.title)}”. It ends with this: {words(each.exit_condition).rstrip('.')}." for each in rows[:MOST]
    ]
    said = f"Work on features is halted by {_count(len(rows), 'freeze')}: {' '.join(named)}"
    return [f"{said} {_source('Freezes', _list('freezes'))}"]


def _owed(reader: Any) -> list[str]:
    over = Q(due_cycle__ends_on__lt=organisation_today())
    owed = TradeOff.objects.visible(reader).filter(state=LoanState.OPEN).select_related("due_cycle")
    counted = owed.annotate(days=Window(Sum("principal_days")), among=Window(Count("pk", filter=over)))
    first: list[Any] = list(counted.order_by("due_cycle__ends_on", "pk")[:MOST])
    if not first:
        return ["No work is put off against a promise."]
    said = f"We put off {first[0].days:,.0f} days of work to ship something else first, and owe them still."
    if late := _among(first[0]):
        said += f" Overdue {_are(late)} {_named([_late_words(each) for each in first[:late]], late)}."
    else:
        said += " None of it is overdue."
    return [f"{said} {_source('Trade-offs', _list('trade-offs'))}"]


def _late_words(loan: TradeOff) -> str:
    return f"“{words(loan.deferred)}” ({loan.principal_days:,.0f} days, due in {words(loan.due_cycle)})"
