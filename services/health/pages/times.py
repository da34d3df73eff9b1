"""Which time the charts of a page show, and the links to other times."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from portal.collections import collection_of
from portal.spans import RANGES, Span, range_links

# Where there is one value a day, or few events, a week says little.
LONG = ("30d", "90d", "1y")


def time_shown(
    request: HttpRequest, record: Any, span: Span, panel_id: str, *, tab: str = "", names: Iterable[str] = RANGES
) -> dict[str, Any]:
    """What the template of the ranges needs. A range leads back to the panel, on its tab."""
    home = collection_of(record)
    path = f"{home.url_of(record)}{f'{tab}/' if tab else ''}" if home else request.path
    return {"span": span, "range_action": path, "ranges": range_links(span, path, panel_id, names)}
