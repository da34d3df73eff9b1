"""Who asks which check when. The queue is the table of states: whoever works takes what is due, with a lease.

A tick only sees to it that somebody works. A session of probing takes what is due, asks it in one asyncio loop in a
thread of its own, and writes answers as they come. Whoever is killed loses only leases: when they run out another asks
again, and the key of a result (check and slot) lets nothing double.
"""

import asyncio
import datetime as dt
import math
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q
from django.utils import timezone

from services.health.guard import current_guard
from services.health.hysteresis import Answer
from services.health.models import Check, CheckKind, CheckState, MaintenanceWindow, Outcome
from services.health.probes import Prober, Said
from services.health.results import record
from services.health.slots import due_slots
from services.health.targets import Target, target_of
from services.health.windows import in_maintenance, windows_of

log = structlog.get_logger(__name__)
# Seconds between ticks: how late a question is asked at most while all is well.
TICK_S = 3
# Questions under way at once: each holds a connection, and many systems allow a process 1,024 files.
MOST_AT_ONCE = 400
# After so long a session takes nothing new, so that its worker is free again soon.
SESSION_S = 30.0
# A lease is the time limit of its question and this, for waiting its turn and for writing.
LEASE_MARGIN_S = 15
# Due checks for one session; more sessions than this are never sent for at once.
CHECKS_PER_SESSION, MOST_SESSIONS = 2000, 8
# Of a check that nobody asked for long, so many missed slots are written; the last one says how many there were.
MOST_MISSED = 60
# Answers are written when this many are there, or when the first has waited so long.
WRITE_AT, WRITE_AFTER_S = 500, 0.5
# How long a session holds on to answers while the database is away.
DATABASE_PATIENCE_S = 60.0
_QUEUED = "probes:queued:{}"


@dataclass(frozen=True, slots=True)
class Question:
    """A check that was taken: its target, the slot to answer, when it was due, and what was missed before."""

    target: Target
    due_at: dt.datetime
    slot: dt.datetime
    maintenance: bool
    missed: tuple[Answer, ...]


def sessions_wanted(now: dt.datetime | None = None) -> int:
    """How many sessions of probing to send for, by what is due. Two beats that ask within one tick get them once."""
    now = now or timezone.now()
    due = _due(now).values("pk")[: CHECKS_PER_SESSION * MOST_SESSIONS].count()
    wanted = range(math.ceil(due / CHECKS_PER_SESSION))
    return sum(bool(cache.add(_QUEUED.format(number), True, TICK_S - 1)) for number in wanted)


def _due(now: dt.datetime) -> Any:
    """The states of checks that somebody should ask now, and that nobody has taken."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return CheckState.objects.filter(free, due_at__lte=now).exclude(of__kind=CheckKind.HEARTBEAT)


_CLAIM = """
    UPDATE health_checkstate state
       SET lease = %(lease)s,
           leased_until = %(now)s + (chk.timeout_ms + %(margin_ms)s) * interval '1 millisecond'
      FROM health_check chk
     WHERE chk.id = state.of_id AND state.of_id IN (
           SELECT free.of_id FROM health_checkstate free JOIN health_check ON health_check.id = free.of_id
            WHERE free.due_at <= %(now)s AND (free.leased_until IS NULL OR free.leased_until < %(now)s)
              AND health_check.kind <> 'heartbeat'
            ORDER BY free.due_at LIMIT %(most)s FOR NO KEY UPDATE OF free SKIP LOCKED)
 RETURNING state.due_at, chk.entity_id, chk.id, chk.kind, chk.address, chk.interval_s, chk.timeout_ms, chk.method,
           chk.headers::text, chk.expected_status, chk.expected_text, chk.max_latency_ms, chk.certificate_days
