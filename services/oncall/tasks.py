"""Background work of who is on call."""

from celery import shared_task

from services.oncall import asking, laying


@shared_task(time_limit=170)
def read_calendars() -> None:
    """Ask for the calendars of other systems that are due."""
    asking.ask_due()


@shared_task(time_limit=300)
def lay_out_shifts() -> None:
    """Lay out the shifts of the weeks to come."""
    laying.lay_out_all()
