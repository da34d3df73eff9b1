"""What a check's status becomes with an answer: it changes when N of the last M answers say so, in both directions.

Answers that did not come (Outcome.LATE) and answers during maintenance are no part of those M. So a check that was down
before a maintenance is down after it without having changed, and one that nobody asked is late, not down.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from services.health.models import CheckKind, CheckStatus, Outcome
from services.health.slots import next_slot

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to the question that was due at ``due_at``; a second one to the same question is ignored.

    ``due_at`` is also when the answer counts: of a heartbeat the ping itself, or the end of the grace of one that did
    not come. ``lag_ms`` is how late the question was asked, None where nobody asks (a heartbeat, a slot that was
    missed).
    """

    check_id: int
    due_at: dt.datetime
    taken_at: dt.datetime
    outcome: Outcome
    maintenance: bool = False
    latency_ms: float | None = None
    status_code: int | None = None
    reason: str = ""
    certificate_expires_at: dt.datetime | None = None
    lag_ms: float | None = None


@dataclass(slots=True)
class Standing:
    """A row of CheckState with what of its check it takes to move it on. Fields as there."""

    check_id: int
    entity_id: int
    kind: str
    interval_s: int
    grace_s: int
    failures_needed: int
    of_last: int
    status: str
    reason: str
    since: dt.datetime | None
    status_before_maintenance: str
    recent: list[int]
    last_at: dt.datetime | None
    latency_ms: float | None
    certificate_expires_at: dt.datetime | None
    due_at: dt.datetime
    leased_until: dt.datetime | None
    lease: uuid.UUID | None
    lag_ms: float | None
    _said: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._said = (self.status, self.reason)

    @property
    def is_other(self) -> bool:
        """Whether it says something else than when it was read."""
        return self._said != (self.status, self.reason)


class Alarm(StrEnum):
    """What those who own a check are told of: that it went down or is back, or that a job did not report or does so
    again."""

    NONE = ""
    DOWN = "down"
    BACK = "back"
    SILENT = "silent"
    REPORTS = "reports"

    def says(self, number: int = 1) -> str:
        """How a sentence about so many checks ends."""
        be = "is" if number == 1 else "are"
        said = {Alarm.SILENT: "did not report", Alarm.REPORTS: "reports again" if number == 1 else "report again"}
        return said.get(self, f"{be} {self.value}")


@dataclass(frozen=True, slots=True)
class Change:
    """That a status changed. ``alarm`` is the word for it where people want to know, or empty: after maintenance, or a
    time in which nobody asked, the status counts as a change only against the one before."""

    check_id: int
    at: dt.datetime
    before: str
    after: str
    reason: str
    alarm: Alarm


def move_on(standing: Standing, answer: Answer) -> None:
    """The question has its answer: say when the next is due, and give the lease back."""
    if standing.kind == CheckKind.HEARTBEAT:
        was_late = answer.outcome == Outcome.LATE
        since = answer.due_at - dt.timedelta(seconds=standing.grace_s) if was_late else answer.taken_at
        next_due = since + dt.timedelta(seconds=standing.interval_s)
    else:
        next_due = next_slot(standing.check_id, standing.interval_s, answer.due_at)
    standing.due_at = max(standing.due_at, next_due)
    standing.lease = standing.leased_until = None


def advance(standing: Standing, answer: Answer) -> Change | None:
    """Let the status follow an answer that is newer than what it knows."""
    if standing.last_at is not None and answer.taken_at < standing.last_at:
        return None
    in_maintenance = standing.status == CheckStatus.MAINTENANCE
    base = standing.status_before_maintenance if in_maintenance else standing.status
    was_down, was_silent = _was_down(standing, base), _is_silent(standing, base)
    if answer.lag_ms is not None:
        standing.lag_ms = answer.lag_ms
    if answer.outcome != Outcome.LATE:
        standing.last_at, standing.latency_ms = answer.taken_at, answer.latency_ms
        standing.certificate_expires_at = answer.certificate_expires_at or standing.certificate_expires_at
    if answer.maintenance:
        return _become(standing, CheckStatus.MAINTENANCE, base, answer, f"in maintenance; {answer.reason}", Alarm.NONE)
    after = _after(standing, base, answer)
    alarm = _alarm(after, was_down=was_down, was_silent=was_silent, is_silent=_is_silent(standing, after))
    return _become(standing, after, "", answer, _reason(standing, after, answer), alarm)