"""


def claim(most: int, now: dt.datetime | None = None) -> list[Question]:
    """Take up to ``most`` checks that are due, the longest due first. What somebody else has taken is passed over
    without waiting."""
    now = now or timezone.now()
    params: dict[str, Any] = {"lease": uuid.uuid4(), "now": now, "most": most, "margin_ms": LEASE_MARGIN_S * 1000}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, params)
        rows = cursor.fetchall()
    windows = windows_of({row[1] for row in rows}, now)
    return [_question(row, windows.get(row[1], ()), now) for row in rows]


def _question(row: tuple[Any, ...], windows: Sequence[MaintenanceWindow], now: dt.datetime) -> Question:
    due_at, _entity, *fields = row
    fields[6] = orjson.loads(fields[6])
    target = Target(*fields)
    slots, left_out = due_slots(target.check_id, target.interval_s, due_at, now, MOST_MISSED + 1)
    *missed, slot = slots
    return Question(
        target, due_at, slot, in_maintenance(windows, slot) is not None,
        tuple(_missed(target.check_id, missed, left_out, windows, now)),
    )  # fmt: skip


def _missed(
    check_id: int, slots: Sequence[dt.datetime], left_out: int, windows: Sequence[MaintenanceWindow], now: dt.datetime
) -> Iterator[Answer]:
    for slot in slots:
        reason = "nobody asked"
        if left_out and slot == slots[-1]:
            reason = f"nobody asked {len(slots) + left_out:,} times in a row; the last {len(slots)} are written"
        yield Answer(check_id, slot, now, Outcome.LATE, in_maintenance(windows, slot) is not None, reason=reason)


Asked = tuple[Question, Answer]


def probe_due(*, seconds: float = SESSION_S, most_at_once: int = MOST_AT_ONCE) -> int:
    """A session of probing; return how many answers were written.

    It ends when what was due is asked, or takes nothing new after ``seconds``. This thread takes checks and writes
    answers, so that the database stays with the caller and writing does not hold up the clock of a question.
    """
    asked: queue.SimpleQueue[Asked] = queue.SimpleQueue()
    ends, under_way, written, more = time.monotonic() + seconds, 0, 0, True
    with _Loop(asked.put) as loop:
        while True:
            # Many are taken at a time, for one query costs as much for one as for all.
            if more and under_way <= most_at_once // 2:
                wanted = most_at_once - under_way
                questions = _patiently(claim, wanted) if time.monotonic() < ends else []
                loop.ask(questions)
                under_way += len(questions)
                more = len(questions) == wanted
            if not under_way:
                return written
            if come := _come(asked, min(under_way, WRITE_AT)):
                under_way -= len(come)
                answers = [each for question, answer in come for each in (*question.missed, answer)]
                written += _patiently(record, answers)


def _come(asked: "queue.SimpleQueue[Asked]", most: int) -> list[Asked]:
    """The answers that have come, waited for until there are ``most`` or the wait was long enough."""
    come: list[Asked] = []
    ends = time.monotonic() + WRITE_AFTER_S
    while len(come) < most and (left := ends - time.monotonic()) > 0:
        try:
            come.append(asked.get(timeout=left))
        except queue.Empty:
            break
    return come


def _patiently(work: Callable[[Any], Any], given: Any) -> Any:
    """Try again for a while when the database is away: what has been asked is not asked again for its restart."""
    ends = time.monotonic() + DATABASE_PATIENCE_S
    while True:
        try:
            return work(given)
        except (OperationalError, InterfaceError) as problem:
            if connection.in_atomic_block or time.monotonic() > ends:
                raise
            log.warning("The database is away; answers wait.", problem=str(problem).partition("\n")[0])
            connection.close()
            time.sleep(1)


class _Loop:
    """An asyncio loop in a thread of its own that asks what it is given."""

    def __init__(self, put: Callable[[Asked], None]) -> None:
        self._put = put
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="probes", daemon=True)

    def __enter__(self) -> "_Loop":
        self._thread.start()
        self._prober = asyncio.run_coroutine_threadsafe(Prober(current_guard()).__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_problem: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._prober.__aexit__(None, None, None)

    def ask(self, questions: Sequence[Question]) -> None:
        if questions:
            self._loop.call_soon_threadsafe(self._start, questions)

    def _start(self, questions: Sequence[Question]) -> None:
        for question in questions:
            task = self._loop.create_task(self._ask(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, question: Question) -> None:
        lag_ms = max((timezone.now() - question.due_at).total_seconds() * 1000, 0.0)
        said = await self._prober.ask(question.target)
        self._put((question, _answer(question.target.check_id, question.slot, said, question.maintenance, lag_ms)))


def _answer(check_id: int, due_at: dt.datetime, said: Said, maintenance: bool, lag_ms: float | None) -> Answer:
    ends = said.certificate_ends
    return Answer(
        check_id, due_at, timezone.now(), said.outcome, maintenance, said.latency_ms, said.status_code, said.reason,
        dt.datetime.fromtimestamp(ends, dt.UTC) if ends is not None else None, lag_ms,
    )  # fmt: skip


# One check at once, for whoever looks at it


def ask_once(target: Target, patience_ms: int) -> Said | None:
    """Ask a target now, in a thread with a loop of its own; nothing is written.

    None where whoever waits has no more patience, though the target has time left: that says nothing about the target.
    """
    said: list[Said | None] = []
    thread = threading.Thread(target=lambda: said.append(asyncio.run(_ask_once(target, patience_ms))))
    thread.start()
    thread.join()
    return said[0]


async def _ask_once(target: Target, patience_ms: int) -> Said | None:
    # A limit of the target's own that is as short speaks first.
    patience = patience_ms / 1000 if patience_ms < target.timeout_ms else None
    async with Prober(current_guard()) as prober:
        try:
            async with asyncio.timeout(patience):
                return await prober.ask(target)
        except TimeoutError:
            return None


def run_now(check: Check, patience_ms: int) -> Answer | None:
    """Ask an active check besides its schedule, and record what it says; None where it said nothing in time (ask_once),
    and nothing was written."""
    now = timezone.now()
    maintenance = in_maintenance(windows_of([check.entity_id], now).get(check.entity_id, ()), now) is not None
    said = ask_once(target_of(check), patience_ms)
    if said is None:
        return None
    answer = _answer(check.pk, now, said, maintenance, None)
    record([answer], scheduled=False)
    return answer
