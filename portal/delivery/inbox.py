"""The number on the bell: counted when it is asked for, kept in the cache, forgotten when it changes."""

from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction

from portal.delivery.models import Notification

# A count made while a change was being written could be kept without it; it is right again after so many seconds.
COUNT_FOR_SECONDS = 60
MOST = 99


def count_key(user_id: int) -> str:
    return f"unread:{user_id}"


def unread_count(user_id: int, cached: int | None = None) -> int:
    """How many notifications somebody has not read, up to MOST + 1; ``cached`` is what the cache said, if anything."""
    if cached is not None:
        return cached
    count = Notification.objects.unread().filter(user=user_id)[: MOST + 1].count()
    cache.set(count_key(user_id), count, COUNT_FOR_SECONDS)
    return count


def recount_later(user_ids: Iterable[int]) -> None:
    """Forget the counts once the change is committed. Robust: without Redis the change holds, and counts expire."""
    keys = [count_key(user_id) for user_id in user_ids]

    def forget() -> None:
        cache.delete_many(keys)

    if keys:
        transaction.on_commit(forget, robust=True)
