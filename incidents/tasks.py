"""Background work of incidents."""

from celery import shared_task

from incidents.alerts import taking
from incidents.followups import reminders as follow_up_reminders
from incidents.insights import facts, recurring
from incidents.postmortems import keeping, reminders


@shared_task(time_limit=120)
def take_alerts() -> None:
    """Understand the alerts that wait."""
    taking.take_waiting()


@shared_task(time_limit=600)
def forget_old_messages() -> None:
    """Delete the messages of alerts whose time is over."""
    taking.forget_old_messages()


@shared_task(time_limit=120)
def make_pdf(edition_id: int) -> None:
    """Make the PDF of an edition, which somebody has just asked for."""
    keeping.make(edition_id)


@shared_task(time_limit=600)
def make_pdfs() -> None:
    """Make the PDFs that wait because the queue or a worker lost them."""
    keeping.make_waiting()


@shared_task(time_limit=300)
def remind_of_postmortems() -> None:
    """Tell of postmortems that are due."""
    reminders.remind()


@shared_task(time_limit=300)
def remind_of_follow_ups() -> None:
    """Remind teams of follow-ups that are due soon, are due, or are late."""
    follow_up_reminders.remind()


@shared_task(time_limit=900)
def refresh_facts() -> None:
    """Compute how long incidents took and what they cost, of those that were written since."""
    facts.refresh_stale()


@shared_task(time_limit=300)
def propose_recurring() -> None:
    """Propose work against what recurs, and take back what no longer does."""
    facts.mark_retagged()
    recurring.refresh()
