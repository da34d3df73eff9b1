"""A large catalog for benchmarks, written by COPY: history, search and counts are as true as after any other write."""

import datetime as dt
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import pghistory
from django.db import connection, models, transaction
from django.utils import timezone

from portal.demo.progress import Progress
from portal.people.models import Membership, Person, Team
from portal.references.models import Reference
from portal.search import index
from portal.tenure import organisation_today
from services import graph
from services.catalog.bulk import skip_no_trigger
from services.demo.names import full_names, team_names
from services.demo.plan import TEAMS, Edge, Node, Plan, draw
from services.models import Entity, EntityState, Ownership, Relation, Source

SOURCE = "Larkspur, large"
PEOPLE = 1600
RELATIONS_PER_ENTITY = 4
CHUNK = 5000
SEED = 2026
LIFECYCLES = ("production",) * 8 + ("experimental", "deprecated")
TIERS = (None, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4)
PRIVACY = ("", "public", "internal", "internal", "internal", "personal", "personal", "sensitive")
PLACES = (
    ("EU", "eu-central"),
    ("EU", "eu-west"),
    ("EU", "eu-central, eu-west"),
    ("US", "us-east"),
    ("UK", "uk-south"),
    ("", ""),
)
FAILOVERS = ("", "none", "none", "planned", "exercised 2026-06-11", "exercised 2026-02-12")
ENCRYPTION = ("", "in transit", "in transit, at rest", "in transit, at rest")
LANGUAGES = ("go", "java", "kotlin", "python", "rust", "typescript", "scala", "swift")
TOPICS = ("batch", "events", "graphql", "grpc", "ml", "mobile", "payments", "rest", "streaming", "venues")
OPENINGS = ("Keeps", "Serves", "Prepares", "Checks", "Collects", "Publishes", "Reconciles", "Watches")
AUDIENCES = (
    "fans",
    "organisers",
    "box offices",
    "support agents",
    "partners",
    "accountants",
    "the apps",
    "other teams",
)

Row = Sequence[Any]


@transaction.atomic
def load_large(entities: int = 100_000, relations: int | None = None) -> None:
    """Fill the catalog up to this many entities and relations (four to an entity when not said)."""
    wanted = entities - Entity.objects.count()
    edges = (relations or entities * RELATIONS_PER_ENTITY) - Relation.objects.count()
    if wanted <= 0 or edges <= 0:
        return
    skip_no_trigger()
    # Steps by their weight in time, roughly: what is written, searched and counted.
    with Progress(f"Loading {entities:,} entities", wanted * 6 + edges) as bar:
        bar.advance(0, "drawing the company")
        plan = draw(entities=wanted, relations=edges, taken=_names_in_use(), seed=SEED)
        with pghistory.context(origin=SOURCE):
            _Writer(plan, bar).write()
        bar.advance(wanted, "search")
        for model in (Entity, Team, Person):
            index.refresh(model)
        # Without statistics the planner would compare every entity with every relation.
        _analyze()
        bar.advance(wanted * 2, "counting dependants")
        graph.refresh_counts()


def _names_in_use() -> dict[str, set[str]]:
    taken: dict[str, set[str]] = {}
    for kind, name in Reference.objects.values_list("kind", "name"):
        taken.setdefault(kind, set()).add(name)
    return taken


