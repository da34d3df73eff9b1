"""What the tasks of trade-offs, returns and priorities find to do."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import time_machine

from portal.delivery.models import Notification
from portal.proposals.models import Proposal
from roadmap.models import Finding, TradeOffState
from roadmap.worth import loans
from services.health.models import MetricDay
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.worth_makers import make_amount, make_claim, make_incident_of, make_trade_off

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


def _leave_a_claim() -> None:
    """Of what was delivered a month ago: twelve minutes a day before, four since."""
    metric = make_amount("incident-minutes")
    delivered = DAY.date() - dt.timedelta(days=31)
    days = [delivered + dt.timedelta(days=n) for n in range(-60, 31)]
    MetricDay.objects.bulk_create(
        MetricDay(metric=metric, day=day, count=1, sum=value, min=value, max=value, last=value)
        for day in days for value in [12.0 if day < delivered else 4.0]
    )  # fmt: skip
    make_claim(make_initiative("Two regions", delivered_on=delivered), 200, metric)


WORK: dict[str, tuple[Callable[[], Any], Callable[[], bool]]] = {
    "roadmap.tasks.measure_claims": (
        _leave_a_claim,
        lambda: list(Finding.objects.values_list("per_month", flat=True)) == [240.0],
    ),
    "roadmap.tasks.refresh_trade_offs": (_leave_a_loan, _is_owed),
}
