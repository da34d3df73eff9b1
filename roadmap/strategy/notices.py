"""What people are told of the strategy."""

from portal.delivery.kinds import register_kind

register_kind(
    "strategy-edition", "Strategy is published",
    "An edition of the strategy is out, and it concerns a product of your team. Product managers hear of all.",
)  # fmt: skip
