"""Heartbeats: pings that somebody's job sends, and the ones that did not come.

A ping is one UPDATE. What it says is read from there by a task, so that a job that pings a hundred times a second costs
as many small writes and one answer. A period has one answer, whatever the number of pings in it; it counts at the
moment of its first ping, not when the period began, which may be a week ago and summed.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.utils import timezone

from services.health.hysteresis import Answer
from services.health.models import Check, CheckKind, CheckState, CheckStatus, MaintenanceWindow, Outcome
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
    token = token.replace("\x00", " ")
    beats = CheckState.objects.filter(of__token=token, of__kind=CheckKind.HEARTBEAT, of__is_active=True)
    return bool(beats.update(pinged_at=timezone.now()))


def read_heartbeats(now: dt.datetime | None = None) -> int:
    """Write what new pings say, and the pings that are overdue beyond their grace; return how many answers."""
    now = now or timezone.now()
    # Grace is counted from when the ping was due. Who has never pinged is not set up yet, and not late.
    overdue = Q(due_at__lt=now - ExpressionWrapper(F("of__grace_s") * Value(_SECOND), DurationField()))
    news = Q(last_at=None) | Q(pinged_at__gt=F("last_at"))
    beats = CheckState.objects.filter(of__kind=CheckKind.HEARTBEAT, pinged_at__isnull=False).filter(news | overdue)
    ids = list(beats.order_by("pk").values_list("pk", flat=True))
    return sum(_read(beats.filter(pk__in=ids[first : first + BATCH]), now) for first in range(0, len(ids), BATCH))


@transaction.atomic
def _read(beats: QuerySet[CheckState], now: dt.datetime) -> int:
    """Held until it is written, so that of two who read at once the second finds nothing new."""
    states = list(beats.select_related("of").order_by("pk").select_for_update(of=("self",), no_key=True))
    windows = windows_of({state.of.entity_id for state in states}, now)
    again = [state for state in states if _is_answered(state, windows.get(state.of.entity_id, []))]
    for state in again:
        _count_from_its_ping(state)
    CheckState.objects.bulk_update(again, ["last_at", "due_at"])
    return record([each for state in states for each in _answers(state, windows.get(state.of.entity_id, []), now)])


def _is_answered(state: CheckState, windows: Iterable[MaintenanceWindow]) -> bool:
    """Whether the last ping says what one before it in the same period said. It is no second answer, but the next ping
    is due an interval after it."""
    if state.last_at is None or state.pinged_at is None or state.pinged_at <= state.last_at:
        return False
    check, quiet = state.of, in_maintenance(windows, state.pinged_at) is not None
    ends = {next_slot(check.pk, check.interval_s, at) for at in (state.last_at, state.pinged_at)}
    return len(ends) == 1 and state.status == (CheckStatus.MAINTENANCE if quiet else CheckStatus.UP)


def _count_from_its_ping(state: CheckState) -> None:
    """What record() does where it writes an answer."""
    assert state.pinged_at is not None  # noqa: S101  who has never pinged was not read
    state.last_at = state.pinged_at
    state.due_at = max(state.due_at, state.pinged_at + state.of.interval_s * _SECOND)


def _answers(state: CheckState, windows: Iterable[MaintenanceWindow], now: dt.datetime) -> Iterator[Answer]:
    check, pinged_at = state.of, state.pinged_at
    assert pinged_at is not None  # noqa: S101  who has never pinged was not read
    if state.last_at is None or pinged_at > state.last_at:
        quiet = in_maintenance(windows, pinged_at) is not None
        yield Answer(check.pk, pinged_at, pinged_at, Outcome.UP, quiet, reason="pinged")
    else:
        yield from _missed(check, state.due_at, windows, now)


def _missed(
    check: Check, due_at: dt.datetime, windows: Iterable[MaintenanceWindow], now: dt.datetime
) -> Iterator[Answer]:
    """One answer for each period that ended without a ping and whose grace is over; it counts when the grace ended."""
    interval, grace = check.interval_s * _SECOND, check.grace_s * _SECOND
    count = (now - due_at - grace) // interval + 1
    for number in range(max(count - MOST_MISSED, 0), count):
        slot = due_at + number * interval
        reason = f"no ping, expected every {duration(check.interval_s)}"
        if number == count - 1 and count > 1:
            reason = f"{count:,} pings missed, expected every {duration(check.interval_s)}"
        quiet = in_maintenance(windows, slot) is not None
        yield Answer(check.pk, slot + grace, now, Outcome.LATE, quiet, reason=reason)


def waiting_reason(check: Check) -> str:
    """What a heartbeat says that has never pinged."""
    return f"waiting for its first ping, expected every {duration(check.interval_s)}"
