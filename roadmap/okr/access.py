"""Who may change objectives and key results: who plans, and the team that owns the objective, until its cycle is
closed. Loaded when the apps are ready."""

from typing import Any

import rules

from roadmap.access import owns, plans
from roadmap.models import KeyResult


@rules.predicate
def owns_objective(reader: Any, record: Any) -> bool:
    """In the team whose objective it is, or whose key result."""
    return bool(owns(reader, record.objective if isinstance(record, KeyResult) else record))


@rules.predicate
def is_open(reader: Any, record: Any) -> bool:
    """Of a cycle that is not closed; then values stand."""
    objective = record.objective if isinstance(record, KeyResult) else record
    return objective is None or objective.cycle.closed_at is None


_answers = plans | owns_objective
for _model in ("objective", "keyresult"):
    rules.add_perm(f"roadmap.add_{_model}", _answers)
    rules.add_perm(f"roadmap.change_{_model}", _answers & is_open)
    rules.add_perm(f"roadmap.delete_{_model}", _answers & is_open)
rules.add_perm("roadmap.close_cycle", plans)
rules.add_perm("roadmap.correct_keyresult", plans)
