"""Who may do what with incidents. Anybody may declare one, and write down what they see; whoever runs it changes it.
What of it one may see at all is the row rule (IncidentQuerySet.visible). Loaded when the apps are ready."""

from typing import Any

import rules

from incidents.account import held_in
from incidents.models import AlertSource, FollowUp, Incident, SourceKind, Tag, granted_to
from portal.people.access import is_administrator


@rules.predicate
def may_see(reader: Any, incident: Incident | None) -> bool:
    if incident is None or not incident.is_private:
        return True
    return bool(granted_to(reader).filter(incident=incident.pk).exists())


@rules.predicate
def runs(reader: Any, incident: Incident | None) -> bool:
    """Declared it, has a role in it, or is in the team that owns it; without an incident: anybody, who may declare."""
    if incident is None:
        return True
    if incident.owner_id in reader.team_ids or incident.declared_by_id == reader.pk:
        return True
    person = getattr(reader, "person", None)
    if person is None:
        return False
    return any(each.person_id == person.reference_id for each in held_in(incident))


rules.add_perm("incidents.add_incident", rules.always_allow)
rules.add_perm("incidents.note_incident", may_see)
rules.add_perm("incidents.change_incident", may_see & (runs | is_administrator))


@rules.predicate
def answers_for(reader: Any, follow_up: FollowUp | None) -> bool:
    """In the team that owns it, or runs the incident that taught it; without a follow-up: anybody may come to."""
    if follow_up is None:
        return True
    return follow_up.owner_id in reader.team_ids or bool(runs(reader, follow_up.incident))


@rules.predicate
def may_see_its_incident(reader: Any, follow_up: FollowUp | None) -> bool:
    return follow_up is None or bool(may_see(reader, follow_up.incident))


rules.add_perm("incidents.change_followup", may_see_its_incident & (answers_for | is_administrator))


@rules.predicate
def is_of_own_slos(reader: Any, source: AlertSource | None) -> bool:
    """That of the portal itself is switched off, not deleted: a new portal begins with it."""
    return source is not None and source.kind == SourceKind.PORTAL


@rules.predicate
def classifies(reader: Any, tag: Tag | None) -> bool:
    """Runs the incident that is classified; without a tag: anybody may come to."""
    return tag is None or bool(
        may_see(reader, tag.incident) and (runs(reader, tag.incident) or is_administrator(reader))
    )


for _act in ("add", "change", "delete"):
    rules.add_perm(f"incidents.{_act}_tag", classifies)
rules.add_perm("incidents.change_node", is_administrator)
rules.add_perm("incidents.delete_alertsource", is_administrator & ~is_of_own_slos)
for _model in ("severity", "status", "incidentrole", "alertsource"):
    for _act in ("add", "change"):
        rules.add_perm(f"incidents.{_act}_{_model}", is_administrator)
# What is open to those outside, and which words are not for them, is said by administrators.
for _model in ("statusfeed", "publicname", "secretword"):
    for _act in ("add", "change", "delete"):
        rules.add_perm(f"incidents.{_act}_{_model}", is_administrator)
for _model in ("statusfeed", "secretword"):
    rules.add_perm(f"incidents.view_{_model}", is_administrator)
