"""Who may do what with the health of a service: whoever may edit the service. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.people.access import is_administrator
from services.health.voices import has_a_voice, speaks_for
from services.models import Entity


@rules.predicate
def may_edit_its_entity(reader: Any, record: Any) -> bool:
    """May edit the entity the record is of; without a record: may have one to edit, which the action checks."""
    if record is None:
        return has_a_voice(reader)
    entity = record if isinstance(record, Entity) else record.entity
    return bool(reader.has_perm("services.change_entity", entity))


@rules.predicate
def speaks_for_its_subject(reader: Any, record: Any) -> bool:
    """Speaks for what a metric, or that of a limit, is about; without a record: may have something to speak for."""
    if record is None:
        return has_a_voice(reader)
    metric = getattr(record, "metric", record)
    return speaks_for(reader, metric.subject)


for _act in ("add", "change", "delete"):
    for _model in ("metric", "limit"):
        rules.add_perm(f"health.{_act}_{_model}", speaks_for_its_subject)
    rules.add_perm(f"health.{_act}_prometheusserver", is_administrator)
# What a pipeline reported is nobody's to change; what it reported wrongly can be taken out.
rules.add_perm("health.delete_deployment", is_administrator)
for _model in ("check", "maintenancewindow", "slo"):
    for _act in ("add", "change", "delete"):
        rules.add_perm(f"health.{_act}_{_model}", may_edit_its_entity)
