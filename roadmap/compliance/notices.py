"""What people are told about evidence."""

from portal.delivery.kinds import register_kind

register_kind(
    "evidence-review", "Evidence is due for review", "What shows that a control is met is to be looked at again, "
    "and your team answers for it.",
)  # fmt: skip
