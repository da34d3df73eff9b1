"""Who may do what with postmortems. Whoever may see the incident reads and comments; whoever runs it, and the teams of
the services that were hit, write. Loaded when the apps are ready."""

from typing import Any

import rules

from incidents import access
from incidents.models import Incident, Postmortem
from portal.people.access import is_administrator
from services.models import Entity


@rules.predicate
def was_hit(reader: Any, incident: Incident | None) -> bool:
    """In the team that owns a service which the incident hit."""
    if incident is None or not reader.team_ids:
        return False
    hit = incident.impacts.values("subject")
    return Entity.objects.filter(reference__in=hit, owner__in=reader.team_ids).exists()


_writes = access.may_see & (access.runs | is_administrator | was_hit)


@rules.predicate
def may_see(reader: Any, postmortem: Postmortem | None) -> bool:
    return postmortem is None or access.may_see.test(reader, postmortem.incident)


@rules.predicate
def writes(reader: Any, postmortem: Postmortem | None) -> bool:
    return postmortem is None or _writes.test(reader, postmortem.incident)


rules.add_perm("incidents.begin_postmortem", _writes)
rules.add_perm("incidents.comment_postmortem", may_see)
rules.add_perm("incidents.change_postmortem", writes)
for _act in ("add", "change"):
    rules.add_perm(f"incidents.{_act}_postmortemtemplate", is_administrator)
