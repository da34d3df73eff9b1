"""What the frame of every page needs: navigation with counts, the bell, theme, freshness of the data."""

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from portal.collections import Collection, collections
from portal.delivery.inbox import count_key, unread_count
from portal.places import commands, late_counts, places
from portal.query import EXACT_TOTAL

COUNTS_FOR_SECONDS = 60
FRESH_KEY = "freshness"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor; everything is computed only when a template asks for it."""
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> dict[str, Any]:
    user: Any = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    cached = cache.get_many([FRESH_KEY, count_key(user.pk)]) if signed_in else {}
    return {
        "navigation": _navigation(request) if signed_in else [],
        "commands": commands() if signed_in else (),
        "theme": getattr(user, "theme", "auto") if signed_in else "auto",
        "density": getattr(user, "density", "normal") if signed_in else "normal",
        "single_keys": getattr(user, "single_keys", True),
        "freshness": cached.get(FRESH_KEY),
        "unread": unread_count(user.pk, cached.get(count_key(user.pk))) if signed_in else 0,
        "now": timezone.now(),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    listed = [each for each in collections() if each.listed and each.may(request.user, "view")]
    listed.sort(key=lambda each: (each.group == "Administration", each.place))
    counts, late = _counts(listed), late_counts(request.user, [each.slug for each in listed])
    groups: dict[str, list[Mapping[str, Any]]] = {
        "": [
            {
                "label": "My work",
                "url": reverse("home"),
                "icon": "inbox",
                "current": request.path == reverse("home"),
            }
        ]
    }
    others = places(request)
    # The page of a place may lie below that of a list, which is another one then.
    elsewhere = any(place["current"] for _, place in others)
    for each in listed:
        item: dict[str, Any] = {
            "label": each.title,
            "url": each.url,
            "icon": each.icon,
            "count": counts.get(each.slug),
        }
        if each.slug in late:
            item |= {"count": f"{late[each.slug].number:,}", "count_status": late[each.slug].state, "counts": "late"}
        item["current"] = not elsewhere and request.path.startswith(each.url)
        groups.setdefault(each.group, []).append(item)
    for group, place in reversed(others):
        groups.setdefault(group, []).insert(0, place)
    return [{"title": title, "items": items} for title, items in groups.items()]


def _counts(listed: list[Collection]) -> dict[str, str]:
    """Counts by collection from the cache. Collections with a row rule have none: a count would tell of hidden rows."""
    open_to_all = {f"count:{each.slug}": each for each in listed if not each.has_row_rule}
    found = cache.get_many(open_to_all)
    missing = {key: _count(each) for key, each in open_to_all.items() if key not in found}
    if missing:
        cache.set_many(missing, COUNTS_FOR_SECONDS)
    return {open_to_all[key].slug: count for key, count in (found | missing).items()}


def _count(collection: Collection) -> str:
    """How many there are, with the collection's default filters; beyond the exact total only that there are more."""
    from django.http import QueryDict

    from portal.query import parse

    count = parse(collection, _ANYBODY, QueryDict()).total()
    return f"{EXACT_TOTAL:,}+" if count is None else f"{count:,}"


class _Anybody:
    """A reader without any permission."""

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False


_ANYBODY = _Anybody()
