"""How the words and values of health look, as every list and page shows them."""

from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from portal.cells import Values, look
from portal.columns import Field
from portal.looks import look_of, looks
from services.health.models import (
    CheckStatus,
    DeploymentOutcome,
    DeploymentResult,
    EntityHealth,
    MaintenanceWindow,
    Outcome,
    Severity,
    Urgency,
)
from services.health.planned import next_in_words, when_in_words
from services.health.saying import in_unit

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
        DeploymentOutcome.TAKEN_BACK: "bad",
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


@look("in_unit")
def in_unit_cell(field: Field, values: Values) -> SafeString:
    """A value of a metric; the column has its unit and kind beside it."""
    value, unit, kind = values
    return escape(in_unit(value, unit, kind))


@look("planned")
def planned_cell(field: Field, values: Values) -> SafeString:
    """When a maintenance is, with what is next of it; the column has what says so beside it."""
    window = MaintenanceWindow(**dict(zip(field.column.beside, values[1:], strict=True)))
    next_up = next_in_words(window, timezone.now())
    return format_html('{} <span class="gw-sub">{}</span>', when_in_words(window), next_up)


@look("percent")
def percent_cell(field: Field, values: Values) -> SafeString:
    """A number that is one of percent already, such as a target."""
    return escape(f"{values[0].normalize():f}\u00a0%")
