"""Asking for the calendars of other systems: those that are due, through the guard that checks ask through.

A calendar is asked for every QUARTER of an hour; what has not changed is not sent again (ETag). One that cannot be read
leaves the last good one in use, says why, and is asked again sooner. Several workers share the work by a lease.
"""

import asyncio
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import aiohttp
import structlog
import yarl
from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from services.health.guard import Guard, GuardedResolver, Refused, current_guard
from services.health.probes import LOOK_UP_THREADS, of_network, trusted
from services.oncall.calendars import NotRead
from services.oncall.laying import calendar_spans, lay_out
from services.oncall.models import CalendarState, Schedule, Way

log = structlog.get_logger(__name__)
QUARTER, RETRY, LEASE = dt.timedelta(minutes=15), dt.timedelta(minutes=3), dt.timedelta(minutes=3)
PATIENCE_S, MOST_BODY, MOST_HOPS, BATCH = 15.0, 2 * 2**20, 3, 10


@dataclass(frozen=True)
class Answer:
    """A calendar as it was sent; ``is_known`` when it has not changed since the ``etag`` that was shown."""

    body: str = ""
    etag: str = ""
    is_known: bool = False


def address_of(url: str) -> yarl.URL:
    """The address that is asked: ``webcal`` is https by another name. Raises ValueError for what cannot be one."""
    asked = yarl.URL(f"https://{url[9:]}" if url.lower().startswith("webcal://") else url)
    if asked.scheme not in {"http", "https"} or not asked.host:
        raise ValueError("It begins with https:// or webcal://, and names a host.")
    return asked


def ask_due(now: dt.datetime | None = None) -> int:
    """Ask for the calendars that are due; answers how many."""
    now = now or timezone.now()
    taken = _claim(now)
    for schedule, state in taken:
        try:
            _note(schedule, state, async_to_sync(ask)(schedule.feed_url, state.etag if state.body else ""), now)
        except NotRead as problem:
            _note_problem(state, str(problem), now)
        except Exception as problem:
            log.exception("A calendar of who is on call could not be taken.", schedule=schedule.pk)
            _note_problem(state, f"The portal failed with {type(problem).__name__}; its log says more.", now)
    return len(taken)


@transaction.atomic
def _claim(now: dt.datetime) -> list[tuple[Schedule, CalendarState]]:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    due = CalendarState.objects.filter(free, due_at__lte=now, schedule__way=Way.CALENDAR).order_by("due_at")
    states = list(due.select_related("schedule__team").select_for_update(skip_locked=True, of=("self",))[:BATCH])
    CalendarState.objects.filter(pk__in=[each.pk for each in states]).update(leased_until=now + LEASE)
    return [(each.schedule, each) for each in states]


async def ask(url: str, etag: str = "") -> Answer:
    """The file behind an address, redirects followed through the same guard. Raises NotRead for everything else."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _follow(current_guard(), address_of(url), etag)
    except TimeoutError:
        raise NotRead(f"It did not answer within {PATIENCE_S:.0f} s.") from None
    except (OSError, aiohttp.ClientError) as problem:
        cause = getattr(problem, "os_error", None) or problem
        raise NotRead(f"It is not asked: {cause}." if isinstance(cause, Refused) else _no_connection(problem)) from None
    except ValueError as problem:
        raise problem if isinstance(problem, NotRead) else NotRead(f"Its address cannot be asked: {problem}") from None


def _no_connection(problem: Exception) -> str:
    return f"No connection: {of_network(problem, getattr(problem, 'os_error', None) or problem)}."


async def _follow(guard: Guard, url: yarl.URL, etag: str) -> Answer:
    executor = ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="look-up")
    resolver = GuardedResolver(guard, executor)
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=trusted())
    headers = {"User-Agent": "Groundwork", "Accept": "text/calendar"} | ({"If-None-Match": etag} if etag else {})
    try:
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            for _ in range(MOST_HOPS + 1):
                guard.check_host(url.raw_host or "", url.port)
                async with session.get(url, headers=headers, allow_redirects=False) as response:
                    if response.status not in {301, 302, 303, 307, 308}:
                        return await _read(response)
                    url = address_of(str(url.join(yarl.URL(response.headers.get("Location", "")))))
            raise NotRead(f"It sends on more than {MOST_HOPS} times. Enter the address that answers itself.")
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


async def _read(response: aiohttp.ClientResponse) -> Answer:
    if response.status == 304:
        return Answer(is_known=True)
    if response.status != 200:
        raise NotRead(f"It answered {response.status}. Is the address still the one that the other system gives?")
    body = bytearray()
    while chunk := await response.content.read(2**16):
        body += chunk
        if len(body) > MOST_BODY:
            raise NotRead(f"It is larger than {MOST_BODY // 2**20} MiB. Ask for a calendar of the schedule alone.")
    # A null character is no text for the database, and none of a calendar.
    return Answer(body.decode("utf-8", "replace").replace("\x00", ""), response.headers.get("ETag", "")[:300])


@transaction.atomic
def _note(schedule: Schedule, state: CalendarState, answer: Answer, now: dt.datetime) -> None:
    """Keep a calendar that can be read, and lay out its shifts. Raises NotRead for one that cannot."""
    good = {"asked_at": now, "good_at": now, "problem": "", "due_at": now + QUARTER, "leased_until": None}
    if not answer.is_known:
        calendar_spans(schedule, answer.body, now)
        good |= {"body": answer.body, "etag": answer.etag}
    # Whoever gave it another address meanwhile does not want this one any more.
    if CalendarState.objects.filter(pk=state.pk, schedule__feed_url=schedule.feed_url).update(**good):
        lay_out(schedule, now)


def _note_problem(state: CalendarState, problem: str, now: dt.datetime) -> None:
    CalendarState.objects.filter(pk=state.pk).update(
        asked_at=now, problem=problem[:400], due_at=now + RETRY, leased_until=None
    )


def ask_again(schedule: Schedule) -> None:
    """See to it that a calendar is asked for as soon as a worker is free."""
    CalendarState.objects.filter(schedule=schedule).update(due_at=timezone.now())
