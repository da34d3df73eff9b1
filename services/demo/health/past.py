"""Writing what demo checks were answered between the moment they are due since and now.

When the demo is loaded that is ninety days, at each later start the time in which nobody asked. Answers of the days
that raw results are kept for become results, and are summed as any others; earlier ones go into the sums at once.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from services.demo.health import sums
from services.demo.health.checks import demo_checks, is_stopped, stops_at
from services.demo.health.world import Mask, Nature, Numbers, answers, nature_of
from services.health import partitions, rollup, service_health
from services.health.hysteresis import Answer, Change, Standing, advance
from services.health.models import (
    Check,
    CheckChange,
    CheckKind,
    CheckState,
    CheckStatus,
    MaintenanceWindow,
    Outcome,
    RollUpMark,
)
from services.health.moments import duration
from services.health.slots import EPOCH, next_slot
from services.health.windows import occurrences

MICROSECONDS = 1_000_000
# How late questions are asked while all is well.
LAG_MS = 40.0
BATCH = 25


@dataclass(frozen=True)
class Past:
    """The answers of one check in a span, oldest first. ``slots`` are microseconds since 1970."""

    check: Check
    nature: Nature
    slots: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.int8]
    latency_ms: Numbers
    maintenance: Mask

    def since(self, moment: dt.datetime) -> "Past":
        return self._part(slice(int(np.searchsorted(self.slots, _us(moment))), None))

    def before(self, moment: dt.datetime) -> "Past":
        return self._part(slice(0, int(np.searchsorted(self.slots, _us(moment)))))

    def _part(self, part: slice) -> "Past":
        return Past(
            self.check, self.nature, self.slots[part], self.outcome[part], self.latency_ms[part],
            self.maintenance[part],
        )  # fmt: skip

    def answer(self, at: int) -> Answer:
        """One of them, as a prober would give it."""
        slot, latency = EPOCH + dt.timedelta(microseconds=int(self.slots[at])), float(self.latency_ms[at])
        outcome = Outcome(int(self.outcome[at]))
        is_http = self.check.kind == CheckKind.HTTP
        return Answer(
            self.check.pk, slot, slot, outcome, bool(self.maintenance[at]),
            None if np.isnan(latency) else round(latency, 2),
            (503 if outcome == Outcome.DOWN else 200) if is_http else None,
            reason_of(self.check, outcome, latency),
            lag_ms=None if self.check.kind == CheckKind.HEARTBEAT else LAG_MS,
        )  # fmt: skip


def reason_of(check: Check, outcome: int, latency_ms: float) -> str:
    """What a prober would say of such an answer."""
    if check.kind == CheckKind.HEARTBEAT:
        return "pinged" if outcome == Outcome.UP else f"no ping, expected every {duration(check.interval_s)}"
    if check.kind == CheckKind.TCP:
        return "connected" if outcome == Outcome.UP else "no connection: refused"
    if outcome == Outcome.DOWN:
        return f"answered 503, expected {check.expected_status}"
    if outcome == Outcome.DEGRADED:
        return f"took {latency_ms:,.0f} ms, slow from {check.max_latency_ms:,} ms"
    return "answered 200"


@transaction.atomic
def fill(now: dt.datetime) -> list[Change]:
    """Write what is missing up to now, once; return how statuses changed in that time."""
    checks = demo_checks()
    states = {each.pk: each for each in CheckState.objects.select_for_update().filter(of__in=checks).order_by("pk")}
    oldest_raw = _midnight(now) - dt.timedelta(days=partitions.RESULTS.keep_days)
    first_due = min((state.due_at for state in states.values()), default=now)
    summed_until = _sum_what_will_go(first_due, oldest_raw)
    partitions.prepare(partitions.RESULTS, oldest_raw.date(), now.astimezone(dt.UTC).date())
    changes = [
        change
        for start in range(0, len(checks), BATCH)
        for change in _fill_some(checks[start : start + BATCH], states, oldest_raw, now)
    ]
    service_health.refresh({check.entity_id for check in checks})
    _date_health(changes)
    until = now.replace(minute=0, second=0, microsecond=0)
    rollup.roll_up(max(oldest_raw, summed_until), until)
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": until})
    # What is summed may go.
    partitions.maintain()
    return changes


def _fill_some(
    checks: Sequence[Check], states: dict[int, CheckState], oldest_raw: dt.datetime, now: dt.datetime
) -> list[Change]:
    """Some at a time, because the answers of all of them are millions."""
    pasts = [past for check in checks if (past := past_of(check, states[check.pk].due_at, now)).slots.size]
    sums.write([past.before(oldest_raw) for past in pasts], now)
    _write_results([past.since(oldest_raw) for past in pasts])
    return _write_states(pasts, states)


def _sum_what_will_go(first_due: dt.datetime, oldest_raw: dt.datetime) -> dt.datetime:
    """Sum the last results before a gap that began before results are kept from, so that what is made up can be added;
    return from when on results are to be summed anew."""
    mark = RollUpMark.objects.first()
    if mark is None:
        return first_due
    begin = min(mark.rolled_until - rollup.LATE_BY, first_due)
    if first_due < oldest_raw:
        rollup.roll_up(begin, oldest_raw)
    return begin


def past_of(check: Check, due_at: dt.datetime, now: dt.datetime) -> Past:
    """What a check would have been answered from when it is due until now."""
    slots = _slots(check, due_at, now)
    nature = nature_of(check.entity.name, check.name)
    maintenance = _maintenance(check, slots)
    if check.kind == CheckKind.HEARTBEAT:
        late = slots > _us(stops_at(check, now))
        outcome = np.where(late, Outcome.LATE, Outcome.UP).astype(np.int8)
        return Past(check, nature, slots, outcome, np.full(slots.shape, np.nan), maintenance)
    found = answers(nature, slots // MICROSECONDS)
    return Past(check, nature, slots, found.outcome, found.latency_ms, maintenance)


def made_up(check: Check, nature: Nature, begin: dt.datetime, end: dt.datetime) -> Past:
    """The answers of a check that is not written, between two moments."""
    slots = _slots(check, begin, end)
    found = answers(nature, slots // MICROSECONDS)
    return Past(check, nature, slots, found.outcome, found.latency_ms, np.zeros(slots.shape, dtype=bool))


def _slots(check: Check, due_at: dt.datetime, now: dt.datetime) -> npt.NDArray[np.int64]:
    """The slots that are over, the last one before now; of a job that is late, those whose grace is over as well."""
    step = dt.timedelta(seconds=check.interval_s)
    if check.kind == CheckKind.HEARTBEAT:
        if not is_stopped(check) and due_at > now - step:
            return np.empty(0, dtype=np.int64)
        now = now - dt.timedelta(seconds=check.grace_s) if is_stopped(check) else now
    last = next_slot(check.pk, check.interval_s, now - step)
    first = next_slot(check.pk, check.interval_s, due_at - dt.timedelta(microseconds=1))
    return np.arange(_us(first), _us(last) + 1, check.interval_s * MICROSECONDS, dtype=np.int64)


def _maintenance(check: Check, slots: npt.NDArray[np.int64]) -> Mask:
    mask = np.zeros(slots.shape, dtype=bool)
    if not slots.size:
        return mask
    start, end = (EPOCH + dt.timedelta(microseconds=int(slots[at])) for at in (0, -1))
    for window in _windows_of(check):
        for begins, ends in occurrences(window, start, end + dt.timedelta(seconds=1)):
            mask |= (slots >= _us(begins)) & (slots < _us(ends))
    return mask


def _windows_of(check: Check) -> Sequence[MaintenanceWindow]:
    return list(MaintenanceWindow.objects.filter(entity=check.entity_id))


_STAGE = """
    CREATE TEMPORARY TABLE demo_results (LIKE health_checkresult INCLUDING DEFAULTS) ON COMMIT DROP
