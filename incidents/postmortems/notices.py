"""What postmortems tell people about."""

from portal.delivery.kinds import register_kind

register_kind(
    "postmortem-due",
    "Postmortem is due",
    "The postmortem of an incident of your team is due in two days, today, or late.",
)
register_kind("postmortem-review", "Asked to review", "Somebody asks you or your team to read a postmortem.")
register_kind("postmortem-comment", "Comment on a postmortem", "Somebody comments on a postmortem of your team.")
register_kind(
    "postmortem-published",
    "Postmortem is published",
    "What an incident taught that hit your team, or that you were in, is published.",
)
