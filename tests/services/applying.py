"""Descriptors for tests, and applying them."""

from pathlib import Path
from typing import Any

from django.db import connection

from portal.people.models import Membership, Team
from services.catalog.apply import Result, apply_paths
from services.models import Document, Entity, Relation


def descriptor(kind: str, name: str, spec: str = "", metadata: str = "") -> str:
    specs = {
        "Component": "type: service, lifecycle: production, owner: payments",
        "API": "type: openapi, lifecycle: production, owner: payments, definition: x",
        "Resource": "type: database, owner: payments",
        "System": "owner: payments",
        "Domain": "owner: payments",
        "Group": "type: team, children: []",
        "User": "memberOf: []",
    }
    base = {key.strip(): value for key, _, value in (part.partition(":") for part in specs.get(kind, "").split(", "))}
    given = {key.strip(): value for key, _, value in (part.partition(":") for part in spec.split("; ") if part)}
    fields = {key: value for key, value in {**base, **given}.items() if key and value.strip() != "-"}
    lines = [f"  {key}: {value.strip()}" for key, value in fields.items()]
    extra = [f"  {line}" for line in metadata.splitlines()]
    head = ["apiVersion: backstage.io/v1alpha1", f"kind: {kind}", "metadata:", f"  name: {name}"]
    return "\n".join([*head, *extra, "spec:", *lines, ""])


def write(path: Path, *documents: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(text.rstrip("\n") + "\n" if text else "" for text in documents))
    return path


def apply(*paths: Path, **options: Any) -> list[Result]:
    return list(apply_paths(paths, **options))


def by_place(results: list[Result]) -> dict[str, Result]:
    return {f"{each.file}#{each.doc}": each for each in results}


def entity(canonical: str) -> Entity:
    return Entity.objects.get(reference__canonical=canonical)


def snapshot() -> dict[str, Any]:
    """Every row that could change: counts of all tables, and the versions of what people edit."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name != "services_run"]
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return {
        **counts,
        "entities": list(Entity.objects.order_by("pk").values()),
        "documents": list(Document.objects.order_by("pk").values()),
        "relations": list(Relation.objects.order_by("pk").values()),
        "teams": list(Team.objects.order_by("pk").values()),
        "memberships": list(Membership.objects.order_by("pk").values()),
    }


RICH = descriptor(
    "Component",
    "Shop",
    "system: checkout; dependsOn: ['resource:orders-db']; providesApis: [shop-api]; dependencyOf: ['component:site']; "
    "type: Website; lifecycle: Active",
    "title: The shop\n"
    "description: Sells.\n"
    "tags: [java, web]\n"
    "labels: {team: a}\n"
    "links: [{url: 'https://shop.example'}]\n"
    "annotations:\n"
    "  groundwork/tier: '1'\n"
    "  groundwork/privacy-class: personal\n"
    "  groundwork/residency: EU\n"
    "  groundwork/region: eu-west\n"
    "  groundwork/failover: planned\n"
    "  groundwork/encryption: at rest\n"
    "  groundwork/successor: new-shop",
)


ORGANISATION = (
    descriptor(
        "Group",
        "payments",
        "profile: {displayName: Payments, email: pay@example.com}; parent: engineering; members: [jane]",
        "description: Takes money.\nannotations:\n  groundwork/team-kind: product\n  groundwork/chat: '#pay'\n"
        "  groundwork/on-call: https://oncall.example/pay",
    ),
    descriptor("Group", "engineering", "children: [platform]"),
    descriptor("Group", "platform"),
    descriptor("User", "jane", "profile: {displayName: Jane Doe, email: jane@example.com}"),
    descriptor("User", "omar", "memberOf: [platform, payments]"),
)


def members(team: str) -> set[str]:
    current = Membership.objects.filter(team__canonical=f"group:default/{team}", effective_to=None)
    return set(current.values_list("person__name", flat=True))
