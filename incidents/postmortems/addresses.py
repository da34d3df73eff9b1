"""Where the pages of a postmortem are: under the number of its incident, because a number of its own would tell how
many private ones there are."""

from django.urls import reverse

from incidents.models import Incident, Postmortem


def address_of(postmortem: Postmortem) -> str:
    return reverse("record", args=["postmortems", key_of(postmortem.incident)])


def key_of(incident: Incident) -> str:
    return incident.name.lower()


def writing_address(postmortem: Postmortem) -> str:
    return reverse("postmortem-write", args=[key_of(postmortem.incident)])
