"""One status for each entity, with its reason in words, from its checks and its error budgets; and telling its owners.

The worst one speaks. Checks of production speak for the entity; those of other environments only where production has
none. A check that the portal asked too late says nothing of the service; a heartbeat that did not come does. A new
one, which has not been asked or pinged yet, speaks only where nothing else does.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from portal.collections import reference_url
from portal.delivery.actions import notify
from portal.events import emit
from portal.people.models import User
from portal.references.models import Reference
from services.health.events import HealthChange, HealthChanged
from services.health.hysteresis import LONGEST_REASON, Alarm, Change
from services.health.models import Check, CheckKind, CheckState, CheckStatus, EntityHealth, HealthState, SloState

PRODUCTION = "production"
# From the worst: what speaks for the entity when several are true.
_ORDER = (
    EntityHealth.FAILING,
    EntityHealth.DEGRADED,
    EntityHealth.MAINTENANCE,
    EntityHealth.UNKNOWN,
    EntityHealth.HEALTHY,
)
_MEANS = {
    CheckStatus.UP: EntityHealth.HEALTHY,
    CheckStatus.DEGRADED: EntityHealth.DEGRADED,
    CheckStatus.DOWN: EntityHealth.FAILING,
    CheckStatus.LATE: EntityHealth.UNKNOWN,
    CheckStatus.UNKNOWN: EntityHealth.UNKNOWN,
    CheckStatus.MAINTENANCE: EntityHealth.MAINTENANCE,
}
# The first half of the key of the lock that is held while the health of an entity is worked out.
_LOCK_CLASS = 0x6865
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Voice:
    """What one check or one error budget says of its entity."""

    status: EntityHealth
    reason: str
    environment: str = PRODUCTION
    is_waiting: bool = False


def refresh(entity_ids: Collection[int]) -> None:
    """Work out the health of entities anew; five queries however many. Those without an active check lose theirs."""
    if not entity_ids:
        return
    ids = sorted(entity_ids)
    with connection.cursor() as cursor:
        # Two batches may change two checks of one entity: whoever is second waits here, and then sees both.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) id", [_LOCK_CLASS, ids])
    voices, with_checks = _voices(ids)
    held = HealthState.objects.in_bulk(ids)
    now = timezone.now()
    changed, moves = [], []
    for entity_id in with_checks:
        status, reason = verdict(voices[entity_id])
        state = held.get(entity_id) or HealthState(entity_id=entity_id, status="")
        if (state.status, state.reason) != (status, reason):
            if state.status != status:
                moves.append(HealthChange(entity_id, state.status, status, reason))
                state.since = now
            state.status, state.reason, state.refreshed_at = status, reason, now
            changed.append(state)
    HealthState.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["entity"],
        update_fields=["status", "reason", "since", "refreshed_at"],
    )  # fmt: skip
    if gone := held.keys() - with_checks:
        HealthState.objects.filter(entity__in=gone).delete()
    if moves:
        emit(HealthChanged(moves, now))


def _voices(entity_ids: Sequence[int]) -> tuple[dict[int, list[Voice]], set[int]]:
    """What is said of entities, and which of them have a check."""
    voices: dict[int, list[Voice]] = defaultdict(list)
    checks = Check.objects.active().filter(entity__in=entity_ids, state__isnull=False).order_by("name")
    for check in checks.select_related("state"):
        voices[check.entity_id].append(_voice(check, check.state))
    with_checks = set(voices)
    alerts = SloState.objects.filter(slo__entity__in=entity_ids, slo__is_active=True).exclude(severity="")
    for entity_id, text in alerts.values_list("slo__entity_id", "alert_text").order_by("slo__name"):
        voices[entity_id].append(Voice(EntityHealth.DEGRADED, text))
    return voices, with_checks


def _voice(check: Check, state: CheckState) -> Voice:
    means = _MEANS[CheckStatus(state.status)]
    if check.kind == CheckKind.HEARTBEAT and state.status == CheckStatus.LATE:
        means = EntityHealth.DEGRADED
    says = f"{check} is {state.get_status_display().lower()}"
    reason = f"{says}: {state.reason}" if state.reason else says
    return Voice(means, reason, check.environment, _is_waiting(check, state))


def _is_waiting(check: Check, state: CheckState) -> bool:
    """Whether it is new: never pinged, which is no lateness, or not asked yet and not overdue."""
    if state.status != CheckStatus.UNKNOWN or state.last_at is not None:
        return False
    if check.kind == CheckKind.HEARTBEAT:
        return True
    patience = dt.timedelta(seconds=check.interval_s, milliseconds=check.timeout_ms)
    return state.lag_ms is None and state.due_at >= timezone.now() - patience


def verdict(voices: Sequence[Voice]) -> tuple[EntityHealth, str]:
    """The status of an entity of which this is said, and why in words."""
    heard = [each for each in voices if not each.is_waiting] or list(voices)
    decisive = [each for each in heard if each.environment == PRODUCTION] or heard
    worst = min((each.status for each in decisive), key=_ORDER.index)
    reasons = [each.reason for each in decisive if each.status == worst]
    if worst == EntityHealth.HEALTHY:
        return worst, "Its check is up" if len(reasons) == 1 else f"All {len(reasons)} checks are up"
    others = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return worst, f"{reasons[0][: LONGEST_REASON - len(others)]}{others}"


def tell(changes: Iterable[Change]) -> None:
    """Tell the owners of what went down or came back, and of jobs that did not report or do so again: one message for
    each owner and direction, however many checks."""
    alarms = {each.check_id: each for each in changes if each.alarm}
    if not alarms:
        return
    checks = Check.objects.filter(pk__in=alarms).select_related("entity__owner", "entity__reference").order_by("name")
    grouped: dict[tuple[Reference, Alarm], list[Check]] = defaultdict(list)
    for check in checks:
        if check.entity.owner:
            grouped[check.entity.owner, alarms[check.pk].alarm].append(check)
    for (owner, alarm), those in grouped.items():
        _tell_owner(owner, alarm, those, alarms)


def _tell_owner(owner: Reference, alarm: Alarm, checks: Sequence[Check], alarms: dict[int, Change]) -> None:
    first, said = checks[0], alarm.says(len(checks))
    lines = [f"{check.entity}: {check}: {alarms[check.pk].reason}" for check in checks[:MOST_NAMED]]
    if len(checks) == 1:
        title, about = f"{first.entity}: {first} {said}", f"check:{first.pk}"
    else:
        title, about = f"{len(checks)} checks {said}, such as {first.entity}: {first}", f"checks:{owner.pk}"
        lines += [f"and {len(checks) - MOST_NAMED} more"] if len(checks) > MOST_NAMED else []
    is_team = owner.kind == "group"
    notify(
        to=owner if is_team else User.objects.filter(person__reference=owner),
        kind="check",
        title=title,
        text="\n".join(lines),
        url=reference_url(first.entity.reference.canonical),
        about=f"{about}#{alarm}-{alarms[first.pk].at.isoformat()}-{first.pk}",
        why=f"You are in {owner}, which owns {first.entity}." if is_team else f"You own {first.entity}.",
    )
