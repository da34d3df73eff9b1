"""The head of a proposal's page."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse

from portal.heads import Head, head
from portal.proposals.models import Proposal, State


@head(on=Proposal)
def proposal(request: HttpRequest, proposal: Proposal) -> Head:
    actions: list[Mapping[str, str]] = []
    if proposal.state == State.OPEN and request.user.has_perm("proposals.change_proposal", proposal):
        decide = reverse("proposal-decide", args=[proposal.pk])
        actions.append({"label": "Decide", "url": decide, "icon": "scale", "primary": "yes"})
    return Head(
        proposal.title,
        tags=[proposal.get_state_display(), proposal.kind.replace("-", " ").capitalize()],
        actions=actions,
    )
