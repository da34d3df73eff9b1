"""Writing answers: raw results by COPY, the status of their checks, its changes, and the health of their entities.

All in one transaction and a constant number of queries, however many answers there are. An answer to a question that
has one already changes nothing but that the question is no longer due.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.utils import timezone

from services.health import service_health
from services.health.hysteresis import Answer, Change, Standing, advance, move_on, storable
from services.health.models import CheckChange, CheckKind, CheckState, CheckStatus, Outcome
from services.health.rollup import sum_again_from
from services.health.windows import in_maintenance, windows_of

__all__ = ["Answer", "mark_late", "record"]

_LOCK = """
    SELECT state.of_id, chk.entity_id, chk.kind, chk.interval_s, chk.grace_s, chk.failures_needed, chk.of_last,
           state.status, state.reason, state.since, state.status_before_maintenance, state.recent, state.last_at,
           state.latency_ms, state.certificate_expires_at, state.due_at, state.leased_until, state.lease, state.lag_ms
      FROM health_checkstate state JOIN health_check chk ON chk.id = state.of_id
     WHERE state.of_id = ANY(%s) ORDER BY state.of_id FOR NO KEY UPDATE OF state
"""
# One for each connection, emptied at the end of each transaction: making a table each time would fill the catalog.
_TEMPORARY = """
    CREATE TEMPORARY TABLE IF NOT EXISTS health_answers (
        of_id bigint, due_at timestamptz, taken_at timestamptz, outcome smallint, maintenance boolean,
        scheduled boolean, latency_ms real, status_code smallint, reason text
    ) ON COMMIT DELETE ROWS
"""
_COLUMNS = "of_id, due_at, taken_at, outcome, maintenance, scheduled, latency_ms, status_code, reason"
_COPY = f"COPY health_answers ({_COLUMNS}) FROM STDIN"
_INSERT = f"""
    INSERT INTO health_checkresult ({_COLUMNS}) SELECT {_COLUMNS} FROM health_answers
        ON CONFLICT DO NOTHING RETURNING of_id, due_at
"""  # noqa: S608  the columns are a constant
_UPDATE = """
    UPDATE health_checkstate state
       SET status = new.status, reason = new.reason, since = new.since,
           status_before_maintenance = new.status_before_maintenance, recent = new.recent::smallint[],
           last_at = new.last_at, latency_ms = new.latency_ms, certificate_expires_at = new.certificate_expires_at,
           due_at = new.due_at, leased_until = new.leased_until, lease = new.lease, lag_ms = new.lag_ms
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[],
                  %s::float8[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::uuid[], %s::float8[])
        AS new(of_id, status, reason, since, status_before_maintenance, recent, last_at, latency_ms,
               certificate_expires_at, due_at, leased_until, lease, lag_ms)
     WHERE state.of_id = new.of_id
"""
Key = tuple[int, dt.datetime]


@transaction.atomic
def record(answers: Sequence[Answer], *, scheduled: bool = True) -> int:
    """Write answers and what follows from them; return how many were new.

    ``scheduled`` ones answer a slot of their check, which gives its lease back and is next due at the slot after.
    Others are shown, and the status follows them, but they are part of no sum: who asks more often weighs no more.
    Answers of checks that are gone, or no longer active, are let go.
    """
    standings = _locked({answer.check_id for answer in answers})
    known = {(each.check_id, each.due_at): each for each in answers if each.check_id in standings}
    if not known:
        return 0
    new = _insert(known.values(), scheduled)
    newest = dict(sorted(known))
    changes: list[Change] = []
    for key, answer in sorted(known.items()):
        standing = standings[answer.check_id]
        if scheduled:
            move_on(standing, answer)
        # A slot that was missed says nothing of the status where a later one was answered.
        if key in new and (answer.outcome != Outcome.LATE or newest[answer.check_id] == answer.due_at):
            changes += _advanced(standing, answer)
    _write(standings.values(), changes)
    if new:
        # Last, because it holds up whoever sums.
        sum_again_from(min(due_at for _, due_at in new))
    return len(new)


def mark_late(now: dt.datetime | None = None) -> int:
    """Say of every check that should have had an answer two intervals after its last one that it is late: the portal's
    own lateness, and no word about the service. Return how many.

    Without a result: the slots that nobody asked are written by whoever asks next.
    """
    now = now or timezone.now()
    second = Value(dt.timedelta(seconds=1))
    # What was due an interval ago follows an answer of two intervals ago; whoever asks may still wait for its answer.
    patience = ExpressionWrapper((F("of__interval_s") + F("of__timeout_ms") / 1000) * second, DurationField())
    silent = (
        CheckState.objects.filter(due_at__lt=now - patience)
        .exclude(of__kind=CheckKind.HEARTBEAT)
        .exclude(status__in=[CheckStatus.LATE, CheckStatus.UNKNOWN])
    )
    with transaction.atomic():
        held = _locked(set(silent.values_list("pk", flat=True)))
        # Asked again: an answer may have come while this waited for who wrote it.
        standings = {pk: held[pk] for pk in silent.filter(pk__in=held).values_list("pk", flat=True)}
        windows = windows_of({each.entity_id for each in standings.values()}, now)
        changes: list[Change] = []
        for standing in standings.values():
            if not in_maintenance(windows.get(standing.entity_id, ()), now):
                reason = f"nobody asked for more than two intervals of {standing.interval_s} s"
                changes += _advanced(standing, Answer(standing.check_id, now, now, Outcome.LATE, reason=reason))
        _write(standings.values(), changes)
    return len(changes)


def _advanced(standing: Standing, answer: Answer) -> Iterable[Change]:
    change = advance(standing, answer)
    return [change] if change else []


def _locked(check_ids: Collection[int]) -> dict[int, Standing]:
    """The states of checks, held until the transaction ends; in the order of their ids, so that two wait in line."""
    if not check_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(check_ids)])
        return {row[0]: Standing(*row) for row in cursor.fetchall()}


def _insert(answers: Iterable[Answer], scheduled: bool) -> set[Key]:
    """Write raw results; return the keys of those that were not there yet."""
    with connection.cursor() as cursor:
        cursor.execute(_TEMPORARY)
        with cursor.copy(_COPY) as copy:
            for each in answers:
                copy.write_row((
                    each.check_id, each.due_at, each.taken_at, int(each.outcome), each.maintenance,
                    scheduled, each.latency_ms, each.status_code, storable(each.reason),
                ))  # fmt: skip
        cursor.execute(_INSERT)
        new = set(cursor.fetchall())
        # Whoever records twice in one transaction finds the table empty the second time.
        cursor.execute("DELETE FROM health_answers")
    return new


def _write(standings: Collection[Standing], changes: Sequence[Change]) -> None:
    """Write the states, what changed, and what that means for the entities and those who own them."""
    if not standings:
        return
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, _columns(standings))
    rows = [
        CheckChange(of_id=each.check_id, at=each.at, before=each.before, after=each.after, reason=each.reason)
        for each in changes
    ]
    CheckChange.objects.bulk_create(rows, ignore_conflicts=True)
    service_health.refresh({each.entity_id for each in standings if each.is_other})
    service_health.tell(changes)


def _columns(standings: Iterable[Standing]) -> list[list[Any]]:
    rows = [
        (
            each.check_id, each.status, each.reason, each.since, each.status_before_maintenance,
            "{" + ",".join(map(str, each.recent)) + "}", each.last_at, each.latency_ms, each.certificate_expires_at,
            each.due_at, each.leased_until, each.lease, each.lag_ms,
        )
        for each in standings
    ]  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)]
