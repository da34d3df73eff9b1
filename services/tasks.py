"""Background work of the catalog."""

from celery import shared_task

from services import graph


@shared_task(time_limit=300)
def refresh_counts() -> None:
    """Count everybody's direct neighbours anew: mends whatever a write that went past the actions left stale."""
    graph.refresh_counts()
