"""How the words of health look (icon and colour), as every list and page shows them."""

from portal.looks import look_of, looks
from services.health.models import CheckStatus, DeploymentResult, EntityHealth, Outcome, Severity, Urgency

looks(
    {
        CheckStatus.UP: "ok",
        CheckStatus.DEGRADED: "warn",
        CheckStatus.DOWN: "bad",
        CheckStatus.LATE: ("idle", "clock"),
        CheckStatus.UNKNOWN: "idle",
        CheckStatus.MAINTENANCE: "info",
        EntityHealth.HEALTHY: "ok",
        EntityHealth.FAILING: "bad",
        DeploymentResult.SUCCEEDED: "ok",
        DeploymentResult.FAILED: "bad",
        Severity.PAGE: "bad",
        Severity.TICKET: "warn",
        Urgency.CALM: "ok",
        Urgency.PLAN: ("info", "calendar-event"),
        Urgency.START_NOW: ("warn", "player-play"),
        Urgency.TOO_LATE: "bad",
    }
)


def look_of_outcome(outcome: int) -> str:
    """One answer looks as the check does that says so."""
    state, _ = look_of(CheckStatus[Outcome(outcome).name])
    return state
