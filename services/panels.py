"""Panels of the catalog's pages."""

import json
from collections.abc import Iterable, Mapping
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
from services import around, graph
from services.forms import DependencyForm
from services.heads import HIDDEN
from services.links import is_safe
from services.models import Document, Entity, Ownership, Relation, Source
from services.provenance import declared_by, describes
from services.relations import DEPENDENCIES

# Of a list of neighbours: beside other panels, and on a page of little else.
SHOWN, LISTED = 8, 200
TAGS_SHOWN = 20
_RUNS = ("component", "api", "resource")
_GROUPS = ("system", "domain")


@panel(on=Entity, slot="main", order=20, title="Depends on", template="services/_neighbours.html", kinds=_RUNS)
def depends_on(request: HttpRequest, entity: Entity) -> Context:
    found = around.needs(request, entity, SHOWN)
    shown = _beside(entity, found, "needs", "It depends on nothing that is described.")
    if found.rows or entity.kind == "api" or not request.user.has_perm("services.change_entity", entity):
        return shown
    return {**shown, "link": {"label": "Say what it needs", "url": f"{_address(entity)}dependencies/"}}


def _address(entity: Entity) -> str:
    collection = collection_of(entity)
    return collection.url_of(entity) if collection else ""


@panel(on=Entity, slot="main", order=30, title="Needed by", template="services/_neighbours.html", kinds=_RUNS)
def needed_by(request: HttpRequest, entity: Entity) -> Context:
    found = around.needed_by(request, entity, SHOWN)
    return _beside(entity, found, "needed-by", "Nothing that is described depends on it.")


def _beside(entity: Entity, found: around.Part, name: str, empty: str) -> Context:
    """A table of neighbours; where it has not all of them, it says how many there are and where."""
    is_cut = found.total > len(found.rows)
    link = around.link_to_all(entity, name, found.total) if is_cut else None
    fact = f"{found.total:,}, the first {len(found.rows)} here" if is_cut else found.total or ""
    return {"rows": found.rows, "empty": empty, "fact": fact, "link": link}


@panel(
    on=Entity,
    slot="tab:dependencies",
    order=10,
    title="Everything it depends on",
    template="services/_neighbours.html",
    kinds=_RUNS,
)
def all_dependencies(request: HttpRequest, entity: Entity) -> Context:
    found = around.needs(request, entity, LISTED)
    return _beside(entity, found, "needs", "It depends on nothing that is described.")


@panel(
    on=Entity,
    slot="tab:dependencies",
    order=15,
    title="Said here",
    template="services/_said_here.html",
    kinds=("component", "resource"),
)
def said_here(request: HttpRequest, entity: Entity) -> Context | None:
    """What people say that it needs, for those who may say it: files are changed where they lie."""
    if not request.user.has_perm("services.change_entity", entity):
        return None
    said = Relation.objects.filter(subject=entity.reference_id, type__in=DEPENDENCIES, document=None)
    known = known_to(request.user, said, "object").select_related("object").order_by("object__label", "pk")
    rows = [{"relation": each, "url": reference_url(each.object.canonical, each.object.attached)} for each in known]
    return {"rows": rows, "fact": len(rows) or "", "form": DependencyForm(), "pk": entity.pk}


@panel(
    on=Entity,
    slot="tab:dependencies",
    order=20,
    title="Everything that needs it",
    template="services/_neighbours.html",
    kinds=_RUNS,
)
def all_dependants(request: HttpRequest, entity: Entity) -> Context:
    found = around.needed_by(request, entity, LISTED)
    return _beside(entity, found, "needed-by", "Nothing that is described depends on it.")


@panel(on=Entity, slot="main", order=40, title="Blast radius", template="services/_blast_radius.html", kinds=_RUNS)
def blast_radius(request: HttpRequest, entity: Entity) -> Context | None:
    rings = graph.blast_radius(entity.reference_id, hidden=unknown_to(request.user))
    if not rings:
        return {"rings": [], "fact": "nothing else stops"}
    owners = {owner["ref"]: owner["name"] for ring in rings for owner in ring.teams}
    total = sum(ring.total for ring in rings)
    return {
        "rings": [_ring(ring) for ring in rings],
        "fact": f"{total:,} affected, {_told(owners)} to tell",
        "contacts": _contacts(owners),
        "link": around.link_to_all(entity, "radius", total),
    }


def _told(owners: Iterable[str]) -> str:
    """How many teams, and how many people who own something themselves."""
    teams = sum(owner.startswith("group:") for owner in owners)
    people = sum(not owner.startswith("group:") for owner in owners)
    counted = [f"{teams:,} team{'s' if teams != 1 else ''}"] if teams or not people else []
    counted += [f"{people:,} {'people' if people != 1 else 'person'}"] if people else []
    return " and ".join(counted)


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


