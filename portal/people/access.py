"""Who may do what with people, teams and logins. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.people.models import ServiceAccount, Team


@rules.predicate
def is_administrator(reader: Any) -> bool:
    return bool(reader.is_administrator)


@rules.predicate
def is_in_team(reader: Any, record: Any) -> bool:
    """In the team itself, or in the team that holds the service account."""
    if isinstance(record, Team):
        return record.reference_id in reader.team_ids
    if isinstance(record, ServiceAccount):
        return record.team_id in reader.team_ids
    return bool(reader.team_ids)


rules.add_perm("people.add_team", is_administrator)
rules.add_perm("people.change_team", is_administrator | is_in_team)
rules.add_perm("people.delete_team", is_administrator)
for _act in ("add", "change", "delete"):
    rules.add_perm(f"people.{_act}_person", is_administrator)
    rules.add_perm(f"people.{_act}_user", is_administrator)
    rules.add_perm(f"people.{_act}_serviceaccount", is_administrator | is_in_team)
rules.add_perm("people.erase_person", is_administrator)
rules.add_perm("people.view_user", is_administrator)
rules.add_perm("people.view_sign_ins", is_administrator)
