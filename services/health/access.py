"""Who may do what with the health of a service: whoever may edit the service. Loaded when the apps are ready."""

from typing import Any

import rules

from services.models import Entity


@rules.predicate
def may_edit_its_entity(reader: Any, record: Any) -> bool:
    """May edit the entity the record is of; without a record: may have one to edit, which the action checks."""
    if record is None:
        return bool(reader.is_administrator or reader.team_ids)
    entity = record if isinstance(record, Entity) else record.entity
    return bool(reader.has_perm("services.change_entity", entity))


for _model in ("check", "maintenancewindow"):
    for _act in ("add", "change", "delete"):
        rules.add_perm(f"health.{_act}_{_model}", may_edit_its_entity)
