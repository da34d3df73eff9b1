"""Panels of the catalog's pages."""

from typing import Any
from urllib.parse import quote

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse

from portal.cells import cell
from portal.collections import collection_of, known_to, reference_url, unknown_to
from portal.history.events import Event, events_of
from portal.panels import Context, panel
from portal.people.models import Person, Team
from portal.references.models import Reference
from services import graph
from services.heads import HIDDEN
from services.links import is_safe
from services.models import Document, Edge, Entity, Ownership, Relation, RelationType, Source
from services.provenance import declared_by, describing_document

SHOWN = 8
_RUNS = ("component", "api", "resource")
_GROUPS = ("system", "domain")


def _rows(request: HttpRequest, references: Any) -> list[dict[str, Any]]:
    """Entities behind references, as the tables of neighbours show them, without those hidden from the reader."""
    found = list(
        references.annotate(
            owner_id=F("entity__owner"),
            owner_label=F("entity__owner__label"),
            owner_ref=F("entity__owner__canonical"),
            owner_attached=F("entity__owner__attached"),
            tier=F("entity__tier"),
            lifecycle=F("entity__lifecycle"),
        ).values(
            *("canonical", "label", "attached", "kind", "tier", "lifecycle"),
            *("owner_id", "owner_label", "owner_ref", "owner_attached"),
        )
    )
    hidden = unknown_to(request.user, {row["owner_id"] for row in found})
    for row in found:
        row["url"] = reference_url(row["canonical"], row["attached"])
        if row["owner_id"] in hidden:
            row["owner_label"] = ""
        elif row["owner_ref"]:
            row["owner_url"] = reference_url(row["owner_ref"], row["owner_attached"])
    return found


def _needs(request: HttpRequest, entity: Entity, most: int = 200) -> list[dict[str, Any]]:
    """What this depends on, most important first."""
    return _neighbours(request, Edge.objects.filter(reached=entity.reference_id).values("origin"), most)


def _needed_by(request: HttpRequest, entity: Entity, most: int = 200) -> list[dict[str, Any]]:
    """What depends on this, most important first."""
    return _neighbours(request, Edge.objects.filter(origin=entity.reference_id).values("reached"), most)


def _neighbours(request: HttpRequest, pks: Any, most: int) -> list[dict[str, Any]]:
    found = known_to(request.user, Reference.objects.filter(pk__in=pks))
    return _rows(request, found.order_by(F("entity__tier").asc(nulls_last=True), "label")[:most])


@panel(on=Entity, slot="main", order=20, title="Depends on", template="services/_neighbours.html", kinds=_RUNS)
def depends_on(request: HttpRequest, entity: Entity) -> Context | None:
    rows = _needs(request, entity)
    return _neighbour_context(entity, rows, "It depends on nothing that is described.")


@panel(on=Entity, slot="main", order=30, title="Needed by", template="services/_neighbours.html", kinds=_RUNS)
def needed_by(request: HttpRequest, entity: Entity) -> Context | None:
    rows = _needed_by(request, entity)
    return _neighbour_context(entity, rows, "Nothing that is described depends on it.")


def _neighbour_context(entity: Entity, rows: list[dict[str, Any]], empty: str) -> Context:
    collection = collection_of(entity)
    link = None
    if len(rows) > SHOWN and collection:
        link = {"label": f"All {len(rows)}", "url": f"{collection.url_of(entity)}dependencies/"}
    return {"rows": rows[:SHOWN], "empty": empty, "fact": len(rows) or "", "link": link}


@panel(
    on=Entity,
    slot="tab:dependencies",
    order=10,
    title="Everything it depends on",
    template="services/_neighbours.html",
    kinds=_RUNS,
)
def all_dependencies(request: HttpRequest, entity: Entity) -> Context:
    rows = _needs(request, entity)
    return {"rows": rows, "empty": "It depends on nothing that is described.", "fact": len(rows) or ""}


@panel(
    on=Entity,
    slot="tab:dependencies",
    order=20,
    title="Everything that needs it",
    template="services/_neighbours.html",
    kinds=_RUNS,
)
def all_dependants(request: HttpRequest, entity: Entity) -> Context:
    rows = _needed_by(request, entity)
    return {"rows": rows, "empty": "Nothing that is described depends on it.", "fact": len(rows) or ""}


@panel(on=Entity, slot="main", order=40, title="Blast radius", template="services/_blast_radius.html", kinds=_RUNS)
def blast_radius(request: HttpRequest, entity: Entity) -> Context | None:
    rings = graph.blast_radius(entity.reference_id, hidden=unknown_to(request.user))
    if not rings:
        return {"rings": [], "fact": "nothing else stops"}
    teams = {team["ref"]: team for ring in rings for team in ring.teams}
    total = sum(ring.total for ring in rings)
    shown = [_ring(ring) for ring in rings]
    fact = f"{total:,} affected, {len(teams):,} team{'s' if len(teams) != 1 else ''} to tell"
    return {"rings": shown, "fact": fact, "contacts": _contacts(list(teams))}


