"""Whose health a page shows: everybody's, that of the reader's teams, or of the owners that the address names.

``mine=true`` and ``owner=``, as often as wanted, are all that the pages of health take; the rest is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from portal.collections import guarded_collections, known_to, reference_condition
from portal.references.models import Reference
from services.models import Entity

OWNERS = ("group", "user")
_NAMES = ("mine", "owner")


@dataclass(frozen=True)
class Scope:
    """``owners`` are the teams and people whose things are shown, None for everybody's; ``is_mine`` when the reader
    asked for their own, which may be none."""

    reader: Any
    owners: tuple[Reference, ...] | None = None
    is_mine: bool = False

    @property
    def owner_ids(self) -> list[int]:
        return [each.pk for each in self.owners or ()]

    @property
    def words(self) -> str:
        """Whose, in words, or nothing for everybody's."""
        return ", ".join(each.label or each.name for each in self.owners or ())

    @property
    def query(self) -> str:
        """What pages of health take for the same scope, with its question mark."""
        if self.is_mine:
            return "?mine=true"
        return f"?{self.pairs()}" if self.owners else ""

    @property
    def is_nobody(self) -> bool:
        """Whether the reader asked for their own and is in no team. No filter of a list says that."""
        return self.owners == ()

    def list_url(self, url: str, **more: str) -> str:
        """The list at ``url`` with these filters and the owners of the scope; nothing where there is nobody."""
        return "" if self.is_nobody else f"{url}?{self.pairs(**more)}"

    def pairs(self, **more: str) -> str:
        """Filters of a list: these, and the owners of the scope."""
        owned = [("owner", each.canonical) for each in self.owners or ()]
        return urlencode([*more.items(), *owned], safe=":/")

    def params(self, **more: str) -> QueryDict:
        """The same, to be read by portal.query."""
        return QueryDict(self.pairs(**more))

    def entities(self) -> QuerySet[Entity]:
        """The entities in it that the reader may see."""
        return self.narrowed(Entity.objects.all(), "")

    def narrowed(self, rows: QuerySet[Any], path: str = "entity__") -> QuerySet[Any]:
        """The rows in it whose entity, at ``path``, the reader may see."""
        rows = known_to(self.reader, rows, f"{path}reference")
        return rows if self.owners is None else rows.filter(**{f"{path}owner__in": self.owner_ids})

    def about(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        """The rows in it whose subject, a reference at ``path`` or nothing for the organisation, the reader may see:
        those of owned entities, and of the owners themselves."""
        if guarded_collections():
            rows = rows.filter(Q(**{path: None}) | Q(pk__in=known_to(self.reader, rows, path).values("pk")))
        if self.owners is None:
            return rows
        owned = Entity.objects.filter(owner__in=self.owner_ids).values("reference")
        return rows.filter(Q(**{f"{path}__in": owned}) | Q(**{f"{path}__in": self.owner_ids}))


def scope_of(request: HttpRequest) -> Scope:
    """The scope that the address asks for. Raises BadRequest for what it does not know."""
    if unknown := sorted(set(request.GET) - set(_NAMES)):
        raise BadRequest(
            f"“{unknown[0][:60]}” is not known here. This page takes mine=true, or owner=, such as checkout."
        )
    asked = [text for text in request.GET.getlist("owner") if text]
    mine = request.GET.get("mine", "")
    if mine not in {"", "true", "false"}:
        raise BadRequest(f"mine is true or false, not “{mine[:60]}”.")
    reader: Any = request.user
    if mine == "true":
        if asked:
            raise BadRequest("mine and owner do not go together. Leave one of them out.")
        return Scope(reader, tuple(_known(reader).filter(pk__in=reader.team_ids).order_by("label")), is_mine=True)
    return Scope(reader, tuple(_owners(reader, asked))) if asked else Scope(reader)


def _known(reader: Any) -> QuerySet[Reference]:
    return known_to(reader, Reference.objects.filter(kind__in=OWNERS))


def _owners(reader: Any, asked: Iterable[str]) -> Iterable[Reference]:
    """What the texts name. Each is found before the page begins; a wrong one says so."""
    for text in dict.fromkeys(asked):
        found = _known(reader).filter(reference_condition(text, "", OWNERS)).order_by("kind").first()
        if found is None:
            raise BadRequest(f"owner={text[:60]}: there is no team or person of that name.")
        yield found
