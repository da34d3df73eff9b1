"""What proposals put on the home page of those who decide."""

from collections.abc import Iterable
from typing import Any

from portal.collections import get_collection
from portal.home import MOST, Waiting, register_waiting
from portal.moments import moment_text
from portal.proposals.models import Proposal, State


@register_waiting
def open_proposals(reader: Any) -> Iterable[Waiting]:
    """The worst of what is to be decided, for product managers and administrators."""
    if not reader.has_perm("proposals.change_proposal"):
        return []
    collection = get_collection("proposals")
    assert collection is not None  # noqa: S101  it is registered beside this module
    found = Proposal.objects.filter(state=State.OPEN).order_by("-severity", "created_at")[:MOST]
    return [
        Waiting(
            each.title,
            "Proposed by the evidence, and nobody has decided yet",
            collection.url_of(each),
            "Decide",
            "bulb",
            "warn",
            moment_text(each.created_at),
        )
        for each in found
    ]
