"""The shapes of a list: pages that show the same rows of the same query string in another way than as a table."""

from typing import Any

from django.urls import reverse

from portal.collections import Collection

TABLE = "Table"


def shapes_of(collection: Collection, asked: str, current: str = "") -> list[dict[str, Any]]:
    """A tab for each shape, the table first; none where there is no other. ``asked`` is the query string that all of
    them show, ``current`` the URL name of the one that is open."""
    if not collection.shapes:
        return []
    asked = "" if asked == "?" else asked
    table = {"label": TABLE, "url": collection.url + asked, "current": not current}
    return [
        table,
        *({"label": each.label, "url": reverse(each.name) + asked, "current": each.name == current}
          for each in collection.shapes),
    ]  # fmt: skip
