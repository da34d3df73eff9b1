"""Health of the large catalog: a check of each of some thousand services with the state it has now, and no past."""

import datetime as dt

import numpy as np
import pghistory
from django.db import transaction
from django.utils import timezone

from portal.search import index
from services.catalog import bulk
from services.demo.health.checks import LONGEST_INTERVAL, WATCHED_TYPES, check_of
from services.demo.health.past import reason_of
from services.demo.health.world import answers, nature_of
from services.demo.large import SOURCE
from services.health import service_health
from services.health.models import Check, CheckState, CheckStatus, HealthState, Outcome
from services.health.slots import next_slot
from services.models import Entity

MOST_CHECKS = 5000
_STATUS = {Outcome.UP: CheckStatus.UP, Outcome.DEGRADED: CheckStatus.DEGRADED, Outcome.DOWN: CheckStatus.DOWN}


@transaction.atomic
def load_large_health(entities: int) -> None:
    """Ask services of the large catalog, until 5,000 entities have health, or one in five of a smaller catalog."""
    now = timezone.now()
    wanted = min(MOST_CHECKS, entities // 5) - HealthState.objects.count()
    bulk.skip_no_trigger()
    services = Entity.objects.filter(kind="component", type__in=WATCHED_TYPES, source__name=SOURCE, checks=None)
    with pghistory.context(origin=SOURCE):
        checks = [check_of(entity) for entity in services.order_by("pk")[: max(wanted, 0)]]
        bulk.insert(Check, checks)
        bulk.insert(CheckState, [_state(check, now) for check in checks])
    index.refresh(Check, [check.pk for check in checks])
    service_health.refresh([check.entity_id for check in checks])


def _state(check: Check, now: dt.datetime) -> CheckState:
    """What it would be now, told by one answer."""
    found = answers(nature_of(check.entity.name, check.name), np.array([int(now.timestamp())], dtype=np.int64))
    outcome, latency_ms = Outcome(int(found.outcome[0])), float(found.latency_ms[0])
    return CheckState(
        of=check, status=_STATUS[outcome], reason=reason_of(check, outcome, latency_ms), since=now, last_at=now,
        latency_ms=latency_ms, recent=[int(outcome)] * check.of_last, due_at=next_slot(check.pk, check.interval_s, now),
    )  # fmt: skip


def go_on(now: dt.datetime) -> None:
    """Let nobody miss what was not asked while the portal was stopped: these checks have no past to be filled."""
    long_ago = now - dt.timedelta(seconds=LONGEST_INTERVAL)
    states = list(CheckState.objects.filter(of__entity__source__name=SOURCE, due_at__lt=long_ago).select_related("of"))
    for state in states:
        state.due_at = next_slot(state.of_id, state.of.interval_s, now)
    CheckState.objects.bulk_update(states, ["due_at"], batch_size=1000)
