"""Which incidents the figures are of: the query string of their list, so that each figure links to exactly its own.

Unless something else is asked for they are the real ones of the last year, without what was none after all: declined,
merged into another, or cancelled.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from incidents.collections import INCIDENTS
from incidents.models import NO_INCIDENT, IncidentKind
from portal.query import BadQuery, Query, parse

SPANS = {
    "30d": "30 days", "90d": "90 days", "180d": "180 days", "365d": "a year", "730d": "two years",
    "9999d": "all there is",
}  # fmt: skip
DEFAULT_SPAN = "365d"
_OF_LISTS = ("sort", "columns", "page", "size", "cursor", "format")
_TIME, _KIND, _STATE = "declared_at.within", "kind", "category"
_BUT = f"{_STATE}.not"


@dataclass(frozen=True)
class Asked:
    """``params`` is what is asked of the list. ``pks`` are the incidents that the reader may see of it."""

    reader: Any
    params: QueryDict
    pks: list[int]

    def url(self, **more: str) -> str:
        """The list of these incidents, narrowed: ``trigger="change"``; a point in a name is written as two
        underscores."""
        pairs = [(name, text) for name, texts in self.params.lists() for text in texts]
        narrowed = {name.replace("__", "."): text for name, text in more.items()}
        kept = [(name, text) for name, text in pairs if name not in narrowed]
        return f"{INCIDENTS.url}?{urlencode([*kept, *narrowed.items()], safe=':/')}"

    def other_kinds(self) -> Query:
        """The same of every kind."""
        params = self.params.copy()
        params.pop(_KIND, None)
        return _parsed(self.reader, params)

    def left_out(self) -> QueryDict | None:
        """The same of what was no incident; None where a state is asked for."""
        if not _is_default(self.params):
            return None
        params = self.params.copy()
        del params[_BUT]
        params.setlist(_STATE, sorted(NO_INCIDENT))
        return params

    def number_of(self, params: QueryDict) -> int:
        """How many incidents the reader may see of what is asked."""
        return int(_parsed(self.reader, params).matching().count())

    @property
    def span(self) -> str:
        return self.params.get(_TIME, "")

    @property
    def extra(self) -> list[tuple[str, str]]:
        """What is asked besides what the form of the page has."""
        own = {_TIME, _KIND, "severity", "owner", "service", *([_BUT] if _is_default(self.params) else [])}
        return [(name, text) for name, texts in self.params.lists() for text in texts if name not in own]


def asked_of(request: HttpRequest) -> Asked:
    """Read the address. Raises BadQuery for what the list does not know, and for what only a list has."""
    params = request.GET.copy()
    if unknown := [name for name in _OF_LISTS if name in params]:
        raise BadQuery([f"“{unknown[0]}” is of lists. The figures take their filters, such as severity=SEV-1."])
    for name in [name for name in params if not any(text.strip() for text in params.getlist(name))]:
        del params[name]
    if not any(name.partition(".")[0] == "declared_at" for name in params):
        params[_TIME] = DEFAULT_SPAN
    if not any(name.partition(".")[0] == _KIND for name in params):
        params[_KIND] = IncidentKind.REAL
    if not any(name.partition(".")[0] == _STATE for name in params):
        params.setlist(_BUT, sorted(NO_INCIDENT))
    query = _parsed(request.user, params)
    return Asked(request.user, params, list(query.matching().order_by().values_list("pk", flat=True)))


def _is_default(params: QueryDict) -> bool:
    return sorted(params.getlist(_BUT)) == sorted(NO_INCIDENT)


def _parsed(reader: Any, params: QueryDict) -> Query:
    """The columns that a list would show are not read."""
    narrow = params.copy()
    narrow["columns"] = "name"
    return parse(INCIDENTS, reader, narrow)
