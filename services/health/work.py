"""What health puts into the navigation and on the home page: what of one's teams burns, is silent, or runs out."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from portal.collections import reference_url
from portal.home import MOST, Waiting, register_waiting
from portal.moments import moment_text
from portal.places import Place, register_place
from portal.references.models import Reference
from services.health.capacity import BY_LAST_START
from services.health.collections import CHECKS, LIMITS
from services.health.models import EntityHealth, HealthState, Limit, Urgency
from services.health.moments import days_in_words
from services.health.scope import Scope
from services.health.silence import silent_checks

_STATUS = {
    EntityHealth.FAILING: "bad",
    EntityHealth.DEGRADED: "warn",
    Urgency.TOO_LATE: "bad",
    Urgency.START_NOW: "warn",
}

register_place(Place("Overview", "health", "activity", "Health"))
register_place(Place("Capacity", "capacity", "layout-rows", "Health"))


def _mine(reader: Any) -> Scope | None:
    """The things of the reader's teams; nothing for who is in none."""
    if not reader.team_ids:
        return None
    return Scope(reader, tuple(Reference.objects.filter(pk__in=reader.team_ids)), is_mine=True)


@register_waiting
def burning(reader: Any) -> Iterable[Waiting]:
    """Services of the reader's teams that fail or are degraded, the failing ones first."""
    if not (scope := _mine(reader)):
        return
    unwell = scope.narrowed(HealthState.objects.filter(status__in=[EntityHealth.FAILING, EntityHealth.DEGRADED]))
    rows = list(
        unwell.select_related("entity__reference").order_by(
            "-status", F("entity__tier").asc(nulls_last=True), F("since").desc(nulls_last=True)
        )[:MOST]
    )
    for each in rows:
        title = f"{each.entity} is {each.get_status_display().lower()}"
        when = moment_text(each.since) if each.since else ""
        url = f"{reference_url(each.entity.reference.canonical)}health/"
        yield Waiting(title, each.reason, url, "See why", "urgent", _STATUS[EntityHealth(each.status)], when)


@register_waiting
def silent(reader: Any) -> Iterable[Waiting]:
    """Jobs of the reader's teams that did not report."""
    if not (scope := _mine(reader)):
        return
    for check in silent_checks(scope, heartbeats=True)[:MOST]:
        title = f"{check.entity}: {check} did not report"
        when = moment_text(check.state.since) if check.state.since else ""
        yield Waiting(title, check.state.reason, CHECKS.url_of(check), "See when", "clock-pause", "warn", when)


@register_waiting
def running_out(reader: Any) -> Iterable[Waiting]:
    """Limits of the reader's teams for which work has to begin now, or should have."""
    if not (scope := _mine(reader)):
        return
    urgent = Limit.objects.filter(is_active=True, state__urgency__in=[Urgency.TOO_LATE, Urgency.START_NOW])
    rows = scope.about(urgent, "metric__subject").select_related("state")
    for each in rows.order_by(*BY_LAST_START)[:MOST]:
        early = each.state.q10_date
        note = f"The ceiling could be reached {days_in_words(early)}" if early else "The ceiling is near"
        urgency = Urgency(each.state.urgency)
        title = f"{each}: {urgency.label.lower()}"
        yield Waiting(title, note, LIMITS.url_of(each), "See the date", "hourglass", _STATUS[urgency])
