"""Background work of the shared layer."""

from celery import shared_task
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache
from django.utils import timezone

from portal.frame import FRESH_KEY
from portal.search import index


@shared_task(time_limit=20)
def note_freshness() -> None:
    """Say that beat and worker are alive: the footer of every page shows since when."""
    cache.set(FRESH_KEY, timezone.now(), timeout=None)


@shared_task(time_limit=900)
def refresh_search() -> None:
    """Write the search index anew."""
    index.refresh_everything()


@shared_task(time_limit=300)
def forget_old_sessions() -> None:
    SessionStore.clear_expired()
