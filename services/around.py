"""What lies around an entity: what it depends on, what needs it, what it contains, what stops with it.

A panel shows the first of them and says how many there are; the page of such a list, and its files, have all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Window
from django.http import HttpRequest
from django.urls import reverse

from portal.collections import known_to, reference_url, unknown_to
from portal.references.models import Reference
from services import graph
from services.models import Edge, Entity, RelationType

Rows = list[dict[str, Any]]
_BY_IMPORTANCE = (F("entity__tier").asc(nulls_last=True), "label", "pk")


@dataclass(frozen=True)
class Part:
    """Some rows of a list, and how many there are in all. A row has ``depth`` where the list goes by distance."""

    rows: Rows
    total: int


def needs(request: HttpRequest, entity: Entity, most: int | None, start: int = 0) -> Part:
    """What the entity depends on, most important first."""
    pks = Edge.objects.filter(reached=entity.reference_id).values("origin")
    return _part(request, Reference.objects.filter(pk__in=pks).order_by(*_BY_IMPORTANCE), most, start)


def needed_by(request: HttpRequest, entity: Entity, most: int | None, start: int = 0) -> Part:
    """What depends on the entity, most important first."""
    pks = Edge.objects.filter(origin=entity.reference_id).values("reached")
    return _part(request, Reference.objects.filter(pk__in=pks).order_by(*_BY_IMPORTANCE), most, start)


def parts(request: HttpRequest, entity: Entity, most: int | None, start: int = 0) -> Part:
    """What is part of the entity."""
    pks = entity.reference.inverse_relations.filter(type=RelationType.PART_OF).values("subject")
    return _part(request, Reference.objects.filter(pk__in=pks).order_by("kind", "label", "pk"), most, start)


def radius(request: HttpRequest, entity: Entity, most: int | None, start: int = 0) -> Part:
    """What transitively suffers when the entity fails, nearest first, then most important first."""
    hidden = unknown_to(request.user)
    total, depths = graph.reached(entity.reference_id, most=most, skip=start, hidden=hidden)
    found = {row["pk"]: row for row in _rows(request, Reference.objects.filter(pk__in=depths))}
    return Part([{**found[pk], "depth": depth} for pk, depth in depths.items()], total)


@dataclass(frozen=True)
class List:
    """A list with a page of its own. ``title`` has a place for the name of the entity."""

    title: str
    read: Callable[[HttpRequest, Entity, int | None, int], Part]
    has_depth: bool = False


LISTS = {
    "needs": List("Everything that {} depends on", needs),
    "needed-by": List("Everything that needs {}", needed_by),
    "parts": List("Everything in {}", parts),
    "radius": List("Everything that stops or suffers with {}", radius, has_depth=True),
}


def link_to_all(entity: Entity, name: str, total: int) -> dict[str, str]:
    return {"label": f"All {total:,}", "url": reverse("around", args=[entity.pk, name])}


def _part(request: HttpRequest, references: QuerySet[Reference], most: int | None, start: int) -> Part:
    counted = known_to(request.user, references).annotate(total=Window(Count("pk")))
    rows = _rows(request, counted[start : None if most is None else start + most], "total")
    return Part(rows, rows[0]["total"] if rows else 0)


def _rows(request: HttpRequest, references: Any, *more: str) -> Rows:
    """References as the tables of neighbours show them, an owner hidden from the reader left out."""
    found = list(references.values(
        *("pk", "canonical", "label", "attached", "kind", *more),
        tier=F("entity__tier"),
        lifecycle=F("entity__lifecycle"),
        owner_id=F("entity__owner"),
        owner_label=F("entity__owner__label"),
        owner_ref=F("entity__owner__canonical"),
        owner_attached=F("entity__owner__attached"),
    ))  # fmt: skip
    hidden = unknown_to(request.user, {row["owner_id"] for row in found})
    for row in found:
        row["url"] = reference_url(row["canonical"], row["attached"])
        if row["owner_id"] in hidden:
            row["owner_label"] = row["owner_ref"] = ""
        elif row["owner_ref"]:
            row["owner_url"] = reference_url(row["owner_ref"], row["owner_attached"])
            row["owner_kind"] = "team" if row["owner_ref"].startswith("group:") else "person"
    return found
