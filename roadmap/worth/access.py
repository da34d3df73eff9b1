"""Who changes what has a worth: trade-offs and allocations are of a team, inputs and claims of an initiative. Loaded
when the apps are ready."""

from typing import Any

import rules

from roadmap.access import changes, may_see, plans


@rules.predicate
def is_of_own_team(reader: Any, record: Any) -> bool:
    """Of a team of the reader; without a record: is in a team, so may come to have one."""
    return bool(reader.team_ids) if record is None else record.team_id in reader.team_ids


for _model in ("tradeoff", "allocation"):
    for _act in ("add", "change"):
        rules.add_perm(f"roadmap.{_act}_{_model}", may_see & (plans | is_of_own_team))
rules.add_perm("roadmap.delete_allocation", plans)
for _model in ("priorityinput", "claim"):
    for _act in ("add", "change", "delete"):
        rules.add_perm(f"roadmap.{_act}_{_model}", changes)
