"""What incidents tell people about."""

from portal.delivery.kinds import register_kind

register_kind("incident-declared", "Incident declared", "An incident is declared on a service of your team.")
register_kind("incident-severity", "Incident is worse", "The severity of an incident of yours is raised.")
register_kind("incident-status", "Incident moves on", "An incident of yours is mitigated, resolved or closed.")
register_kind("incident-reopened", "Incident is back", "An incident of yours that was over is opened again.")
register_kind("incident-role", "Role in an incident", "Somebody gives you a role in an incident, or takes yours over.")
register_kind("incident-update", "Status update", "A status update is posted in an incident of yours.")