def _ring(ring: graph.Ring) -> dict[str, Any]:
    for each in (*ring.sample, *ring.teams):
        each["url"] = reference_url(each["ref"], each.get("attached", True))
    tiers = [f"{count:,} of tier {tier}" for tier, count in ring.tiers.items() if count and tier in {"0", "1"}]
    return {
        "depth": ring.depth,
        "total": ring.total,
        "named": ring.sample,
        "more": ring.total - len(ring.sample),
        "teams": sorted(ring.teams, key=lambda team: team["name"])[:12],
        "more_teams": max(0, len(ring.teams) - 12),
        "tiers": tiers,
    }


def _contacts(owners: list[str]) -> str:
    """How to reach the teams, a line each: to be pasted into a message."""
    teams = Team.objects.filter(reference__canonical__in=owners).order_by("title")
    lines = [" ".join(filter(None, (f"{team}:", team.chat, team.email))) for team in teams]
    return "\n".join(lines)


@panel(on=Entity, slot="main", order=20, title="Contains", template="services/_neighbours.html", kinds=_GROUPS)
def contains(request: HttpRequest, entity: Entity) -> Context:
    parts = Reference.objects.filter(relations__object=entity.reference_id, relations__type=RelationType.PART_OF)
    rows = _rows(request, known_to(request.user, parts.distinct()).order_by("kind", "label")[:500])
    return {"rows": rows, "empty": f"No part of this {entity.kind} is described.", "fact": len(rows) or ""}


@panel(on=Entity, slot="main", order=15, title="Definition", template="services/_definition.html", kinds=("api",))
def definition(request: HttpRequest, entity: Entity) -> Context | None:
    text = entity.spec.get("definition")
    return {"text": text[:20_000], "more": len(text) > 20_000, "fact": entity.type} if isinstance(text, str) else None


@panel(on=Entity, slot="main", order=60, title="Where these values come from", template="services/_provenance.html")
def provenance(request: HttpRequest, entity: Entity) -> Context:
    return _provenance(request, entity)


@panel(on=Team, slot="main", order=60, title="Where these values come from", template="services/_provenance.html")
def team_provenance(request: HttpRequest, team: Team) -> Context:
    return _provenance(request, team)


def _provenance(request: HttpRequest, record: Any) -> Context:
    document = describing_document(record.reference)
    declared = declared_by(document, type(record)) if document else {}
    fields = [
        (str(record._meta.get_field(name).verbose_name), where.line)
        for name, where in declared.items()
        if name not in {"labels", "annotations", "spec"}
    ]
    return {
        "fields": sorted(fields, key=lambda pair: pair[1] or 0),
        "document": document,
        "url": reverse("record", args=["documents", document.pk]) if document else "",
        "edited": next((event for event in _events(request, record) if event.origin == "page"), None),
    }


@panel(on=Entity, slot="rail", order=10, title="Facts", template="services/_facts.html")
def facts(request: HttpRequest, entity: Entity) -> Context:
    collection = collection_of(entity)
    assert collection is not None  # noqa: S101  entities of every kind have one
    names = ("type", "lifecycle", "tier", "system", "domain", "privacy_class", "residency", "region", "failover",
             "encryption")  # fmt: skip
    fields = collection.fields_for(request.user)
    hidden = unknown_to(request.user, [entity.system_id, entity.domain_id])
    rows = [
        (
            fields[name].label,
            HIDDEN if _points_at(entity, name) in hidden else cell(fields[name], _values(entity, name)),
        )
        for name in names
        if name in fields
    ]
    return {"rows": rows, "tags": entity.tags, "canonical": entity.reference.canonical, "kind": entity.kind}


def _points_at(entity: Entity, name: str) -> int | None:
    value = getattr(entity, name)
    return value.pk if isinstance(value, Reference) else None


def _values(entity: Entity, name: str) -> tuple[Any, ...]:
    value = getattr(entity, name)
    if isinstance(value, Reference):
        return value.label, value.canonical, value.attached
    return (value,)


@panel(on=Entity, slot="rail", order=20, title="Links", template="services/_links.html")
def links(request: HttpRequest, entity: Entity) -> Context | None:
    found = [
        {"url": link["url"], "title": link.get("title") or link["url"], "safe": is_safe(link["url"])}
        for link in entity.links
        if link.get("url")
    ]
    return {"links": found} if found else None


