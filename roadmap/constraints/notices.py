"""What people are told of what holds whatever is planned."""

from portal.delivery.kinds import register_kind

register_kind("non-negotiable", "Non-negotiable is broken", "A non-negotiable of your team is kept no longer.")
register_kind(
    "freeze", "Features halt, or go on",
    "A freeze that touches your team is decided, reaches it anew, or is lifted. Product managers hear of all.",
)  # fmt: skip
