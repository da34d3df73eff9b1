"""What gives the tasks about compliance something to do."""

import datetime as dt

from portal.delivery.models import Notification
from portal.tenure import organisation_today
from tests import factories
from tests.roadmap.compliance_makers import make_evidence


def _leave_evidence_that_is_due() -> None:
    team = factories.make_team("checkout")
    factories.make_user("amara", teams=(team,))
    make_evidence(fulfilment="met", owner=team.reference, review_by=organisation_today() + dt.timedelta(days=3))


WORK = {
    "roadmap.tasks.remind_of_evidence": (
        _leave_evidence_that_is_due,
        lambda: Notification.objects.filter(kind="evidence-review").count() == 1,
    ),
}
