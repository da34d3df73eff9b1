"""What the shared layer measures of itself: queues, beat and worker, the outbox, and how many records there are."""

from collections.abc import Iterable
from functools import cache as keep

import redis
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min, Q
from django.utils import timezone

from portal.collections import collections
from portal.delivery.models import OutboxMessage, State
from portal.embedded.supervisor import QUEUES
from portal.figures import Figure, figures
from portal.frame import FRESH_KEY

COUNTS_FOR_SECONDS = 300


@keep
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


@figures(readiness=True)
def queues() -> Iterable[Figure]:
    """Tasks that wait in each queue, and those that a worker has taken and not finished."""
    prefix, names = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("global_keyprefix", ""), QUEUES.split(",")
    with _redis().pipeline(transaction=False) as asked:
        for name in names:
            asked.llen(f"{prefix}{name}")
        asked.hlen(f"{prefix}unacked")
        *lengths, taken = asked.execute()
    for name, length in zip(names, lengths, strict=True):
        yield Figure("queue_length", "Tasks that wait in a queue.", length, {"queue": name})
    yield Figure("tasks_taken", "Tasks that a worker has taken and not finished.", taken)


@figures(readiness=True)
def freshness() -> Iterable[Figure]:
    """How long ago a worker last did what beat sent; nothing before the first time."""
    if seen := cache.get(FRESH_KEY):
        age = (timezone.now() - seen).total_seconds()
        yield Figure("beat_age_seconds", "Since a worker last did what beat sends every 30 s.", age)


@figures(readiness=True)
def outbox() -> Iterable[Figure]:
    """What waits to be sent, since when, and what was given up."""
    now = timezone.now()
    unsent = OutboxMessage.objects.filter(state__in=[State.WAITING, State.DEAD])
    found = unsent.aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        dead=Count("pk", filter=Q(state=State.DEAD)),
        oldest=Min("created_at", filter=Q(state=State.WAITING)),
    )
    age = (now - found["oldest"]).total_seconds() if found["oldest"] else 0
    yield Figure("outbox_waiting", "E-mails and chat messages that wait to be sent.", found["waiting"])
    yield Figure("outbox_dead", "E-mails and chat messages that were given up.", found["dead"])
    yield Figure("outbox_oldest_seconds", "Age of the oldest message that waits.", age)


@figures()
def records() -> Iterable[Figure]:
    """How many records of each kind there are, counted every five minutes at most."""
    counts: dict[str, int] = cache.get_or_set("figures:records", _count_records, COUNTS_FOR_SECONDS) or {}
    for slug, count in counts.items():
        yield Figure("records", "Records there are, counted at most every five minutes.", count, {"collection": slug})


def _count_records() -> dict[str, int]:
    return {each.slug: each.rows().count() for each in collections()}
