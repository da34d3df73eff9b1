"""How often one person may have the portal ask a target at once."""

from typing import Any

from django.core.cache import cache

MOST, SECONDS = 10, 60


def may_ask(reader: Any) -> bool:
    """Whether the reader asked less than ``MOST`` times in the last ``SECONDS`` seconds; counts this time."""
    key = f"ask-now:{reader.pk}"
    cache.add(key, 0, SECONDS)
    try:
        return bool(cache.incr(key) <= MOST)
    except ValueError:
        # It ended between the two lines.
        return True
