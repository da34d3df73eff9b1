"""Error budgets: every number of an SLO from the counts it rests on. Each has one function and one formula in words.

An SLO with target s over a window W has the budget b = 1 − s: the share of events that may be bad. Sources: Google SRE
Workbook, chapter 5, "Alerting on SLOs"; OpenSLO v1 for the words.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

# Share of the budget, window in minutes: what the workbook recommends for a window of 30 days. The short window, which
# ends an alert soon after its cause, is a twelfth of the long one.
_RULES = (("page", 0.02, 60), ("page", 0.05, 360), ("ticket", 0.10, 1440), ("ticket", 0.10, 4320))
SHORT_IS_PART = 12
# Fewer bad events than this in the long window are no pattern. With one question a minute a single failure in an hour
# is a burn rate of 16.7 for a target of 99.9 %, and would page.
FEWEST_BAD = 3
# An alert ends where it burns slower than this share of the factor, so that one event more or less in a window does not
# end it and begin it again.
ENDS_BELOW = 0.8

# The rate of events is reckoned from no less than this: from the first moments of a check it is anything.
LEAST_AGE_MINUTES = 1


@dataclass(frozen=True)
class Events:
    """What was counted in a window. ``missing`` are events that should have been and were not: neither good nor bad."""

    good: float
    total: float
    missing: float = 0

    @property
    def bad(self) -> float:
        return self.total - self.good

    def __add__(self, other: "Events") -> "Events":
        return Events(self.good + other.good, self.total + other.total, self.missing + other.missing)


@dataclass(frozen=True)
class Rule:
    """Alert when the budget burns at ``factor`` or faster in the long and in the short window (minutes)."""

    severity: str
    share: float
    long_minutes: int
    factor: float

    @property
    def short_minutes(self) -> int:
        return self.long_minutes // SHORT_IS_PART


def as_whole(events: Events, window_minutes: float, age_minutes: float) -> Events:
    """The events of a window of which only the last ``age_minutes`` have been measured, as those of a whole one: as bad
    as it was, and with as many events as it will have at the rate since then.

    So a minute of failures is as much of the budget for a new service as it will be for an old one. What has been
    measured for as long as the window lasts is taken as it is.
    """
    if age_minutes >= window_minutes:
        return events
    scale = window_minutes / max(age_minutes, LEAST_AGE_MINUTES)
    total = events.total * scale
    return Events(total - events.bad, total, events.missing * scale)


def attainment(events: Events) -> float | None:
    """Share of good events; None where nothing was measured."""
    return events.good / events.total if events.total else None


def measured(events: Events) -> float | None:
    """Share of the expected events that were measured at all."""
    expected = events.total + events.missing
    return events.total / expected if expected else None


def remaining(events: Events, target: float) -> float | None:
    """Share of the error budget that is left: 1 − bad / (b · total). Negative when more was spent than there was."""
    return 1 - events.bad / ((1 - target) * events.total) if events.total else None


def burn_down(parts: Sequence[Events], target: float) -> list[float | None]:
    """What was left after each part of a window, oldest first: remaining, as if the parts to come were all good. The
    last one is ``remaining`` of the whole."""
    total, bad = sum(part.total for part in parts), accumulate(part.bad for part in parts)
    return [remaining(Events(total - spent, total), target) for spent in bad]


def burn_rate(events: Events, target: float) -> float | None:
    """How many times faster than evenly the budget is spent: error ratio / b. At 1 it lasts exactly the window."""
    return events.bad / events.total / (1 - target) if events.total else None


def factor(share: float, window_minutes: float, long_minutes: float) -> float:
    """The burn rate that spends ``share`` of the budget of W within w: f · W / w."""
    return share * window_minutes / long_minutes


def rules(target: float, window_days: int) -> tuple[Rule, ...]:
    """The rules that can fire. No burn rate exceeds 1 / b (everything bad), so that one which asks for more never
    would, and a window as long as the SLO's own says nothing new."""
    left_out = {*unreachable(target, window_days), *too_long(window_days)}
    return tuple(rule for rule in _all_rules(window_days) if rule not in left_out)


def unreachable(target: float, window_days: int) -> tuple[Rule, ...]:
    """The rules that can never fire, for the page to say so."""
    return tuple(rule for rule in _all_rules(window_days) if rule.factor > 1 / (1 - target))


def too_long(window_days: int) -> tuple[Rule, ...]:
    """The rules that look back as far as the SLO itself or farther, for the page to say so too."""
    return tuple(rule for rule in _all_rules(window_days) if rule.long_minutes >= window_days * 1440)


def _all_rules(window_days: int) -> list[Rule]:
    window = window_days * 1440
    return [Rule(severity, share, long, factor(share, window, long)) for severity, share, long in _RULES]


def fires(rule: Rule, long: Events, short: Events, target: float) -> bool:
    """Whether both windows burn fast enough, and the long one on more than a few bad events."""
    if long.bad < FEWEST_BAD:
        return False
    rates = burn_rate(long, target), burn_rate(short, target)
    return all(rate is not None and rate >= rule.factor for rate in rates)


def is_over(rule: Rule, long: Events, short: Events, target: float) -> bool:
    """Whether an alert of this rule has ended: it burns clearly slower in either window. Where the short one has no
    events nothing is known, and it goes on; unless in the whole long one none were even expected."""
    if not short.total:
        return not long.total and not long.missing
    rates = burn_rate(long, target), burn_rate(short, target)
    return any(rate is None or rate < ENDS_BELOW * rule.factor for rate in rates)


def minutes_to_detect(rule: Rule, target: float, error_ratio: float) -> float:
    """How long errors at this ratio must last before the long window has the factor: factor · b · w / e."""
    return rule.factor * (1 - target) * rule.long_minutes / error_ratio


def empty_at(now: dt.datetime, left: float | None, burn: float | None, window_days: int) -> dt.datetime | None:
    """When the budget is spent if it goes on like this: remaining · W / burn from now; None if it never is."""
    if left is None or burn is None or left <= 0 or burn <= 0:
        return None
    days = left * window_days / burn
    return now + dt.timedelta(days=days) if days < 10 * 366 else None


def allowed_minutes(target: float, window_days: int) -> float:
    """The budget as time: minutes of complete outage that the window forgives, b · W."""
    return (1 - target) * window_days * 1440


FORMULAS = {
    "attainment": "good events / measured events",
    "remaining": "1 − bad events / (budget × measured events), budget = 1 − target",
    "burn_down": "1 − bad events so far / (budget × measured events of the whole window)",
    "burn": "share of bad events / budget; at 1 the budget lasts exactly the window",
    "measured": "measured events / (measured + missing events)",
    "empty_at": "budget left × window / burn rate, from now",
}
