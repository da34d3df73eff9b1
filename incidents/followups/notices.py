"""What people are told about follow-ups."""

from portal.delivery.kinds import register_kind

register_kind(
    "follow-up", "Follow-up is due", "A follow-up that your team committed to is due soon, is due today, or is late."
)
