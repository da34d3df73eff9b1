"""Proposals as a collection."""

from portal.collections import Collection, register
from portal.columns import Column
from portal.looks import looks
from portal.proposals.models import Proposal, State

looks({State.OPEN: ("info", "bulb"), State.ACCEPTED: "ok"})
looks(dict.fromkeys((State.MERGED, State.DECLINED, State.WITHDRAWN), "idle"))

PROPOSALS = register(
    Collection(
        model=Proposal,
        slug="proposals",
        place=95,
        rows=Proposal.objects.all,
        order="-severity",
        label="Proposals",
        label_one="proposal",
        description="Work that the evidence asks for, until somebody decides.",
        icon="bulb",
        group="Health",
        columns=(
            Column("title", cell="link", search="A"),
            Column("state", cell="status"),
            Column("kind", search="C"),
            Column("severity", help="How bad the evidence says it is; higher is worse."),
            Column("created_at", label="Made"),
            Column("refreshed_at", label="Evidence of"),
            Column("decided_by", source="decided_by__person__reference", label="Decided by", shown=False),
            Column("decided_at", shown=False),
            Column("reason", search="D", shown=False),
            Column("text", search="D", shown=False),
            Column("source_key", label="Source", search="C", shown=False),
        ),
        defaults={"state": ("open",)},
        line=("kind", "state"),
        empty="Nothing is proposed. A limit that wants a start now makes a proposal by itself.",
        create=None,
        update=None,
        delete=None,
    )
)
