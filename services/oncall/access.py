"""Who may say who is on call in a team: its members. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.people.access import is_administrator
from services.oncall.models import Schedule


@rules.predicate
def is_of_its_team(reader: Any, schedule: Schedule | None) -> bool:
    """In the team; without a schedule: in any, which the action checks."""
    return bool(reader.team_ids) if schedule is None else schedule.team_id in reader.team_ids


for _act in ("add", "change", "delete"):
    rules.add_perm(f"oncall.{_act}_schedule", is_administrator | is_of_its_team)
