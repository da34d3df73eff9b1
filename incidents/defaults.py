"""The taxonomy, severities, statuses, roles, the template and the source of own alerts that a new portal begins with.

What is missing is written after migrations: so a newer portal has its new nodes, and so have tables that were emptied.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps as current

from incidents.postmortems.template import default_sections
from portal.search import index

DEFAULT = Path(__file__).parent / "taxonomy" / "default.yaml"
SEVERITIES = (
    ("sev-1", "SEV-1", "Customers cannot do what they came for, or data is lost.", 5, 15),
    ("sev-2", "SEV-2", "An important part does not work, or many are slowed down.", 10, 30),
    ("sev-3", "SEV-3", "Few are hit, or there is a way around it.", 20, 60),
    ("sev-4", "SEV-4", "Nobody outside notices.", None, 90),
)
STATUSES = (
    ("triage", "Triage", "triage"),
    ("investigating", "Investigating", "active"),
    ("identified", "Identified", "active"),
    ("monitoring", "Monitoring", "mitigated"),
    ("resolved", "Resolved", "resolved"),
    ("closed", "Closed", "closed"),
    ("declined", "Declined", "declined"),
    ("merged", "Merged", "merged"),
    ("cancelled", "Cancelled", "cancelled"),
)
OWN_SLOS = "SLOs of this portal"
TEMPLATE = "What happened and what we learned"
ROLES = (
    ("lead", "Lead", "Decides what happens next, and hands over before leaving."),
    ("operations", "Operations", "Changes the systems, nobody else does."),
    ("communication", "Communication", "Tells customers and colleagues, at the times that were promised."),
    ("scribe", "Scribe", "Writes down what happens while it happens."),
)


def begin(apps: Any = None, **kwargs: Any) -> None:
    """Write what is missing, so that it is found by search too. A receiver of ``post_migrate``, which a flush sends
    without ``apps``."""
    registry = apps or current
    try:
        registry.get_model("incidents", "Node")
    except LookupError:  # migrated to before there were incidents
        return
    made: dict[str, list[int]] = defaultdict(list)
    for each in seed(registry):
        made[each._meta.model_name].append(each.pk)
    for name, pks in made.items():
        index.refresh(current.get_model("incidents", name), pks)


def seed(registry: Any) -> list[Any]:
    """Write what is missing, and answer with it; what is there stays as people have changed it. ``registry`` has the
    models, as ``apps`` does. Asks once for each of the six tables where nothing is missing."""
    made = [
        *_missing(registry, "Severity", "slug", _severities()),
        *_missing(registry, "Status", "slug", _statuses()),
        *_missing(registry, "IncidentRole", "slug", _roles()),
    ]
    if not registry.get_model("incidents", "PostmortemTemplate").objects.exists():
        template = {"name": TEMPLATE, "sections": default_sections(), "is_default": True}
        made += _missing(registry, "PostmortemTemplate", "name", [template])
    if not registry.get_model("incidents", "AlertSource").objects.filter(kind="portal").exists():
        made += _missing(registry, "AlertSource", "name", [{"name": OWN_SLOS, "kind": "portal"}])
    return made + _nodes(registry)


def _missing(registry: Any, name: str, key: str, wanted: Iterable[Mapping[str, Any]]) -> list[Any]:
    model = registry.get_model("incidents", name)
    there = set(model.objects.values_list(key, flat=True))
    made: list[Any] = model.objects.bulk_create(model(**each) for each in wanted if each[key] not in there)
    return made


def _severities() -> Iterator[Mapping[str, Any]]:
    for rank, (slug, name, description, days, follow_up_days) in enumerate(SEVERITIES, start=1):
        yield {
            "slug": slug, "name": name, "description": description, "rank": rank, "postmortem_days": days,
            "follow_up_days": follow_up_days,
        }  # fmt: skip


def _statuses() -> Iterator[Mapping[str, Any]]:
    for at, (slug, name, category) in enumerate(STATUSES):
        yield {"slug": slug, "name": name, "category": category, "place": 10 * at}


def _roles() -> Iterator[Mapping[str, Any]]:
    for at, (slug, name, description) in enumerate(ROLES):
        yield {"slug": slug, "name": name, "description": description, "place": 10 * at}


def _nodes(registry: Any) -> list[Any]:
    """The nodes of the taxonomy that are missing; those above first, because those below point at them."""
    facets = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    wanted = [
        {"facet": facet["facet"], "place": place, **each}
        for facet in facets
        for place, each in enumerate(_walk(facet["nodes"]))
    ]
    made = _missing(registry, "Node", "slug", [{**each, "parent": None} for each in wanted])
    model = registry.get_model("incidents", "Node")
    by_slug = {each.slug: each for each in model.objects.all()} if made else {}
    parents = {each["slug"]: each["parent"] for each in wanted if each["parent"]}
    below = [each for each in made if each.slug in parents]
    for each in below:
        each.parent = by_slug[parents[each.slug]]
    model.objects.bulk_update(below, ["parent"])
    return made


def _walk(nodes: list[Mapping[str, Any]], parent: str = "") -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        yield {
            "slug": node["slug"], "name": node["name"], "definition": node.get("definition", ""), "parent": parent,
            "is_unknown": node["slug"].endswith("-unknown"),
        }  # fmt: skip
        yield from _walk(node.get("children", []), node["slug"])
