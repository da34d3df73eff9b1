"""Saying that what is computed of an incident is out of date (incidents.insights.facts computes it anew)."""

from incidents.models import Incident, IncidentState


def mark_stale(*incidents: Incident) -> None:
    """Something of them was written. Whoever computes waits for this transaction: it holds the rows, in one order."""
    states = [IncidentState(incident_id=pk, is_stale=True) for pk in sorted(each.pk for each in incidents)]
    IncidentState.objects.bulk_create(
        states, update_conflicts=True, unique_fields=["incident"], update_fields=["is_stale"]
    )
