"""What the tasks of trade-offs, returns and priorities find to do."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import time_machine

from portal.delivery.models import Notification
from portal.proposals.models import Proposal
from roadmap.models import TradeOffState
from roadmap.worth import loans
from tests import factories
from tests.roadmap.core_makers import make_cycle
from tests.roadmap.worth_makers import make_incident_of, make_trade_off

DAY = dt.datetime(2026, 11, 21, 14, 0, tzinfo=dt.UTC)


def _leave_a_loan() -> None:
    team = factories.make_team("checkout")
    factories.make_user("amara", teams=(team,))
    with time_machine.travel(DAY):
        loan = make_trade_off(
            "Sign-ins in two regions", team.reference, make_cycle("2026 Q3", dt.date(2026, 7, 1)),
            decided_on=dt.date(2026, 7, 5),
        )  # fmt: skip
        loans.count_interest(by=None, trade_off=loan, incident=make_incident_of(480))
    TradeOffState.objects.update(interest_days=0, interest_minutes=0)


def _is_owed() -> bool:
    return (
        list(TradeOffState.objects.values_list("interest_days", flat=True)) == [1.0]
        and set(Notification.objects.values_list("kind", flat=True)) >= {"trade-off"}
        and list(Proposal.objects.values_list("kind", flat=True)) == ["trade-off"]
    )


WORK: dict[str, tuple[Callable[[], Any], Callable[[], bool]]] = {
    "roadmap.tasks.refresh_trade_offs": (_leave_a_loan, _is_owed),
}
