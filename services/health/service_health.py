"""One status for each entity, with its reason in words, from its checks and its error budgets; and telling its owners.

The worst one speaks. Checks of production speak for the entity; those of other environments only where production has
none. A check that the portal asked too late says nothing of the service; a heartbeat that did not come does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from portal.collections import reference_url
from portal.delivery.actions import notify
from portal.people.models import User
from portal.references.models import Reference
from services.health.hysteresis import LONGEST_REASON, Change
from services.health.models import Check, CheckKind, CheckStatus, EntityHealth, HealthState, SloState

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
    changed = []
    for entity_id in with_checks:
        status, reason = verdict(voices[entity_id])
        state = held.get(entity_id) or HealthState(entity_id=entity_id, status="")
        if (state.status, state.reason) != (status, reason):
            state.since = now if state.status != status else state.since
            state.status, state.reason, state.refreshed_at = status, reason, now
            changed.append(state)
    HealthState.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["entity"],
        update_fields=["status", "reason", "since", "refreshed_at"],
    )  # fmt: skip
    if gone := held.keys() - with_checks:
        HealthState.objects.filter(entity__in=gone).delete()


def _voices(entity_ids: Sequence[int]) -> tuple[dict[int, list[Voice]], set[int]]:
    """What is said of entities, and which of them have a check."""
    voices: dict[int, list[Voice]] = defaultdict(list)
    checks = Check.objects.active().filter(entity__in=entity_ids, state__isnull=False).order_by("name")
    for entity_id, *rest in checks.values_list(
        "entity_id", "name", "kind", "environment", "state__status", "state__reason"
    ):
        voices[entity_id].append(_voice(*rest))
    with_checks = set(voices)
    alerts = SloState.objects.filter(slo__entity__in=entity_ids, slo__is_active=True).exclude(severity="")
    for entity_id, text in alerts.values_list("slo__entity_id", "alert_text").order_by("slo__name"):
        voices[entity_id].append(Voice(EntityHealth.DEGRADED, text))
    return voices, with_checks


def _voice(name: str, kind: str, environment: str, status: str, reason: str) -> Voice:
    means = _MEANS[CheckStatus(status)]
    if kind == CheckKind.HEARTBEAT and status == CheckStatus.LATE:
        means = EntityHealth.DEGRADED
    word = CheckStatus(status).label.lower()
    return Voice(means, f"{name} is {word}: {reason}" if reason else f"{name} is {word}", environment)


def verdict(voices: Sequence[Voice]) -> tuple[EntityHealth, str]:
    """The status of an entity of which this is said, and why in words."""
    decisive = [each for each in voices if each.environment == PRODUCTION] or list(voices)
    worst = min((each.status for each in decisive), key=_ORDER.index)
    reasons = [each.reason for each in decisive if each.status == worst]
    if worst == EntityHealth.HEALTHY:
        return worst, "Its check is up" if len(reasons) == 1 else f"All {len(reasons)} checks are up"
    others = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return worst, f"{reasons[0][: LONGEST_REASON - len(others)]}{others}"


def tell(changes: Iterable[Change]) -> None:
    """Tell the owners of what went down or came back: one message for each owner and direction, however many checks."""
    alarms = {each.check_id: each for each in changes if each.alarm}
    if not alarms:
        return
    checks = Check.objects.filter(pk__in=alarms).select_related("entity__owner", "entity__reference").order_by("name")
    grouped: dict[tuple[Reference, str], list[Check]] = defaultdict(list)
    for check in checks:
        if check.entity.owner:
            grouped[check.entity.owner, alarms[check.pk].alarm].append(check)
    for (owner, alarm), those in grouped.items():
        _tell_owner(owner, alarm, those, alarms)


def _tell_owner(owner: Reference, alarm: str, checks: Sequence[Check], alarms: dict[int, Change]) -> None:
    first, word = checks[0], "down" if alarm == "down" else "back"
    lines = [f"{check.entity}: {check}: {alarms[check.pk].reason}" for check in checks[:MOST_NAMED]]
    if len(checks) == 1:
        title, about = f"{first.entity}: {first} is {word}", f"check:{first.pk}"
    else:
        title, about = f"{len(checks)} checks are {word}, such as {first.entity}: {first}", f"checks:{owner.pk}"
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
