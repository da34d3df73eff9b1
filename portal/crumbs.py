"""Breadcrumbs: where a page stands."""

from portal.collections import Collection

Crumbs = list[dict[str, str]]


def crumbs_of(collection: Collection, *more: tuple[str, str]) -> Crumbs:
    """The collection, then (label, address) of what is below it."""
    group = [{"label": collection.group, "url": ""}] if collection.group not in {"", collection.title} else []
    first = {"label": collection.title, "url": collection.url}
    return [*group, first, *({"label": label, "url": url} for label, url in more)]
