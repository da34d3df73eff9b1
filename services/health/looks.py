"""How the words of health look (icon and colour), as every list and page shows them."""

from portal.looks import looks
from services.health.models import CheckStatus, DeploymentResult, EntityHealth, Severity, Urgency

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