def _contacts(owners: Mapping[str, str]) -> str:
    """How to reach the owners, a line each: to be pasted into a message."""
    teams = Team.objects.filter(reference__canonical__in=owners)
    reach = {canonical: how for canonical, *how in teams.values_list("reference__canonical", "chat", "email")}
    if people := [canonical for canonical in owners if canonical.startswith("user:")]:
        found = Person.objects.filter(reference__canonical__in=people)
        reach.update({canonical: [email] for canonical, email in found.values_list("reference__canonical", "email")})
    lines = sorted((name, " ".join(filter(None, reach.get(canonical, ())))) for canonical, name in owners.items())
    return "\n".join(f"{name}: {how or 'no contact given'}" for name, how in lines)


@panel(on=Entity, slot="main", order=20, title="Contains", template="services/_neighbours.html", kinds=_GROUPS)
def contains(request: HttpRequest, entity: Entity) -> Context:
    found = around.parts(request, entity, LISTED)
    return _beside(entity, found, "parts", f"No part of this {entity.kind} is described.")


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


@panel(on=Team, slot="main", order=50, title="Also in its file", template="services/_extra.html")
def team_extra(request: HttpRequest, team: Team) -> Context | None:
    return _extra(team)


@panel(on=Person, slot="main", order=50, title="Also in its file", template="services/_extra.html")
def person_extra(request: HttpRequest, person: Person) -> Context | None:
    return _extra(person)


def _extra(record: Team | Person) -> Context | None:
    """What the file says that the portal has no place of its own for, as it stands there."""
    texts = {
        path: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        for path, value in record.extra.items()
    }
    return {"values": sorted(texts.items())} if texts else None


def _provenance(request: HttpRequest, record: Any) -> Context:
    documents = Document.objects.filter(reference=record.reference).select_related("source").order_by("pk")
    document = next(filter(describes, documents), None)
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
        "edited": next((event for event in _events(request, record) if event.origin in {"page", "API"}), None),
        "claims": [each for each in documents if each.conflict],
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
    return {
        "rows": rows,
        "tags": entity.tags[:TAGS_SHOWN],
        "more_tags": entity.tags[TAGS_SHOWN:],
        "canonical": entity.reference.canonical,
        "kind": entity.kind,
    }


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
    documents = reverse("collection", args=["documents"]) + f"?source={quote(source.name)}&attention=*"
    return {"runs": latest, "link": {"label": "Its documents", "url": documents}}


def _named_elsewhere(request: HttpRequest, reference: Reference) -> tuple[list[dict[str, Any]], int]:
    """What names it otherwise than by a relation or as owner: what is listed of it, and how many there are."""
    successors = known_to(request.user, Entity.objects.filter(successor=reference), "reference")
    teams = known_to(request.user, Team.objects.filter(parent=reference), "reference")
    documents = Document.objects.filter(reference=reference)
    named = ((successors, "names it as successor"), (teams, "is part of it"))
    rows = [
        *(
            {"label": str(each), "how": how, "ref": each.reference}
            for found, how in named
            for each in found.select_related("reference").order_by("name")[:LISTED]
        ),
        *(
            {"label": each.file, "how": "describes it", "url": reverse("record", args=["documents", each.pk])}
            for each in documents[:LISTED]
        ),
    ]
    return rows, successors.count() + teams.count() + documents.count()


@panel(on=Reference, slot="main", order=10, title="What points here", template="services/_pointing.html")
def pointing(request: HttpRequest, reference: Reference) -> Context:
    relations = known_to(request.user, Relation.objects.filter(object=reference), "subject")
    owned = known_to(request.user, Entity.objects.filter(owner=reference), "reference")
    rows: list[dict[str, Any]] = [
        {"label": each.subject.label, "how": each.get_type_display(), "ref": each.subject}
        for each in relations.select_related("subject").order_by("subject__label")[:LISTED]
    ]
    rows += [
        {"label": each.name, "how": "is owned by it", "ref": each.reference}
        for each in owned.select_related("reference").order_by("name")[:LISTED]
    ]
    elsewhere, named = _named_elsewhere(request, reference)
    rows += elsewhere
    for row in rows:
        row["url"] = reference_url(row["ref"].canonical, row["ref"].attached) if "ref" in row else row["url"]
    total = relations.count() + owned.count() + named
    return {"rows": rows, "fact": f"{total:,}, {len(rows)} of them here" if total > len(rows) else total or ""}
