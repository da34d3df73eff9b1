"""The pages of trade-offs and allocations: the editor's team owes the loan and has the plan."""

import datetime as dt
from typing import Any

from roadmap.worth import loans, scores
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.worth_makers import make_allocation, make_claim, make_incident_of, make_trade_off
from tests.url_rows import Row, page, post

_THEIRS = "302 403 403 200 200 200 302"

_API = "401 403 403 415 415 415 415"

URLS: dict[str, Row] = {
    **{
        f"api-trade-off-{act}": post(_API, key="trade_off")
        for act in ("pay", "renegotiate", "write-off", "reopen", "interest")
    },
    "priorities": page(),
    "initiative-priority": Row(_THEIRS, {"key": "rm-1"}),
    "initiative-claim": Row(_THEIRS, {"key": "rm-1"}),
    "allocation-plan": page(),
    "trade-off-record": Row(_THEIRS, {"key": "allocation"}),
    "trade-off-act": Row(_THEIRS, {"key": "trade_off", "act": "renegotiate"}),
    "trade-off-interest-drop": post("302 403 403 302 302 302 302", {}, "/trade-offs/", key="trade_off", pk="interest"),
}
# Those that show a form and take it.
FORMS = ("initiative-priority", "initiative-claim", "allocation-plan", "trade-off-record", "trade-off-act")


def world(people: Any) -> dict[str, Any]:
    cycle = make_cycle("2027 Q3", dt.date(2027, 7, 1))
    team = people.team.reference
    allocation = make_allocation(team, cycle, feature_planned=90, platform_planned=10)
    loan = make_trade_off("Sign-ins in two regions", team, cycle)
    row = loans.count_interest(by=None, trade_off=loan, incident=make_incident_of(60))
    initiative = make_initiative("Queue before checkout")
    make_claim(initiative, 60)
    scores.say(by=None, values={"initiative": initiative, "factor": "reach", "value": 4})
    return {"allocation": allocation.pk, "trade_off": loan.pk, "interest": row.pk}
