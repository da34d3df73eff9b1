"""What health tells people about."""

from portal.delivery.kinds import register_kind

register_kind(
    "slo-alert", "Error budget burns", "An SLO of your team burns its error budget too fast, or no longer does."
)
register_kind(
    "check",
    "Check goes down or comes back",
    "A check of a service of your team goes down or comes back; a job does not report, or reports again.",
)
register_kind("limit", "Limit wants a start now", "A limit of your team will be reached before the work could be done.")
