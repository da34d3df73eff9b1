"""What happens to incidents, for whoever tells people, computes figures or writes the timeline."""

from dataclasses import dataclass
from typing import Any

from incidents.models import Incident, IncidentRole, Severity, Status, StatusText
from portal.events import Event
from portal.references.models import Reference


@dataclass(frozen=True)
class IncidentDeclared(Event):
    """An incident is there, with the services that were named and who is let in."""

    incident: Incident
    by: Any


@dataclass(frozen=True)
class ServiceNamed(Event):
    """One more service turned out to be hit, after an incident was declared."""

    incident: Incident


@dataclass(frozen=True)
class TimesSaid(Event):
    """Somebody said, or said otherwise, when an incident began or ended."""

    incident: Incident


@dataclass(frozen=True)
class StatusChanged(Event):
    """An incident moved from ``before`` to its status, or was merged into another one; ``reason`` is what was said."""

    incident: Incident
    before: Status
    reason: str
    by: Any


@dataclass(frozen=True)
class SeverityChanged(Event):
    """An incident is worse or less bad than it was thought to be."""

    incident: Incident
    before: Severity | None
    by: Any


@dataclass(frozen=True)
class RoleChanged(Event):
    """A role went from ``before`` to ``person``; either may be nobody."""

    incident: Incident
    role: IncidentRole
    before: Reference | None
    person: Reference | None
    by: Any


@dataclass(frozen=True)
class StatusTextPosted(Event):
    """A status update was posted, for colleagues, for the public, or for both."""

    text: StatusText
    by: Any