"""
_COPY = """
    COPY demo_results (of_id, due_at, taken_at, outcome, maintenance, latency_ms, status_code, reason) FROM STDIN
"""
_KEEP = "INSERT INTO health_checkresult SELECT * FROM demo_results ON CONFLICT DO NOTHING"


def _write_results(pasts: Sequence[Past]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS demo_results")
        cursor.execute(_STAGE)
        with cursor.copy(_COPY) as copy:
            for past in pasts:
                copy.write("".join(_lines(past)))
        cursor.execute(_KEEP)


def _lines(past: Past) -> Iterator[str]:
    """The answers as lines of COPY."""
    check, is_http = past.check, past.check.kind == CheckKind.HTTP
    moments = np.datetime_as_string(past.slots.astype("datetime64[us]")).tolist()
    for slot, outcome, latency, quiet in zip(
        moments, past.outcome.tolist(), past.latency_ms.round(2).tolist(), past.maintenance.tolist(), strict=True
    ):
        took = "\\N" if latency != latency else latency
        code = (503 if outcome == Outcome.DOWN else 200) if is_http else "\\N"
        reason = reason_of(check, outcome, latency)
        yield f"{check.pk}\t{slot}Z\t{slot}Z\t{outcome}\t{'t' if quiet else 'f'}\t{took}\t{code}\t{reason}\n"


def _write_states(pasts: Sequence[Past], states: dict[int, CheckState]) -> list[Change]:
    changes, changed = [], []
    for past in pasts:
        state = states[past.check.pk]
        standing = _standing(past.check, state)
        changes += [change for at in _telling(past) if (change := advance(standing, past.answer(at)))]
        _put(past, standing, state)
        changed.append(state)
    names = ["status", "reason", "since", "status_before_maintenance", "recent", "last_at", "latency_ms", "due_at"]
    CheckState.objects.bulk_update(changed, [*names, "pinged_at", "lag_ms", "leased_until", "lease"], batch_size=500)
    rows = [
        CheckChange(of_id=each.check_id, at=each.at, before=each.before, after=each.after, reason=each.reason)
        for each in changes
    ]
    CheckChange.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
    return changes


def _telling(past: Past) -> Iterator[int]:
    """The places of answers that can change a status: those that are another than the one before or after, and as many
    after each as are looked at. What lies between says nothing new."""
    said = past.outcome * 2 + past.maintenance
    near, is_other = np.zeros(said.shape, dtype=bool), said[1:] != said[:-1]
    near[:-1] |= is_other
    for shift in range(past.check.of_last + 1):
        near[shift + 1 :] |= is_other[: max(said.size - shift - 1, 0)]
    near[: past.check.of_last] = True
    near[-past.check.of_last :] = True
    yield from np.flatnonzero(near).tolist()


def _standing(check: Check, state: CheckState) -> Standing:
    return Standing(
        check.pk, check.entity_id, check.kind, check.interval_s, check.grace_s, check.failures_needed, check.of_last,
        state.status, state.reason, state.since, state.status_before_maintenance, list(state.recent), state.last_at,
        state.latency_ms, state.certificate_expires_at, state.due_at, None, None, state.lag_ms,
    )  # fmt: skip


def _put(past: Past, standing: Standing, state: CheckState) -> None:
    state.status, state.reason, state.since = standing.status, standing.reason, standing.since
    state.status_before_maintenance, state.recent = standing.status_before_maintenance, standing.recent
    state.last_at, state.latency_ms, state.lag_ms = standing.last_at, standing.latency_ms, standing.lag_ms
    state.due_at = next_slot(past.check.pk, past.check.interval_s, _moment(int(past.slots[-1])))
    state.lease = state.leased_until = None
    pings = past.slots[past.outcome == Outcome.UP]
    if past.check.kind == CheckKind.HEARTBEAT and pings.size:
        state.pinged_at = _moment(int(pings[-1]))


# Health that was worked out this minute has stood since the check that changed last has.
_DATE_HEALTH = """
    UPDATE health_healthstate health SET since = spoke.since
      FROM (SELECT entity_id, max(since) AS since FROM health_check JOIN health_checkstate ON of_id = health_check.id
             WHERE health_check.is_active AND status <> %s GROUP BY entity_id) spoke
     WHERE spoke.entity_id = health.entity_id AND spoke.since IS NOT NULL
       AND health.entity_id IN (SELECT entity_id FROM health_check WHERE id = ANY(%s))
"""


def _date_health(changes: Iterable[Change]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_DATE_HEALTH, [CheckStatus.UNKNOWN, list({change.check_id for change in changes})])


def _us(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def _moment(us: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=us)


def _midnight(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
