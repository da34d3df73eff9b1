"""Which part a page shows that is no list, but has parts as lists have."""

from django.core.exceptions import BadRequest
from django.http import QueryDict

from portal.query import DEEPEST_PAGE


def page_number(params: QueryDict) -> int:
    """Which part of it a page shows that is no list but has parts as lists have. Raises BadRequest."""
    text = params.get("page") or "1"
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= DEEPEST_PAGE:
        raise BadRequest(f"page={text[:40]}: expected a whole number from 1 to {DEEPEST_PAGE:,}.")
    return int(text)