class _Writer:
    """Writes a plan. Ids are reserved beforehand, so that each table is one COPY."""

    def __init__(self, plan: Plan, bar: Progress) -> None:
        self.plan, self.bar, self.chance = plan, bar, random.Random(SEED)  # noqa: S311
        self.today = organisation_today()
        self.source = Source.objects.create(name=SOURCE, kind="demo", trusted=True, precedence=200)

    def write(self) -> None:
        self._write_teams()
        self._write_people()
        self.references = self._copy_references([(node.kind, node.name, node.name) for node in self.plan.nodes])
        self.entities = _reserve(Entity, len(self.plan.nodes))
        self.single = _single_parents(self.plan)
        self._copy(Entity, list(_ENTITY_FIELDS), map(self._entity_row, self.plan.nodes), "entities")
        self._copy(EntityState, ["entity"], ([pk] for pk in self.entities), "entities")
        self._copy(
            Ownership,
            ["entity", "owner", "role", "effective_from"],
            map(self._ownership_row, self.plan.nodes),
            "owners",
        )
        self._copy(Relation, ["subject", "type", "object"], map(self._relation_row, self.plan.edges), "relations")

    def _write_teams(self) -> None:
        names = team_names(TEAMS, self.chance)
        self.teams = self._copy_references([("group", name, title) for name, title in names])
        rows = [
            [reference, name, title, self.chance.choice(("product", "product", "product", "platform", "enabling")),
             "team", f"Looks after {title.lower()}.", f"#{name}", f"{name}@larkspur.example",
             f"https://oncall.larkspur.example/rotas/{name}", "{}"]
            for reference, (name, title) in zip(self.teams, names, strict=True)
        ]  # fmt: skip
        fields = ["reference", "name", "title", "kind", "type", "description", "chat", "email", "on_call_url", "extra"]
        self._copy(Team, fields, rows, "teams")

    def _write_people(self) -> None:
        taken = set(Reference.objects.filter(kind="user").values_list("name", flat=True))
        names = [pair for pair in full_names() if pair[0] not in taken][:PEOPLE]
        people = self._copy_references([("user", name, title) for name, title in names])
        rows = [
            [ref, name, title, f"{name}@larkspur.example", "{}"]
            for ref, (name, title) in zip(people, names, strict=True)
        ]
        self._copy(Person, ["reference", "name", "title", "email", "extra"], rows, "people")
        memberships = [
            [person, self.teams[number % TEAMS], "lead" if number < TEAMS else "member", self._some_day(3000)]
            for number, person in enumerate(people)
        ]
        self._copy(Membership, ["person", "team", "role", "effective_from"], memberships, "people")

    def _copy_references(self, identities: list[tuple[str, str, str]]) -> Sequence[int]:
        ids = _reserve(Reference, len(identities))
        rows = (
            [
                pk,
                uuid.UUID(int=self.chance.getrandbits(128), version=4),
                kind,
                "default",
                name,
                f"{kind}:default/{name}",
                label,
                True,
            ]
            for pk, (kind, name, label) in zip(ids, identities, strict=True)
        )
        fields = ["id", "uid", "kind", "namespace", "name", "canonical", "label", "attached"]
        self._copy(Reference, fields, rows, "references")
        return ids

    def _entity_row(self, node: Node) -> Row:
        pick, runs = self.chance.choice, node.kind in {"component", "api", "resource"}
        residency, region = pick(PLACES) if runs else ("", "")
        changed = timezone.now() - dt.timedelta(minutes=self.chance.randrange(1_000_000))
        values = {
            "id": self.entities[node.number],
            "reference": self.references[node.number],
            "kind": node.kind,
            "namespace": "default",
            "name": node.name,
            "title": "",
            "description": self._description(node),
            "type": node.type,
            "lifecycle": pick(LIFECYCLES) if runs and node.kind != "resource" else "",
            "tier": pick(TIERS) if runs else None,
            "privacy_class": pick(PRIVACY) if runs else "",
            "residency": residency,
            "region": region,
            "failover": pick(FAILOVERS) if runs else "",
            "encryption": pick(ENCRYPTION) if runs else "",
            "owner": self.teams[node.team],
            "system": self._parent(node, "system"),
            "domain": self._parent(node, "domain"),
            "tags": sorted({pick(LANGUAGES), pick(TOPICS)}),
            "links": json.dumps(_links(node.name)),
            "labels": "{}",
            "annotations": json.dumps({"github.com/project-slug": f"larkspur/{node.name}"}),
            "spec": "{}",
            "extra": "{}",
            "custom": "{}",
            "source": self.source.pk,
            "created_at": changed - dt.timedelta(days=400),
            "updated_at": changed,
        }
        return [values[name] for name in _ENTITY_FIELDS]

    def _parent(self, node: Node, kind: str) -> int | None:
        number = self.single.get((node.number, kind))
        return None if number is None else self.references[number]

    def _description(self, node: Node) -> str:
        subject = node.name.rpartition("-")[0].replace("-", " ")
        return f"{self.chance.choice(OPENINGS)} {subject} for {self.chance.choice(AUDIENCES)}."

    def _ownership_row(self, node: Node) -> Row:
        return [self.entities[node.number], self.teams[node.team], "accountable", self._some_day(1500)]

    def _relation_row(self, edge: Edge) -> Row:
        return [self.references[edge.subject], edge.type, self.references[edge.object]]

    def _some_day(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=self.chance.randrange(days))

    def _copy(self, model: type[models.Model], fields: list[str], rows: Iterable[Row], step: str) -> None:
        own = {field.name: str(field.column) for field in model._meta.concrete_fields}
        columns = ", ".join(connection.ops.quote_name(own[name]) for name in fields)
        table = connection.ops.quote_name(model._meta.db_table)
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for number, row in enumerate(rows):
                copy.write_row(row)
                if number % CHUNK == 0:
                    self.bar.advance(CHUNK, step)


_ENTITY_FIELDS = (
    "id", "reference", "kind", "namespace", "name", "title", "description", "type", "lifecycle", "tier",
    "privacy_class", "residency", "region", "failover", "encryption", "owner", "system", "domain", "tags", "links",
    "labels", "annotations", "spec", "extra", "custom", "source", "created_at", "updated_at",
)  # fmt: skip


def _single_parents(plan: Plan) -> dict[tuple[int, str], int]:
    """The first system and domain each entity is part of."""
    parents: dict[tuple[int, str], int] = {}
    for edge in plan.edges:
        if edge.type == "partOf":
            parents.setdefault((edge.subject, plan.nodes[edge.object].kind), edge.object)
    return parents


def _links(name: str) -> list[dict[str, str]]:
    return [
        {"url": f"https://runbooks.larkspur.example/{name}", "title": "Runbook", "type": "runbook"},
        {"url": f"https://metrics.larkspur.example/d/{name}", "title": "Dashboard", "type": "dashboard"},
    ]


def _reserve(model: type[models.Model], count: int) -> range:
    """Take this many ids of a table out of its sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        sequence = cursor.fetchone()[0]
        cursor.execute("SELECT nextval(%s)", [sequence])
        first = cursor.fetchone()[0]
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + count])
    return range(first, first + count)


def _analyze() -> None:
    with connection.cursor() as cursor:
        for model in (Reference, Entity, EntityState, Ownership, Relation, Team, Person, Membership):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
