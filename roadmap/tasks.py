"""Background work of the roadmap."""

from celery import shared_task

from roadmap.compliance import reminders as evidence_reminders
from roadmap.constraints import keeping
from roadmap.initiatives import reach, reminders, report_keeping, reports
from roadmap.okr import refresh
from roadmap.views.networks import refresh_slack as write_slack
from roadmap.worth import asking, finding, interest


@shared_task(time_limit=120)
def make_report(report_id: int) -> None:
    """Make the PDF of a report, which somebody has just asked for."""
    reports.make(report_id)


@shared_task(time_limit=600)
def make_reports() -> None:
    """Make the PDFs that wait because the queue or a worker lost them."""
    reports.make_waiting()


@shared_task(time_limit=600)
def forget_old_reports() -> None:
    """Delete the PDFs of no edition that were asked for a month ago."""
    report_keeping.forget_old()


@shared_task(time_limit=600)
def refresh_trade_offs() -> None:
    """Compute what trade-offs owe, remind teams of those that are due, and propose work on those that are overdue."""
    interest.refresh()
    asking.remind()
    asking.propose_overdue()


@shared_task(time_limit=300)
def refresh_key_results() -> None:
    """Read key results and non-negotiables from their metrics; what did not change is not written."""
    refresh.refresh()
    keeping.refresh()


@shared_task(time_limit=300)
def refresh_slack() -> None:
    """By how much each initiative may slip: written where it changed, whatever way the dates came."""
    write_slack()


@shared_task(time_limit=300)
def remind_of_initiatives() -> None:
    """Remind of initiatives that are late, and of updates that are due."""
    reminders.remind()


@shared_task(time_limit=600)
def refresh_reach() -> None:
    """Count anew what depends on the services of initiatives."""
    reach.refresh()


@shared_task(time_limit=300)
def remind_of_evidence() -> None:
    """Remind teams of evidence that is to be looked at again."""
    evidence_reminders.remind()


@shared_task(time_limit=1800)
def measure_claims() -> None:
    """Find what came of the claims of what is delivered."""
    finding.measure_all()
