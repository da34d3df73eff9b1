"""What people are told about trade-offs and allocations."""

from portal.delivery.kinds import register_kind

register_kind("trade-off", "Trade-off is due", "What your team put off is due soon, or overdue.")
register_kind(
    "allocation-guard", "Allocation leaves its guard",
    "Your team plans or spends less, or more, on platform and debt than was agreed. Product managers hear of all.",
)  # fmt: skip
