"""The checks of the demo company, their maintenance windows, and the address at which the target server answers."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pgtrigger
from django.conf import settings

from portal.search import index
from services.catalog import bulk
from services.demo.health import cast, span
from services.demo.health.world import nature_of, number_of
from services.demo.large import SOURCE as LARGE
from services.health import service_health
from services.health.heartbeats import waiting_reason
from services.health.models import Check, CheckKind, CheckState, HealthState, MaintenanceWindow
from services.health.slots import next_slot
from services.models import Entity

HEALTH, DEEP_HEALTH, FRONT_PAGE = "Health", "Deep health", "Front page"
WATCHED_TYPES = ("service", "website")
# The most important are asked every minute.
INTERVALS = {0: 60, 1: 120}
LONGEST_INTERVAL = 300


def make_checks(now: dt.datetime) -> list[Check]:
    """Write the checks with states that are due since ninety days ago, as if nobody had asked yet."""
    entities = {each.name: each for each in Entity.objects.filter(kind__in=("component", "resource"))}
    checks = [check for entity in entities.values() for check in _checks_of(entity)]
    checks += list(_heartbeats(entities))
    checks.sort(key=lambda check: (check.entity.name, check.name))
    bulk.insert(Check, checks)
    begin = _midnight(now) - dt.timedelta(days=span.DAYS)
    bulk.insert(CheckState, [_state(check, begin, now) for check in checks])
    index.refresh(Check, [check.pk for check in checks])
    # Those that have no past to be judged by, and are not known since now.
    waiting = {check.entity_id for check in checks if is_waiting(check)}
    service_health.refresh(waiting)
    HealthState.objects.filter(entity__in=waiting).update(since=now)
    return checks


def _checks_of(entity: Entity) -> Iterator[Check]:
    if entity.name in {*cast.UNWATCHED, *(service for service, *_ in cast.WAITING_JOBS)}:
        return
    if entity.kind == "resource" and entity.type in cast.PORTS:
        yield _check(entity, cast.PORTS[entity.type], CheckKind.TCP)
    elif entity.kind == "component" and entity.type in WATCHED_TYPES:
        yield check_of(entity)
        if entity.tier == 0:
            yield _check(entity, DEEP_HEALTH, CheckKind.HTTP)


def check_of(entity: Entity) -> Check:
    """The check that a service or website has at least."""
    return _check(entity, FRONT_PAGE if entity.type == "website" else HEALTH, CheckKind.HTTP)


def _check(entity: Entity, name: str, kind: str) -> Check:
    interval = INTERVALS.get(LONGEST_INTERVAL if entity.tier is None else entity.tier, LONGEST_INTERVAL)
    if entity.name in (*cast.NAGGED, *cast.LEAKING):
        interval = 60
    nature = nature_of(entity.name, name)
    return Check(
        entity=entity, name=name, kind=kind, interval_s=interval, timeout_ms=5000,
        address=address_of(entity, name, kind),
        max_latency_ms=nature.slow_from_ms if kind == CheckKind.HTTP else None,
        expected_text="ok" if name == DEEP_HEALTH else "",
    )  # fmt: skip


def address_of(entity: Entity, name: str, kind: str) -> str:
    """Where the target server answers for a check; a port that is dead is the one beside it, where nobody listens."""
    host, port = target_place()
    if kind == CheckKind.TCP:
        return f"{host}:{port + 1 if entity.name in cast.BROKEN else port}"
    return f"http://{host}:{port}/{entity.name}/{slug_of(name)}"


def slug_of(name: str) -> str:
    return name.lower().replace(" ", "-")


def target_place() -> tuple[str, int]:
    """The address and the port of the target server."""
    host, _, port = str(settings.DEMO_TARGET).rpartition(":")
    return host, int(port)


def _heartbeats(entities: dict[str, Entity]) -> Iterator[Check]:
    stopped = [(*key, interval, grace) for key, (interval, grace, _) in cast.STOPPED_JOBS.items()]
    for service, name, interval, grace in (*cast.JOBS, *stopped, *cast.WAITING_JOBS):
        yield Check(
            entity=entities[service], name=name, kind=CheckKind.HEARTBEAT, interval_s=interval, grace_s=grace,
            timeout_ms=5000,
        )  # fmt: skip


def _state(check: Check, begin: dt.datetime, now: dt.datetime) -> CheckState:
    if is_waiting(check):
        due_at = now + dt.timedelta(seconds=check.interval_s)
        return CheckState(of=check, due_at=due_at, reason=waiting_reason(check))
    return CheckState(of=check, due_at=next_slot(check.pk, check.interval_s, begin))


def is_waiting(check: Check) -> bool:
    """Whether it is a heartbeat that has never pinged, and will not."""
    return (check.entity.name, check.name) in {(service, name) for service, name, *_ in cast.WAITING_JOBS}


def make_windows(now: dt.datetime) -> None:
    """Write the maintenance windows: weekly ones, some that are over, and one that holds for months."""
    entities = {each.name: each for each in Entity.objects.filter(kind__in=("component", "resource"))}
    windows = [*_weekly(entities), *_once(entities, _midnight(now))]
    bulk.insert(MaintenanceWindow, windows)
    index.refresh(MaintenanceWindow, [window.pk for window in windows])


def _weekly(entities: dict[str, Entity]) -> Iterator[MaintenanceWindow]:
    for name, (weekday, time, zone, minutes, reason) in cast.WEEKLY_WINDOWS.items():
        yield MaintenanceWindow(
            entity=entities[name], reason=reason, weekday=weekday, start_time=dt.time.fromisoformat(time), zone=zone,
            minutes=minutes,
        )  # fmt: skip


def _once(entities: dict[str, Entity], today: dt.datetime) -> Iterator[MaintenanceWindow]:
    for name, (days, hour, minutes, reason) in cast.PAST_WINDOWS.items():
        starts_at = today - dt.timedelta(days=days) + dt.timedelta(hours=hour)
        yield MaintenanceWindow(
            entity=entities[name], reason=reason, starts_at=starts_at, ends_at=starts_at + dt.timedelta(minutes=minutes)
        )
    for name in cast.BEING_MOVED:
        starts_at = today - dt.timedelta(days=4)
        yield MaintenanceWindow(
            entity=entities[name], reason="Moves to new machines", starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(days=120),
        )  # fmt: skip


def _midnight(now: dt.datetime) -> dt.datetime:
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def demo_checks() -> list[Check]:
    """The active checks of the demo company that have a past: those of the large catalog have none."""
    return [check for check in target_checks() if check.entity.source is None or check.entity.source.name != LARGE]


def target_checks() -> list[Check]:
    """The active checks that the demo brought, wherever the target server stood at the time; heartbeats by name."""
    names = {(service, name) for service, name, *_ in cast.JOBS} | cast.STOPPED_JOBS.keys()
    checks = Check.objects.active().filter(state__isnull=False).select_related("entity__source", "state").order_by("pk")
    return [
        check
        for check in checks
        if (check.entity.name, check.name) in names or (check.kind != CheckKind.HEARTBEAT and _is_ours(check))
    ]


def _is_ours(check: Check) -> bool:
    """Whether its address is one that the demo gave, whatever the port."""
    host = target_place()[0]
    if check.kind == CheckKind.TCP:
        return check.address.startswith(f"{host}:") and check.name in cast.PORTS.values()
    return check.address.startswith(f"http://{host}:") and check.address.endswith(
        f"/{check.entity.name}/{slug_of(check.name)}"
    )


def move_to_target(checks: Sequence[Check]) -> None:
    """Let the checks ask where the target server stands now: its port was taken, or is another one this time."""
    moved = []
    for check in checks:
        address = check.address and address_of(check.entity, check.name, check.kind)
        if address != check.address:
            check.address = address
            moved.append(check)
    # What is asked stays the same: nothing that is known of the answers is forgotten, and history has nothing to tell.
    if moved:
        with pgtrigger.ignore():
            Check.objects.bulk_update(moved, ["address"])


def is_stopped(check: Check) -> bool:
    return (check.entity.name, check.name) in cast.STOPPED_JOBS


def stops_at(check: Check, now: dt.datetime) -> dt.datetime:
    """Until when a job pings: now, unless it has stopped."""
    if not is_stopped(check):
        return now
    *_, days = cast.STOPPED_JOBS[check.entity.name, check.name]
    return check.state.pinged_at or now - dt.timedelta(days=days, seconds=number_of(check.name) % 3600)
