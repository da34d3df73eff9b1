"""Loading a postmortem that an address names, with permission, in one line."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from incidents.collections import INCIDENTS
from incidents.models import Incident, Postmortem, PostmortemSection
from incidents.postmortems.collections import POSTMORTEMS


def load(request: HttpRequest, key: str, act: str = "") -> Postmortem:
    """The postmortem of the incident with this number, where the reader may see it and may ``act``."""
    user: Any = request.user
    rows = POSTMORTEMS.visible(user).select_related(
        "incident__status", "incident__severity", "incident__owner", "template", "latest"
    )
    postmortem = rows.filter(POSTMORTEMS.key_condition(key)).first()
    if postmortem is None:
        raise Http404(f"There is no postmortem of “{key}”.")
    if act and not user.has_perm(f"incidents.{act}_postmortem", postmortem):
        raise PermissionDenied(
            f"You may not change the postmortem of {postmortem.incident.name}. Whoever runs the incident and the teams "
            "of the services it hit may; anybody who sees it may comment."
        )
    found: Postmortem = postmortem
    return found


def load_section(postmortem: Postmortem, key: str) -> PostmortemSection:
    section = postmortem.sections.filter(key=key).first()
    if section is None:
        raise Http404(f"{postmortem} has no section “{key}”.")
    section.postmortem = postmortem
    return section


def load_incident(request: HttpRequest, key: str) -> Incident:
    """The incident, where the reader may begin its postmortem."""
    user: Any = request.user
    rows = INCIDENTS.visible(user).select_related("status", "severity", "owner", "reference")
    incident = rows.filter(INCIDENTS.key_condition(key)).first()
    if incident is None:
        raise Http404(f"There is no incident “{key}”.")
    if not user.has_perm("incidents.begin_postmortem", incident):
        raise PermissionDenied(
            f"You may not begin the postmortem of {incident.name}. Whoever runs it may, and the teams of the services "
            "it hit."
        )
    found: Incident = incident
    return found
