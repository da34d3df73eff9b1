"""How what an incident cost of error budgets is said."""

from collections.abc import Sequence
from typing import Any

from incidents.impacts import Spent, spent
from incidents.models import Impact, Incident
from services.health.collections import SLOS
from services.health.moments import duration


def budget_rows(incident: Incident, impacts: Sequence[Impact]) -> dict[int, list[dict[str, Any]]]:
    """Service (id of its reference) → a row for each of its SLOs: name, address, what was spent in words, and how far a
    meter goes."""
    return {subject: [_row(each) for each in rows] for subject, rows in spent(incident, impacts).items()}


def _row(each: Spent) -> dict[str, Any]:
    row = {"name": str(each.slo), "url": SLOS.url_of(each.slo), "share": each.share, "words": "", "width": "0"}
    if each.share is None or each.minutes is None:
        return row
    look = "bad" if each.share >= 1 else "warn" if each.share > 0 else "ok"
    return {**row, "words": duration(each.minutes * 60), "width": f"{min(each.share, 1):.0%}", "look": look}