def _after(standing: Standing, base: str, answer: Answer) -> str:
    if answer.outcome == Outcome.LATE:
        # What has never answered is not late, but still unknown.
        return CheckStatus.LATE if standing.last_at else CheckStatus.UNKNOWN
    standing.recent = [*standing.recent, int(answer.outcome)][-standing.of_last :]
    return judge(base, standing.recent, standing.failures_needed)


def _was_down(standing: Standing, base: str) -> bool:
    if base == CheckStatus.LATE:
        base = judge(base, standing.recent, standing.failures_needed)
    return base == CheckStatus.DOWN


def _is_silent(standing: Standing, status: str) -> bool:
    """Whether this status says that a job did not report. Of a check that is asked, late is the portal's own word."""
    return standing.kind == CheckKind.HEARTBEAT and status == CheckStatus.LATE


def _alarm(after: str, *, was_down: bool, was_silent: bool, is_silent: bool) -> Alarm:
    if after == CheckStatus.DOWN:
        return Alarm.NONE if was_down else Alarm.DOWN
    if is_silent:
        return Alarm.NONE if was_silent else Alarm.SILENT
    if after in {CheckStatus.UP, CheckStatus.DEGRADED}:
        return Alarm.BACK if was_down else Alarm.REPORTS if was_silent else Alarm.NONE
    return Alarm.NONE


def _become(
    standing: Standing, after: str, remembered: str, answer: Answer, reason: str, alarm: Alarm
) -> Change | None:
    before = standing.status
    standing.status, standing.status_before_maintenance = after, remembered
    standing.reason = storable(reason)[:LONGEST_REASON]
    if before == after:
        return None
    standing.since = answer.taken_at
    return Change(standing.check_id, answer.taken_at, before, after, standing.reason, alarm)


def storable(text: str) -> str:
    """Text without what PostgreSQL cannot hold: a target's words may have anything in them."""
    return text.encode(errors="replace").decode().replace("\x00", "")


def judge(before: str, recent: Sequence[int], needed: int) -> str:
    """The status after these answers, the newest last, of a check that had ``before``.

    Down when ``needed`` of them failed, and until as many did not; degraded likewise when they failed or were slow.
    """
    down, up = recent.count(Outcome.DOWN), recent.count(Outcome.UP)
    if down >= needed or (before == CheckStatus.DOWN and len(recent) - down < needed):
        return CheckStatus.DOWN
    unwell = before in {CheckStatus.DOWN, CheckStatus.DEGRADED}
    if len(recent) - up >= needed or (unwell and up < needed):
        return CheckStatus.DEGRADED
    return CheckStatus.UP if up or before == CheckStatus.UP else CheckStatus.UNKNOWN


_SAYS = {CheckStatus.DOWN: {Outcome.DOWN}, CheckStatus.DEGRADED: {Outcome.DEGRADED, Outcome.DOWN}}


def _reason(standing: Standing, after: str, answer: Answer) -> str:
    """Why the status is what it is: the answer, or what it is not yet enough for."""
    if answer.outcome == Outcome.LATE or answer.outcome in _SAYS.get(CheckStatus(after), {Outcome.UP}):
        return answer.reason
    if after in _SAYS:
        # It is still as unwell as it was, though the newest answer was better: the reason stays.
        return standing.reason
    failed = len(standing.recent) - standing.recent.count(Outcome.UP)
    return f"{answer.reason}; {failed} of the {standing.failures_needed} failures that change its status"
