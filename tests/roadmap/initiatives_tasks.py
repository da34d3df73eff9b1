"""What gives the tasks about initiatives something to do."""

import datetime as dt

from django.utils import timezone

from portal.delivery.models import Notification
from roadmap.initiatives import actions
from roadmap.models import Initiative, InitiativeState, Report, ReportKind
from tests import factories
from tests.roadmap.core_makers import make_initiative

REPORT = 4713


def _ask_for_a_report() -> None:
    Report.objects.create(pk=REPORT, kind=ReportKind.ROADMAP, title="Roadmap", markdown="# Roadmap\n\nNothing yet.")


def _is_ready() -> bool:
    return list(Report.objects.values_list("state", flat=True)) == ["ready"]


def _leave_an_old_report() -> None:
    _ask_for_a_report()
    Report.objects.update(asked_at=timezone.now() - dt.timedelta(days=60))


def _leave_one_silent() -> None:
    team = factories.make_team("checkout")
    factories.make_user("amara", teams=(team,))
    make_initiative("Shard orders", team=team.reference, status="in_progress")
    Initiative.objects.update(started_on="2026-01-01")


def _leave_a_wrong_count() -> None:
    needed, needing = factories.make_entity("needed"), factories.make_entity("needing")
    factories.depend(needing, needed)
    made = make_initiative("Shard orders")
    actions.link(by=None, initiative=made, kind="service", thing=needed.reference)
    InitiativeState.objects.update(reached=7)


def _is_counted() -> bool:
    return list(InitiativeState.objects.values_list("reached", flat=True)) == [1]


def _is_told() -> bool:
    return list(Notification.objects.values_list("kind", flat=True)) == ["initiative-update"]


WORK = {
    "roadmap.tasks.remind_of_initiatives": (_leave_one_silent, _is_told),
    "roadmap.tasks.refresh_reach": (_leave_a_wrong_count, _is_counted),
    "roadmap.tasks.make_report": (_ask_for_a_report, _is_ready, (REPORT,)),
    "roadmap.tasks.make_reports": (_ask_for_a_report, _is_ready),
    "roadmap.tasks.forget_old_reports": (_leave_an_old_report, lambda: not Report.objects.exists()),
}
