"""Metrics that Prometheus is asked for: which are due, what is asked, what is written.

The queue is the table of states, as for checks: whoever asks takes what is due with a lease, and a lease that has run
out is anybody's. Moments are multiples of a metric's interval since 1970, so that asking twice writes the same moments.
What was not answered is asked again later, from the last moment that was: a server that is away leaves no gap that it
can fill. Each answer is written as it comes, so that a slow server delays its own metrics and no others.
"""

import asyncio
import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from asgiref.sync import async_to_sync, sync_to_async
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from services.health import samples
from services.health.guard import current_guard
from services.health.models import Metric, MetricKind, MetricState, Origin, PrometheusServer
from services.health.plausible import number_problem
from services.health.prometheus import Answer, Client, NotAnswered, Span, choose, in_words, split
from services.health.samples import SampleRow

log = structlog.get_logger(__name__)
# Moments asked for at a time; where more are missing, the rest is due at once.
MOST_MOMENTS = 1500
# A metric that is new is filled this far back, as far as the server remembers.
FIRST_DAYS = 90
# A batch asks nothing new after ASK_FOR_S; what it has not come to is given back. With the patience for the two
# questions of a ratio that ends before the task is stopped, and a lease outlasts even a task that was.
ASK_FOR_S, LEASE_S = 60.0, 150
# Of one server so many questions are under way at once, and after so many that it did not answer the rest wait.
AT_ONCE, MOST_UNANSWERED = 8, 3
# After a failure it is asked again so much later, or after its interval where that is shorter.
RETRY_S = 60
BATCH = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A metric that was taken, until when it is ours, and the moments to ask for (None: nothing yet)."""

    metric: Metric
    leased_until: dt.datetime
    span: Span | None
    is_last: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking: samples to write, and remarks; or, with ``failed``, why there are none. ``is_partial``: more
    may be had of the same moments later."""

    due: Due
    rows: tuple[SampleRow, ...] = ()
    remarks: str = ""
    failed: bool = False
    is_partial: bool = False


_CLAIM = """
    UPDATE health_metricstate state SET leased_until = %(until)s
     WHERE state.metric_id IN (
           SELECT metric_id FROM health_metricstate
            WHERE due_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
            ORDER BY due_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED)
 RETURNING state.metric_id, state.asked_until
"""


def follow(metric: Metric) -> None:
    """See to it that a metric of Prometheus is asked for from now on, and another is not; whatever was under way is not
    written any more. One that has no value yet begins anew: what another query did not find, this one may."""
    due_at = timezone.now() if metric.origin == Origin.PROMETHEUS else None
    state, _ = MetricState.objects.update_or_create(
        metric=metric, defaults={"due_at": due_at, "leased_until": None, "problem": ""}
    )
    if state.at is None:
        MetricState.objects.filter(metric=metric).update(asked_until=None)


def claim(most: int, now: dt.datetime) -> list[Due]:
    """Take up to ``most`` metrics that are due; what somebody else has taken is passed over without waiting."""
    until = now + dt.timedelta(seconds=LEASE_S)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"until": until, "now": now, "most": most})
        asked_until = dict(cursor.fetchall())
    found = Metric.objects.filter(pk__in=asked_until, origin=Origin.PROMETHEUS).select_related("server").order_by("pk")
    return [_due(metric, until, asked_until[metric.pk], now) for metric in found]


