"""Deployments of the demo company: on working days, most of them well, and some of what outages began with."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from portal.references.models import Reference
from portal.search import index
from services.catalog import bulk
from services.demo.health import span
from services.demo.health.world import DAY, HOUR, MINUTE, chance, outages
from services.health.models import Deployment, DeploymentResult
from services.models import Entity

KEY = "larkspur"
PIPELINE = "deploy-pipeline"
RARELY, OFTEN = 0.06, 1.1
FAILS, ROLLED_BACK = 0.07, 0.6
TYPES = ("service", "website")
UNWANTED = ("deprecated",)


@dataclass(frozen=True)
class Rollout:
    """One deployment to be: seconds since 1970; ``repairs`` is the key of the one that it takes back or mends."""

    service: str
    key: str
    version: str
    finished: int
    takes_s: int
    lead_s: int
    failed: bool = False
    repairs: str = ""
    is_rollback: bool = False
    note: str = ""


def fill(now: dt.datetime) -> int:
    """Write the deployments that are missing up to now, and when those that failed were recovered from; return how
    many are new."""
    _date_keys()
    subjects = {each.name: each for each in Reference.objects.filter(entity__in=_deployed()).order_by("name")}
    end = int(now.timestamp())
    newest = Deployment.objects.filter(key__startswith=f"{KEY}-").order_by("-finished_at").first()
    # Repairs of the evening before may come the next morning.
    begin = int(newest.finished_at.timestamp()) - 2 * DAY if newest else end - span.DAYS * DAY
    rollouts = [
        each for name in subjects for each in rollouts_of(name, begin // DAY, end // DAY) if each.finished <= end
    ]
    known = dict(Deployment.objects.filter(key__in=[each.key for each in rollouts]).values_list("key", "pk"))
    new = [each for each in rollouts if each.key not in known]
    _write(new, subjects, known)
    _note_recoveries([each for each in rollouts if each.repairs])
    return len(new)


def _date_keys() -> None:
    """A key has the day of its deployment in it. Where a quarter passed at once (portal.demo.shifting) the days have
    moved and the keys have not: what is deployed on those days now would be taken for known."""
    with connection.cursor() as cursor:
        # By way of keys that nobody has, so that none meets another one on the way.
        cursor.execute(_AWAY, [f"{KEY}-%"])
        cursor.execute(_DATED, [f"moved-{KEY}-%"])


_AWAY = r"""
    UPDATE health_deployment SET key = 'moved-' || key
     WHERE key LIKE %s AND abs(to_date(substring(key FROM '-(\d{8})-'), 'YYYYMMDD') - finished_at::date) > 7
"""
_DATED = r"""
    UPDATE health_deployment SET key = regexp_replace(substr(key, 7), '-\d{8}-', to_char(finished_at, '-YYYYMMDD-'))
     WHERE key LIKE %s
