"""Initiatives on the pages of what they are about: services, incidents, follow-ups, limits and factors; and taking a
proposal on."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from incidents.models import HIT, FollowUp, Incident, Node
from portal.panels import Context, panel
from portal.proposals.models import Proposal, State
from roadmap.collections import INITIATIVES
from roadmap.initiatives.above import at_work_on
from roadmap.initiatives.new import initiatives_of
from services.health.models import Limit
from services.models import Entity

TEMPLATE = "roadmap/_initiatives_of.html"
SHOWN = 8


def _shown(request: HttpRequest, kind: str, thing: Any, words: str) -> Context:
    """The initiatives that are linked to it, and what begins or links one."""
    found = initiatives_of(request.user, kind, thing)
    asked = urlencode({"kind": kind, "thing": words})
    may = request.user.has_perm("roadmap.add_initiative")
    return {
        "rows": [(each, INITIATIVES.url_of(each)) for each in found[:SHOWN]], "more": max(0, len(found) - SHOWN),
        "fact": len(found) or "",
        "new_url": f"{reverse('initiative-new')}?{asked}" if may else "",
        "link_url": f"{reverse('initiative-link-to')}?{asked}" if may else "",
    }  # fmt: skip


@panel(on=Entity, slot="main", order=28, title="Initiatives", template=TEMPLATE, kinds=HIT, lazy=True)
def of_entity(request: HttpRequest, entity: Entity) -> Context:
    return _shown(request, "service", entity.reference_id, entity.reference.canonical)


@panel(on=Incident, slot="rail", order=60, title="Initiatives", template=TEMPLATE, lazy=True)
def of_incident(request: HttpRequest, incident: Incident) -> Context:
    return _shown(request, "incident", incident, incident.name)


@panel(on=FollowUp, slot="rail", order=60, title="Initiatives", template=TEMPLATE, lazy=True)
def of_follow_up(request: HttpRequest, follow_up: FollowUp) -> Context:
    return _shown(request, "follow_up", follow_up, f"{follow_up.incident.name}-{follow_up.number}")


@panel(on=Limit, slot="rail", order=60, title="Initiatives", template=TEMPLATE, lazy=True)
def of_limit(request: HttpRequest, limit: Limit) -> Context:
    return _shown(request, "limit", limit, limit.name)


@panel(on=Node, slot="rail", order=60, title="Initiatives", template=TEMPLATE, lazy=True)
def of_factor(request: HttpRequest, node: Node) -> Context:
    return _shown(request, "factor", node, node.slug)


@panel(on=Proposal, slot="rail", order=5, title="Take it on", template="roadmap/_take.html")
def take(request: HttpRequest, proposal: Proposal) -> Context | None:
    """Of an open one, for those who decide."""
    if proposal.state != State.OPEN or not request.user.has_perm("proposals.change_proposal", proposal):
        return None
    return {
        "take_url": reverse("proposal-take", args=[proposal.pk]),
        "into_url": reverse("proposal-take-into", args=[proposal.pk]), **at_work_on(request.user, proposal),
    }  # fmt: skip
