"""Nodes of the taxonomy in lists: filters, files and the API have their slugs, which stay; people read their names."""

from typing import Any

from django.core.cache import cache
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.models import Node
from portal.cells import MOST_TAGS, cut, look
from portal.columns import Field

NAMES_FOR_SECONDS = 60
_KEY = "taxonomy-names"


def names() -> dict[str, str]:
    """Slug → name of every node."""
    held: dict[str, str] | None = cache.get(_KEY)
    if held is None:
        held = dict(Node.objects.values_list("slug", "name"))
        cache.set(_KEY, held, NAMES_FOR_SECONDS)
    return held


@look("node")
def node(field: Field, values: tuple[Any, ...]) -> SafeString:
    """One node by its name, which stands beside its slug."""
    return cut(values[1])


@look("nodes")
def nodes(field: Field, values: tuple[Any, ...]) -> SafeString:
    """Several nodes by their names, as tags."""
    known, slugs = names(), values[0]
    shown = format_html_join(
        " ", '<span class="gw-tag">{}</span>', ((cut(known.get(each, each)),) for each in slugs[:MOST_TAGS])
    )
    more = len(slugs) - MOST_TAGS
    return format_html('{} <span class="gw-sub">and {} more</span>', shown, more) if more > 0 else shown