"""


def _deployed() -> "Sequence[Entity]":
    entities = Entity.objects.filter(kind="component", type__in=TYPES, tier__isnull=False)
    return entities.exclude(lifecycle__in=UNWANTED)  # type: ignore[return-value]


def rollouts_of(service: str, first_day: int, last_day: int) -> Iterator[Rollout]:
    """What a service rolled out on these days (since 1970), oldest first."""
    rate = RARELY + (OFTEN - RARELY) * float(chance(f"{service} pace", 1)) ** 3
    outage_days = {begins // DAY: (begins, ends) for begins, ends in _outages(service, first_day, last_day)}
    for day in range(first_day, last_day + 1):
        is_weekend = (day + 3) % 7 >= 5
        if day in outage_days:
            yield from _gone_wrong(service, day, *outage_days[day])
        elif not is_weekend and float(chance(f"{service} deploys", day)) < rate:
            yield from _of_day(service, day)


def _outages(service: str, first_day: int, last_day: int) -> Iterator[tuple[int, int]]:
    days = np.array([first_day * DAY, last_day * DAY + DAY - 1], dtype=np.int64)
    yield from outages(service, days)


def _of_day(service: str, day: int) -> Iterator[Rollout]:
    at = day * DAY + 8 * HOUR + int(float(chance(f"{service} at", day)) * 9 * HOUR)
    if float(chance(f"{service} fails", day)) >= FAILS:
        yield _rollout(service, day, 1, at)
        return
    broken = _rollout(service, day, 1, at, failed=True, note="Smoke test failed")
    yield broken
    later = at + 9 * MINUTE + int(float(chance(f"{service} mends", day)) ** 2 * 3 * HOUR)
    is_rollback = float(chance(f"{service} back", day)) < ROLLED_BACK
    note = "Rolled back by itself" if is_rollback else "Mended forward"
    yield _rollout(service, day, 2, later, repairs=broken.key, is_rollback=is_rollback, note=note)


def _gone_wrong(service: str, day: int, begins: int, ends: int) -> Iterator[Rollout]:
    """A deployment that seemed well, an outage a minute later, and what ended it."""
    broken = _rollout(service, day, 1, begins - MINUTE)
    yield broken
    yield _rollout(service, day, 2, ends, repairs=broken.key, is_rollback=True, note="Taken back: health check failed")


def _rollout(
    service: str, day: int, number: int, at: int, *, failed: bool = False, repairs: str = "", is_rollback: bool = False,
    note: str = "",
) -> Rollout:  # fmt: skip
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    year, week, weekday = date.isocalendar()
    version = f"{year % 100}.{week}.{weekday}{number - 1}"
    if is_rollback:
        # What ran before.
        version = f"{year % 100}.{max(week - 1, 1)}.{weekday}0"
    hours = math.exp(2.6 + (float(chance(f"{service} lead", day)) + float(chance(f"{service} size", day)) - 1) * 2.4)
    lead_s = 20 * MINUTE if repairs else int(hours * HOUR)
    return Rollout(
        service, f"{KEY}-{service}-{date:%Y%m%d}-{number}", version, at,
        120 + int(float(chance(f"{service} takes", day)) * 900), lead_s, failed, repairs, is_rollback, note,
    )  # fmt: skip


def _write(rollouts: list[Rollout], subjects: dict[str, Reference], known: dict[str, int]) -> None:
    """First what was rolled out, then what points at it."""
    for repairs in (False, True):
        rows = [_row(each, subjects[each.service], known) for each in rollouts if bool(each.repairs) is repairs]
        bulk.insert(Deployment, rows)
        known |= {row.key: row.pk for row in rows}
        index.refresh(Deployment, [row.pk for row in rows])
        with connection.cursor() as cursor:
            # They were reported when they ended, not now.
            cursor.execute(_REPORTED, [[row.pk for row in rows]])


_REPORTED = "UPDATE health_deployment SET reported_at = finished_at + interval '8 seconds' WHERE id = ANY(%s)"


def _row(each: Rollout, subject: Reference, known: dict[str, int]) -> Deployment:
    finished_at = _moment(each.finished)
    return Deployment(
        subject=subject, version=each.version, key=each.key, reported_by=PIPELINE, note=each.note,
        result=DeploymentResult.FAILED if each.failed else DeploymentResult.SUCCEEDED, finished_at=finished_at,
        started_at=_moment(each.finished - each.takes_s),
        committed_at=_moment(each.finished - each.takes_s - each.lead_s),
        rollback_of_id=known[each.repairs] if each.is_rollback else None, is_unplanned=bool(each.repairs),
        url=f"https://ci.larkspur.example/{each.service}/{each.key[-10:]}",
    )  # fmt: skip


_RECOVERED = """
    UPDATE health_deployment SET recovered_at = told.at FROM unnest(%s::text[], %s::timestamptz[]) AS told(key, at)
     WHERE health_deployment.key = told.key AND recovered_at IS NULL
"""


def _note_recoveries(repairs: Sequence[Rollout]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RECOVERED, [[each.repairs for each in repairs], [_moment(each.finished) for each in repairs]])


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
