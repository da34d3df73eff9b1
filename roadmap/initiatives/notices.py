"""What people are told about initiatives."""

from portal.delivery.kinds import register_kind

register_kind(
    "initiative-update", "Update of an initiative is due",
    "An initiative of yours or of your team goes on, and nobody has said for a week how.",
)  # fmt: skip
register_kind(
    "initiative-late", "Initiative is late", "The likely end of an initiative of yours or of your team is over."
)
