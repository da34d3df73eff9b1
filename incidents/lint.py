"""The time lint: whether the five times of an incident can be true, and what would mend them.

Pure functions of what is known. A finding is *wrong* where the times contradict each other whatever they mean, and
*doubtful* where they may be right but are rarely so; figures leave out what is wrong and mark what is doubtful.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

POINTS = ("started", "detected", "acknowledged", "mitigated", "resolved")
# A clock may be this much ahead of ours.
CLOCK_SKEW = dt.timedelta(minutes=5)
# Nobody wrote anything for so long while it was going on.
LONG_GAP = dt.timedelta(hours=2)
# A year is mistyped when the day fits and the year does not.
DAYS_OF_A_SLIP = dt.timedelta(days=10)
FAR_AWAY = dt.timedelta(days=200)


class Weight(StrEnum):
    WRONG = "wrong"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Known:
    """One of the five times: it was no earlier and no later than these. Both are equal where it is exact."""

    point: str
    earliest: dt.datetime
    latest: dt.datetime


@dataclass(frozen=True)
class Happened:
    """An event of the timeline: its ``kind``, when it happened, and what it says."""

    kind: str
    at: dt.datetime
    text: str = ""


@dataclass(frozen=True)
class Mend:
    """One answer to a finding: what its button says, and the times it writes. ``None`` takes a time away."""

    label: str
    times: Mapping[str, dt.datetime | None]


@dataclass(frozen=True)
class Finding:
    """``code`` names the rule and, with ``points``, the finding: one that was dismissed is recognised by both."""

    code: str
    weight: Weight
    points: tuple[str, ...]
    text: str
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class Stated:
    """A duration that a document states itself: up to ``end``, from whichever of ``starts`` its author meant."""

    starts: tuple[str, ...]
    end: str
    lasting: dt.timedelta


@dataclass(frozen=True)
class Account:
    """What is known of one incident. ``over`` says up to which point its status claims to be: a resolved incident has
    five times."""

    times: Sequence[Known]
    now: dt.datetime
    declared_at: dt.datetime
    over: str = ""
    events: Sequence[Happened] = ()
    stated: Sequence[Stated] = ()
    # On whose clocks findings name moments.
    zone: dt.tzinfo = dt.UTC

    def at(self, point: str) -> Known | None:
        if point == "declared":
            return Known(point, self.declared_at, self.declared_at)
        return next((each for each in self.times if each.point == point), None)

    def moment(self, at: dt.datetime) -> str:
        at = at.astimezone(self.zone)
        return f"{at.day} {at:%b %Y, %H:%M %Z}"

    def clock(self, at: dt.datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M %Z}"


def lint(account: Account) -> list[Finding]:
    """Everything about the times that cannot be true or is rarely so, the worst first."""
    found = [finding for rule in _RULES for finding in rule(account)]
    return sorted(found, key=lambda finding: finding.weight is not Weight.WRONG)


def is_sound(findings: Iterable[Finding]) -> bool:
    """Whether the times may be counted on."""
    return all(each.weight is not Weight.WRONG for each in findings)


def _in_the_future(account: Account) -> Iterator[Finding]:
    for each in account.times:
        if each.earliest > account.now + CLOCK_SKEW and not _slipped_year(each, account.declared_at):
            text = f"{_title(each.point)} is yet to come: {account.moment(each.earliest)}."
            yield Finding("future", Weight.WRONG, (each.point,), text, (_take_away(each.point),))


def _of_another_year(account: Account) -> Iterator[Finding]:
    for each in account.times:
        if meant := _slipped_year(each, account.declared_at):
            text = f"{_title(each.point)} is in {each.earliest.year}, and the incident was declared in {meant.year}."
            mend = Mend(f"Make it {meant.year}", {each.point: meant})
            yield Finding("year", Weight.WRONG, (each.point,), text, (mend,))


def _slipped_year(known: Known, near: dt.datetime) -> dt.datetime | None:
    """The same day of the year that is near, where the time itself is far from it."""
    if abs(known.earliest - near) < FAR_AWAY:
        return None
    for year in (near.year, near.year - 1, near.year + 1):
        try:
            meant = known.earliest.replace(year=year)
        except ValueError:  # 29 February
            continue
        if abs(meant - near) <= DAYS_OF_A_SLIP:
            return meant
    return None


def _out_of_order(account: Account) -> Iterator[Finding]:
    """Each time against the last one before it that it must follow. Mitigation before detection is a question of its
    own, and so the mitigation follows the start."""
    known = [found for point in POINTS if (found := account.at(point))]
    for at, after in enumerate(known):
        before = next((each for each in reversed(known[:at]) if (each.point, after.point) not in _MAY_CROSS), None)
        if before is not None and after.latest < before.earliest:
            later, earlier = account.moment(after.latest), account.moment(before.earliest)
            text = f"{_title(after.point)} ({later}) is before {before.point} ({earlier})."
            swap = Mend("Swap the two", {before.point: after.earliest, after.point: before.earliest})
            mends = (swap, _take_away(before.point), _take_away(after.point))
            yield Finding("order", Weight.WRONG, (before.point, after.point), text, mends)


# Automation mitigates what nobody has noticed yet; then it is noticed and acknowledged late.
_MAY_CROSS = frozenset({("detected", "mitigated"), ("acknowledged", "mitigated")})


def _mitigated_unseen(account: Account) -> Iterator[Finding]:
    detected, mitigated = account.at("detected"), account.at("mitigated")
    if detected and mitigated and mitigated.latest < detected.earliest:
        earlier, later = account.moment(mitigated.latest), account.moment(detected.earliest)
        text = f"It was mitigated ({earlier}) before it was detected ({later}). Did something mitigate it by itself?"
        mend = Mend("It was detected when it was mitigated", {"detected": mitigated.earliest})
        yield Finding("mitigated_first", Weight.DOUBTFUL, ("detected", "mitigated"), text, (mend,))


def _seen_earlier(account: Account) -> Iterator[Finding]:
    """The timeline has an alert or a report from outside before the detection."""
    detected = account.at("detected")
    if detected is None:
        return
    signs = [each for each in account.events if each.kind in {"alert", "report"} and each.at < detected.earliest]
    if signs:
        first = min(signs, key=lambda each: each.at)
        what = "A report from outside" if first.kind == "report" else "An alert"
        came, seen = account.clock(first.at), account.clock(detected.earliest)
        text = f"{what} came at {came}, before the detection at {seen}. Which is it?"
        mend = Mend(f"Use {came}", {"detected": first.at})
        yield Finding("seen_earlier", Weight.DOUBTFUL, ("detected",), text, (mend,))


def _missing(account: Account) -> Iterator[Finding]:
    """A point that the status claims to be past, and the start of what is over."""
    if account.over not in POINTS:
        return
    for point in POINTS[: POINTS.index(account.over) + 1]:
        if account.at(point) is None:
            text = f"Nobody has said when it {_WAS[point]}."
            yield Finding("missing", Weight.DOUBTFUL, (point,), text, _guesses(account, point))


def _guesses(account: Account, point: str) -> tuple[Mend, ...]:
    kinds = {"detected": {"alert", "report"}, "mitigated": {"rollback"}}.get(point, set())
    signs = sorted(each.at for each in account.events if each.kind in kinds)
    return tuple(Mend(f"Use {account.clock(at)}", {point: at}) for at in signs[:2])


def _stated(account: Account) -> Iterator[Finding]:
    for each in account.stated:
        last = account.at(each.end)
        firsts = [first for start in each.starts if (first := account.at(start))]
        if last is None or not firsts or any(_fits(each.lasting, first, last) for first in firsts):
            continue
        meant = min((last.earliest - first.latest for first in firsts), key=lambda found: abs(found - each.lasting))
        text = f"It says {_lasting(each.lasting)} until it was {each.end}, and its times say {_lasting(meant)}."
        yield Finding("stated", Weight.WRONG, (firsts[0].point, each.end), text)


def _fits(said: dt.timedelta, first: Known, last: Known) -> bool:
    """Whether times allow a duration. What is stated is rounded to minutes."""
    slack = dt.timedelta(minutes=1)
    return last.earliest - first.latest - slack <= said <= last.latest - first.earliest + slack


def _gaps(account: Account) -> Iterator[Finding]:
    """The longest silence between detection and mitigation, or until now."""
    detected = account.at("detected") or account.at("started")
    ended = account.at("mitigated") or account.at("resolved")
    if detected is None:
        return
    end = ended.earliest if ended else account.now
    inside = sorted(each.at for each in account.events if detected.latest < each.at < end)
    moments = [detected.latest, *inside, end]
    start, stop = max(pairwise(moments), key=lambda pair: pair[1] - pair[0])
    if account.events and stop - start > LONG_GAP:
        silent = f"between {account.clock(start)} and {account.clock(stop)} ({_lasting(stop - start)})"
        text = f"Nothing is noted {silent}. What happened?"
        yield Finding("gap", Weight.DOUBTFUL, (), text)


_RULES = (_in_the_future, _of_another_year, _out_of_order, _mitigated_unseen, _seen_earlier, _missing, _stated, _gaps)
_WAS = {
    "started": "started",
    "detected": "was detected",
    "acknowledged": "was acknowledged",
    "mitigated": "was mitigated",
    "resolved": "was resolved",
}


def _take_away(point: str) -> Mend:
    return Mend(f"Leave {point} open", {point: None})


def _title(point: str) -> str:
    return point.capitalize()


def _lasting(length: dt.timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else ""
    return f"{sign}{hours} h {rest} min" if hours else f"{sign}{rest} min"
