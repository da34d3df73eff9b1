"""What an import has read of one incident, before anything is written, and what it could not understand."""

import datetime as dt
import re
from dataclasses import dataclass, field

from incidents.lint import Account, Finding, Happened, Known, Stated, lint

# No incident began before there were computers, and none lasted longer than this.
FIRST_YEAR, LAST_YEAR = 1970, 2199
LONGEST = dt.timedelta(days=3650)
# Control characters, what turns text around, and halves of letters: the database or a page could not have them.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_possible(at: dt.datetime) -> bool:
    """Whether an incident can have been then."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def lasting(seconds: float) -> dt.timedelta | None:
    """A duration; None for one that nothing lasts."""
    is_one = 0 <= seconds <= LONGEST.total_seconds()  # false of what is no number, too
    return dt.timedelta(seconds=seconds) if is_one else None


def seen(text: str) -> str:
    """A text without the characters that nobody sees."""
    return _UNSEEN.sub("", text)


@dataclass
class Draft:
    """One incident of another system. ``key`` names it there, so that it is taken once. ``lost`` says, in words, what
    was in the source and is not in here."""

    key: str
    title: str
    declared_at: dt.datetime | None = None
    times: dict[str, dt.datetime] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)
    follow_ups: list[str] = field(default_factory=list)
    severity: str = ""
    services: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def findings(self, now: dt.datetime) -> list[Finding]:
        """What the time lint says of it."""
        times = [Known(point, at, at) for point, at in self.times.items()]
        declared = self.declared_at or min(self.times.values(), default=now)
        return lint(Account(times, now, declared, events=self.events, stated=self.stated))
