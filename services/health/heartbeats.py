"""Heartbeats: pings that somebody's job sends, and the ones that did not come.

A ping is one UPDATE. What it says is read from there by a task, so that a job that pings a hundred times a second costs
as many small writes and one answer. A period has one answer, whatever the number of pings in it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.utils import timezone

from services.health.hysteresis import Answer
from services.health.models import Check, CheckKind, CheckState, MaintenanceWindow, Outcome
from services.health.moments import duration
from services.health.results import record
from services.health.slots import next_slot
from services.health.windows import in_maintenance, windows_of

# Of a heartbeat that has long been silent this many missed periods are written; the last one says how many there were.
MOST_MISSED = 60
BATCH = 1000
_SECOND = dt.timedelta(seconds=1)


def ping(token: str) -> bool:
    """Note that the job behind this address lives; whether there is an active heartbeat of that token."""
    beats = CheckState.objects.filter(of__token=token, of__kind=CheckKind.HEARTBEAT, of__is_active=True)
    return bool(beats.update(pinged_at=timezone.now()))


def read_heartbeats(now: dt.datetime | None = None) -> int:
    """Write what new pings say, and the pings that are overdue beyond their grace; return how many answers."""
    now = now or timezone.now()
    # Grace is counted from when the ping was due. Who has never pinged is not set up yet, and not late.
    overdue = Q(due_at__lt=now - ExpressionWrapper(F("of__grace_s") * Value(_SECOND), DurationField()))
    news = Q(last_at=None) | Q(pinged_at__gt=F("last_at"))
    beats = CheckState.objects.filter(of__kind=CheckKind.HEARTBEAT, pinged_at__isnull=False).filter(news | overdue)
    written = 0
    states = list(beats.select_related("of").order_by("pk"))
    for first in range(0, len(states), BATCH):
        batch = states[first : first + BATCH]
        windows = windows_of({state.of.entity_id for state in batch}, now)
        answers = [answer for state in batch for answer in _answers(state, windows.get(state.of.entity_id, []), now)]
        written += record(answers)
    return written


def _answers(state: CheckState, windows: Iterable[MaintenanceWindow], now: dt.datetime) -> Iterator[Answer]:
    assert state.pinged_at is not None  # noqa: S101  who has never pinged was not read
    check = state.of
    if state.last_at is None or state.pinged_at > state.last_at:
        slot = next_slot(check.pk, check.interval_s, state.pinged_at - check.interval_s * _SECOND)
        quiet = in_maintenance(windows, state.pinged_at) is not None
        yield Answer(check.pk, slot, state.pinged_at, Outcome.UP, quiet, reason="pinged")
        return
    yield from _missed(check, state.due_at, windows, now)


def _missed(
    check: Check, due_at: dt.datetime, windows: Iterable[MaintenanceWindow], now: dt.datetime
) -> Iterator[Answer]:
    """One answer for each period that ended without a ping and whose grace is over."""
    count = int((now - due_at - check.grace_s * _SECOND) / (check.interval_s * _SECOND)) + 1
    for number in range(max(count - MOST_MISSED, 0), count):
        slot = due_at + number * check.interval_s * _SECOND
        reason = f"no ping, expected every {duration(check.interval_s)}"
        if number == count - 1 and count > 1:
            reason = f"{count:,} pings missed, expected every {duration(check.interval_s)}"
        yield Answer(check.pk, slot, now, Outcome.LATE, in_maintenance(windows, slot) is not None, reason=reason)


def waiting_reason(check: Check) -> str:
    """What a heartbeat says that has never pinged."""
    return f"waiting for its first ping, expected every {duration(check.interval_s)}"