@panel(on=Entity, slot="rail", order=30, title="Who answers for it", template="services/_ownership.html")
def ownership(request: HttpRequest, entity: Entity) -> Context | None:
    all_of_it = Ownership.objects.filter(entity=entity).select_related("owner")
    tenures = known_to(request.user, all_of_it, "owner").order_by("-effective_from", "role")[:10]
    rows = [
        {"owner": each.owner, "url": reference_url(each.owner.canonical, each.owner.attached), "tenure": each}
        for each in tenures
    ]
    return {"rows": rows} if rows else None


@panel(on=Entity, slot="rail", order=90, title="Recent changes", template="portal/_history.html")
def entity_history(request: HttpRequest, entity: Entity) -> Context:
    return _recent(request, entity)


@panel(on=Team, slot="rail", order=90, title="Recent changes", template="portal/_history.html")
def team_history(request: HttpRequest, team: Team) -> Context:
    return _recent(request, team)


def _recent(request: HttpRequest, record: Any) -> Context:
    collection = collection_of(record)
    assert collection is not None  # noqa: S101  tracked records have one
    link = {"label": "Full history", "url": f"{collection.url_of(record)}history/"}
    return {"events": _events(request, record)[:3], "link": link}


def _events(request: HttpRequest, record: Any) -> list[Event]:
    """The latest events of a record: read once, because two panels of its page tell of them."""
    read: dict[Any, list[Event]] = request.__dict__.setdefault("events_read", {})
    if record not in read:
        read[record] = events_of(record, collection_of(record), request.user, most=10)
    return read[record]


# Teams, people, documents, references


@panel(on=Team, slot="main", order=10, title="Owns", template="services/_owned.html")
def team_owns(request: HttpRequest, team: Team) -> Context:
    return _owned(request, team.reference, f"{team} owns nothing that is described.")


@panel(on=Person, slot="main", order=10, title="Owns", template="services/_owned.html")
def person_owns(request: HttpRequest, person: Person) -> Context | None:
    context = _owned(request, person.reference, "")
    if not context["rows"]:
        return None
    return {**context, "left": not person.is_active}


def _owned(request: HttpRequest, reference: Reference, empty: str) -> dict[str, Any]:
    known = known_to(request.user, Entity.objects.filter(owner=reference), "reference")
    rows = known.order_by(F("tier").asc(nulls_last=True), "name")
    total = rows.count()
    owned = [
        {
            "name": row["name"],
            "url": reference_url(row["reference__canonical"]),
            "kind": row["kind"],
            "type": row["type"],
            "tier": row["tier"],
            "lifecycle": row["lifecycle"],
            "dependants": row["state__dependants"],
        }
        for row in rows.values(
            "name", "reference__canonical", "kind", "type", "tier", "lifecycle", "state__dependants"
        )[:50]
    ]
    query = f"?owner={reference.canonical}"
    link = {"label": f"All {total}", "url": reverse("collection", args=["entities"]) + query} if total > 50 else None
    return {"rows": owned, "empty": empty, "fact": total or "", "link": link}


@panel(on=Document, slot="main", order=10, title="What became of it", template="services/_document.html")
def document_fate(request: HttpRequest, document: Document) -> Context:
    reference = document.reference
    if reference is None or unknown_to(request.user, [reference.pk]):
        return {"described": "", "url": ""}
    return {"described": reference.canonical, "url": reference_url(reference.canonical, reference.attached)}


@panel(on=Source, slot="main", order=10, title="Runs", template="services/_runs.html")
def runs(request: HttpRequest, source: Source) -> Context:
    """The latest readings of a source, with what became of the documents."""
    latest = source.runs.order_by("-started_at")[:20]
    documents = reverse("collection", args=["documents"]) + f"?source={quote(source.name)}&status=*"
    return {"runs": latest, "link": {"label": "Its documents", "url": documents}}


@panel(on=Reference, slot="main", order=10, title="What points here", template="services/_pointing.html")
def pointing(request: HttpRequest, reference: Reference) -> Context:
    relations = known_to(request.user, Relation.objects.filter(object=reference), "subject")
    owned = known_to(request.user, Entity.objects.filter(owner=reference), "reference")
    rows: list[dict[str, Any]] = [
        {"label": each.subject.label, "how": each.get_type_display(), "ref": each.subject}
        for each in relations.select_related("subject").order_by("subject__label")[:100]
    ]
    rows += [
        {"label": each.name, "how": "is owned by it", "ref": each.reference}
        for each in owned.select_related("reference").order_by("name")[:100]
    ]
    for row in rows:
        row["url"] = reference_url(row["ref"].canonical, row["ref"].attached)
    return {"rows": rows, "fact": len(rows) or ""}
