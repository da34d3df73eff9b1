"""What incidents put into the frame of every page."""

from portal.places import Command, register_command

register_command(
    Command("Declare incident", "incident-new", "urgent", "d", words="new outage problem alarm report near miss drill")
)
