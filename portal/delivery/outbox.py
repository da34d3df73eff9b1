"""Sending what waits in the outbox: each message by one worker, again when it fails, and never forgotten.

A worker takes one message at a time with a lease that outlives any worker's run (LEASE is longer than the task's
time limit), so while somebody is sending it nobody else can. A lease that has run out belongs to a worker that died:
the message may have gone out already, is sent again, and says so.
"""

import datetime as dt
import random
import time
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.delivery import chat, email
from portal.delivery.failures import NotSentError
from portal.delivery.models import Channel, OutboxMessage, State

log = structlog.get_logger(__name__)

TIME_LIMIT_S = 120
LEASE = dt.timedelta(seconds=300)
# A run takes no new message after so long: the next tick goes on.
RUN_FOR_S = 20
# 10 s, 20 s, 40 s … at most 4 h between two attempts: the last one comes about 22 hours after the first.
MOST_ATTEMPTS = 16
FIRST_WAIT_S, LONGEST_WAIT_S = 10, 4 * 3600
JITTER = 0.25
# A server that does not answer is left alone for so long, by everything that would go to it.
HOLD = dt.timedelta(seconds=30)

SENDERS: dict[str, Callable[[OutboxMessage], None]] = {Channel.EMAIL: email.send, Channel.CHAT: chat.send}


def deliver_due() -> int:
    """Send what is due, until nothing is or the time is up; answers how many were sent."""
    started, sent = time.monotonic(), 0
    while time.monotonic() - started < RUN_FOR_S and (message := claim()):
        sent += attempt(message)
    return sent


@transaction.atomic
def claim() -> OutboxMessage | None:
    """Take the message that has been due for longest; None when there is none that nobody else is sending."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    due = OutboxMessage.objects.filter(free, state=State.WAITING, next_attempt_at__lte=now)
    message = due.order_by("next_attempt_at").select_for_update(skip_locked=True).first()
    if message is None:
        return None
    message.possibly_repeated = message.possibly_repeated or message.leased_until is not None
    message.leased_until = now + LEASE
    message.attempts += 1
    message.save(update_fields=["possibly_repeated", "leased_until", "attempts"])
    return message


def attempt(message: OutboxMessage) -> bool:
    """Send a claimed message and note how it went; True when it was sent."""
    try:
        SENDERS[message.channel](message)
    except NotSentError as problem:
        _note_failure(message, problem)
        return False
    except Exception as problem:  # a fault of ours: the message waits, and the next ones go out
        log.error("delivery_failed", key=message.key, channel=message.channel, exc_info=problem)
        _note_failure(message, NotSentError(f"A fault of the portal: {type(problem).__name__}", uncertain=True))
        return False
    _note(message, state=State.SENT, sent_at=timezone.now(), last_error="")
    return True


def _note_failure(message: OutboxMessage, problem: NotSentError) -> None:
    dead = problem.final or message.attempts >= MOST_ATTEMPTS
    wait = dt.timedelta(seconds=max(wait_s(message.attempts), problem.wait_s))
    _note(
        message,
        state=State.DEAD if dead else State.WAITING,
        next_attempt_at=timezone.now() + wait,
        last_error=problem.reason[:500],
        possibly_repeated=message.possibly_repeated or problem.uncertain,
    )
    log.warning("delivery_not_sent", key=message.key, channel=message.channel, attempts=message.attempts, dead=dead)
    if problem.unreachable:
        hold_back(message)


def _note(message: OutboxMessage, **values: object) -> None:
    """Write the outcome and give the lease back."""
    for name, value in values.items():
        setattr(message, name, value)
    message.leased_until = None
    message.save(update_fields=["leased_until", *values])


def wait_s(attempts: int) -> float:
    """Seconds until the next attempt after so many: doubled each time, give or take a quarter."""
    wait = min(FIRST_WAIT_S * 2.0 ** (attempts - 1), float(LONGEST_WAIT_S))
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  spreads load, guards no secret


@transaction.atomic
def hold_back(message: OutboxMessage) -> None:
    """Let everything else that goes to the same server wait a moment without an attempt, so that a server that hangs
    does not keep the workers busy: all e-mail, or the messages of one webhook."""
    now = timezone.now()
    same = OutboxMessage.objects.filter(channel=message.channel, state=State.WAITING, leased_until=None)
    if message.webhook_id:
        same = same.filter(webhook=message.webhook_id)
    due = same.filter(next_attempt_at__lte=now).select_for_update(skip_locked=True)
    OutboxMessage.objects.filter(pk__in=list(due.values_list("pk", flat=True))).update(next_attempt_at=now + HOLD)
