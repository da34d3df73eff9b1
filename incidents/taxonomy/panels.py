"""What an incident was like, on its page; and what a node means and where it applied, on its own."""

from collections import defaultdict
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpRequest
from django.urls import reverse

from incidents.collections import INCIDENTS
from incidents.followups.collections import FOLLOW_UPS
from incidents.models import FACTOR_FACETS, Facet, FollowUp, Incident, Node, Tag
from incidents.taxonomy.collections import TAXONOMY
from incidents.taxonomy.tagging import FACETS
from incidents.taxonomy.wording import QUESTIONS
from portal.panels import Context, panel
from services.health.moments import counted

MOST_SHOWN = 30


@panel(on=Incident, slot="rail", order=30, title="What kind", template="incidents/_classification.html")
def classification(request: HttpRequest, incident: Incident) -> Context:
    tags: dict[str, list[Tag]] = defaultdict(list)
    told = Tag.objects.filter(incident=incident).select_related("node").annotate(event_count=Count("evidence"))
    for each in told.order_by("place", "pk"):
        tags[each.node.facet].append(each)
    may_change = request.user.has_perm("incidents.change_incident", incident)
    return {
        "rows": [{"label": each.label, "tags": tags[each]} for each in FACETS],
        "link": {"label": "Classify", "url": reverse("classification", args=[incident.name])} if may_change else None,
    }  # fmt: skip


@panel(on=Node, slot="main", order=10, title="Incidents with it", template="incidents/_node_incidents.html")
def incidents_with_it(request: HttpRequest, node: Node) -> Context | None:
    """As far as the reader may see them; of what is more exact too. A kind of action is of follow-ups alone."""
    if node.facet == Facet.ACTION_TYPE:
        return None
    nodes = [node.pk, *Node.objects.filter(parent=node).values_list("pk", flat=True)]
    seen = Tag.objects.filter(node__in=nodes, incident__in=Incident.objects.visible(request.user))
    total = seen.values("incident").distinct().count()
    # One that has several of them stands there once, with what is said of the node itself if anything is.
    once = seen.order_by("incident", F("node__parent").asc(nulls_first=True), "pk").distinct("incident").values("pk")
    tags = Tag.objects.filter(pk__in=once).select_related("incident__reference")
    rows = tags.order_by("-incident__declared_at", "pk")[:MOST_SHOWN]
    return {
        "rows": [{"tag": each, "url": INCIDENTS.url_of(each.incident)} for each in rows],
        "fact": _fact(total, "incident"),
    }


def _fact(total: int, what: str) -> str:
    if total > MOST_SHOWN:
        return f"{total:,} {what}s, the newest of them"
    return counted(total, what) if total else ""


@panel(on=Node, slot="main", order=20, title="Follow-ups", template="incidents/_node_follow_ups.html")
def follow_ups_with_it(request: HttpRequest, node: Node) -> Context | None:
    """Those of this kind, or against it, as far as the reader may see them."""
    if node.facet not in {Facet.ACTION_TYPE, *FACTOR_FACETS}:
        return None
    found = FollowUp.objects.visible(request.user).filter(Q(action_type=node) | Q(factor=node))
    total = found.count()
    rows = found.select_related("incident", "owner").order_by("-created_at", "-pk")[:MOST_SHOWN]
    return {
        "rows": [{"follow_up": each, "url": FOLLOW_UPS.url_of(each)} for each in rows],
        "fact": _fact(total, "follow-up"),
    }


@panel(on=Node, slot="rail", order=10, title="What it means", template="incidents/_node_facts.html")
def meaning(request: HttpRequest, node: Node) -> Context:
    children: list[tuple[str, Any]] = [
        (TAXONOMY.url_of(each), each) for each in Node.objects.filter(parent=node).order_by("place", "pk")
    ]
    parent = TAXONOMY.url_of(node.parent) if node.parent else ""
    return {"question": QUESTIONS.get(node.facet, ""), "children": children, "parent_url": parent}