def _due(metric: Metric, leased_until: dt.datetime, asked_until: dt.datetime | None, now: dt.datetime) -> Due:
    step = metric.every_s
    end = int(now.timestamp()) // step * step
    first = end - FIRST_DAYS * 86_400
    start = first if asked_until is None else max(int(asked_until.timestamp()) // step * step + step, first)
    last = min(end, start + (MOST_MOMENTS - 1) * step)
    span = Span(_moment(start), _moment(last), step) if start <= end else None
    return Due(metric, leased_until, span, is_last=last == end)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def ask_due(now: dt.datetime | None = None) -> int:
    """Ask for a batch of what is due and write it; return how many metrics were asked for."""
    now = now or timezone.now()
    taken = claim(BATCH, now)
    waiting = [due for due in taken if due.span is None]
    for due in waiting:
        _note(Found(due), now)
    return len(waiting) + (async_to_sync(_ask_all)([due for due in taken if due.span], now) if taken else 0)


async def _ask_all(taken: Sequence[Due], now: dt.datetime) -> int:
    """Ask for all, and write each answer when it is there; return how many were asked for in time."""
    until = asyncio.get_running_loop().time() + ASK_FOR_S
    servers = {due.metric.server_id: _Server(due.metric.server, until) for due in taken if due.metric.server}
    count = 0
    async with Client(current_guard()) as client:
        asked = [servers[due.metric.server_id].ask(client, due) for due in taken]
        for coming in asyncio.as_completed(asked):
            due, found = await coming
            await (sync_to_async(_note)(found, now) if found else sync_to_async(_give_back)(due))
            count += found is not None
    return count


class _Server:
    """One server within a batch: a few questions at a time, none any more once it has shown that it is away, and none
    after ``until`` (of the loop's clock)."""

    def __init__(self, server: PrometheusServer, until: float) -> None:
        self.server, self.until = server, until
        self.turns, self.unanswered = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def ask(self, client: Client, due: Due) -> tuple[Due, Found | None]:
        """What came of it; None where its turn came too late."""
        async with self.turns:
            is_late = asyncio.get_running_loop().time() >= self.until
            return due, None if is_late else await self._found(client, due)

    async def _found(self, client: Client, due: Due) -> Found:
        try:
            if self.unanswered.total() >= MOST_UNANSWERED:
                raise NotAnswered(next(iter(self.unanswered)))
            return await self._ask(client, due)
        except NotAnswered as problem:
            self.unanswered.update([str(problem)] if problem.is_away else [])
            return Found(due, remarks=str(problem), failed=True)
        except Exception as problem:
            log.exception("A metric could not be asked for.", metric=due.metric.pk)
            return Found(due, remarks=f"The portal failed with {type(problem).__name__}.", failed=True)

    async def _ask(self, client: Client, due: Due) -> Found:
        assert due.span is not None  # noqa: S101  those without were left out
        metric, span = due.metric, due.span
        answer = await client.ask(self.server, metric.query, span)
        if metric.kind != MetricKind.RATIO:
            return _level(due, answer)
        return _ratio(due, answer, await client.ask(self.server, metric.total_query, span))


def _level(due: Due, answer: Answer) -> Found:
    """A value for each moment of the one series."""
    kept, words = _kept(due, answer, "The query")
    rows = tuple(SampleRow(due.metric.pk, _moment(at), value) for at, value in kept.items())
    return Found(due, rows, in_words([*words, *answer.remarks]), is_partial=answer.is_partial)


def _ratio(due: Due, good: Answer, total: Answer) -> Found:
    """Good over total for each moment that has both, where good is from 0 up to total."""
    goods, words = _kept(due, good, "The query")
    totals, more = _kept(due, total, "The query of the total")
    both = {at: (value, totals[at]) for at, value in goods.items() if at in totals}
    # Prometheus extrapolates both; rounding may leave good a hair above total.
    fitting = {at: (min(g, t), t) for at, (g, t) in both.items() if 0 <= g <= t * (1 + 1e-9)}
    alone = len(goods.keys() ^ totals.keys())
    words += more
    words += [f"Left out, for having good or total alone: {_moments(alone)}."] if alone else []
    wrong = len(both) - len(fitting)
    words += [f"Left out, for having more good than total or less than none: {_moments(wrong)}."] if wrong else []
    rows = tuple(SampleRow(due.metric.pk, _moment(at), g / t if t else 0.0, g, t) for at, (g, t) in fitting.items())
    remarks = in_words([*words, *good.remarks, *total.remarks])
    return Found(due, rows, remarks, is_partial=good.is_partial or total.is_partial)


def _moments(count: int) -> str:
    return "1 moment" if count == 1 else f"{count:,} moments"


def _kept(due: Due, answer: Answer, what: str) -> tuple[dict[float, float], list[str]]:
    """The values that can be kept, and what is to be said of the others."""
    series, span = choose(answer, due.metric.labels), due.span
    if series is None or span is None:
        return {}, [f"{what} gives no series; nothing is measured, or its name has changed."]
    kept, others = split(series)
    asked_for = {at: value for at, value in kept.items() if span.start.timestamp() <= at <= span.end.timestamp()}
    strange, large = len(kept) - len(asked_for), [value for value in others if math.isfinite(value)]
    words, nothing = [], len(others) - len(large)
    if nothing:
        words.append(f"{what} gave {nothing:,} of {len(series.points):,} values as NaN or infinite; they are left out.")
    if large:
        words.append(f"{what} gave what is left out: {number_problem(large[0])}")
    if strange:
        words.append(f"{what} was answered for {_moments(strange)} that nobody asked for; left out.")
    return asked_for, words


def _note(found: Found, now: dt.datetime) -> None:
    """Write what was found; where that fails, its own state says so, and the others are still written."""
    try:
        _write(found, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        log.exception("What a metric was answered could not be written.", metric=found.due.metric.pk)
        words = f"The answer could not be written: {type(problem).__name__}. The fault is in the log of the portal."
        _write(replace(found, rows=(), remarks=words, failed=True), now)


@transaction.atomic
def _write(found: Found, now: dt.datetime) -> None:
    """Write what was found and when it is due next, unless somebody else has taken the metric meanwhile."""
    due = found.due
    states = MetricState.objects.select_for_update().filter(metric=due.metric, leased_until=due.leased_until)
    if not states.exists():
        return
    samples.write(found.rows)
    values: dict[str, object] = {"leased_until": None, "problem": found.remarks, "due_at": _next(found, now)}
    # A partial answer is asked for again, as long as one question holds what is missing.
    if due.span and not found.failed and not (found.is_partial and due.is_last):
        values["asked_until"] = due.span.end
    if due.span is None:
        del values["problem"]
    MetricState.objects.filter(metric=due.metric).update(**values)


def _give_back(due: Due) -> None:
    """Let go of a metric that was not asked for; it is still due."""
    MetricState.objects.filter(metric=due.metric, leased_until=due.leased_until).update(leased_until=None)


def _next(found: Found, now: dt.datetime) -> dt.datetime:
    step = found.due.metric.every_s
    if found.failed:
        return now + dt.timedelta(seconds=min(step, RETRY_S))
    if not found.due.is_last:
        return now
    return _moment(int(now.timestamp()) // step * step + step)
