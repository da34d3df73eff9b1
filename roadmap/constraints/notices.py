"""What people are told of what holds whatever is planned."""

from portal.delivery.kinds import register_kind

register_kind("non-negotiable", "Non-negotiable is broken", "A non-negotiable of your team is kept no longer.")
