"""What the timeline of an incident shows: a page of events by day, with the five times among them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Count, Q
from django.http import QueryDict
from django.utils import timezone

from incidents.models import OPEN, Incident, IncidentTime, TimelineEvent
from incidents.times.wording import known_how

# Events of one page.
MOST_EVENTS = 100


@dataclass(frozen=True)
class Asked:
    """Which part of a timeline is asked for. ``page`` counts from 1."""

    only_key: bool
    newest_first: bool
    page: int

    def address(self, **other: Any) -> str:
        """The query string of this part, with something else about it."""
        asked = {"only_key": self.only_key, "newest_first": self.newest_first, "page": 1, **other}
        query = QueryDict(mutable=True)
        query["events"] = "key" if asked["only_key"] else "all"
        query["order"] = "newest" if asked["newest_first"] else "oldest"
        if asked["page"] > 1:
            query["page"] = str(asked["page"])
        return f"?{query.urlencode()}"


@dataclass(frozen=True)
class Milestone:
    """One of the five times, as the timeline tells of it."""

    time: IncidentTime
    how: str

    @property
    def at(self) -> dt.datetime:
        return self.time.at


@dataclass(frozen=True)
class Told:
    """An event with the versions that it took the place of, the newest first."""

    event: TimelineEvent
    earlier: Sequence[TimelineEvent] = ()

    @property
    def at(self) -> dt.datetime:
        return self.event.happened_at


@dataclass(frozen=True)
class Day:
    date: dt.date
    rows: list[Told | Milestone] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A part of a timeline: ``total`` and ``key`` count the events of the whole; ``has_more`` says that it goes on."""

    asked: Asked
    days: list[Day]
    total: int
    key: int
    has_more: bool
    newest: TimelineEvent | None


def asked_for(incident: Incident, query: QueryDict) -> Asked:
    """What a query string asks for: newest first while it lasts. Raises BadRequest for what it cannot mean."""
    shown, order, page = (query.get(name, "") for name in ("events", "order", "page"))
    if shown not in {"", "all", "key"} or order not in {"", "newest", "oldest"}:
        raise BadRequest("A timeline has events=all or events=key, in the order order=newest or order=oldest.")
    if page and not (page.isascii() and page.isdigit() and 0 < int(page[:9]) < 100_000):
        raise BadRequest(f"“{page[:20]}” is no page of a timeline. Pages count from 1.")
    newest_first = incident.status.category in OPEN if not order else order == "newest"
    return Asked(shown == "key", newest_first, int(page or 1))


def part_of(incident: Incident, asked: Asked) -> Part:
    """A part of the timeline, in a number of queries that does not depend on how much happened."""
    current = TimelineEvent.objects.filter(incident=incident, superseded_by=None)
    counted = current.aggregate(total=Count("pk"), key=Count("pk", filter=Q(is_key=True)))
    total, key = counted["total"], counted["key"]
    if asked.only_key:
        current = current.filter(is_key=True)
    order = ("-happened_at", "-pk") if asked.newest_first else ("happened_at", "pk")
    start = (asked.page - 1) * MOST_EVENTS
    rows = list(
        current.order_by(*order)
        .select_related("recorded_by__person")
        .prefetch_related("files")[start : start + MOST_EVENTS + 1]
    )
    shown, following = rows[:MOST_EVENTS], rows[MOST_EVENTS:]
    told: list[Told | Milestone] = [*_with_earlier(incident, shown), *_milestones(incident, asked, shown, following)]
    told.sort(key=lambda each: (each.at, isinstance(each, Told)), reverse=asked.newest_first)
    newest = max(shown, key=lambda each: each.recorded_at, default=None)
    return Part(asked, list(_by_day(told)), total, key, bool(following), newest)


def _with_earlier(incident: Incident, shown: Sequence[TimelineEvent]) -> Iterator[Told]:
    replaced = TimelineEvent.objects.filter(incident=incident).exclude(superseded_by=None)
    by_id = {each.pk: each for each in replaced.select_related("recorded_by__person")}
    for event in shown:
        earlier = []
        before = by_id.get(event.supersedes_id or 0)
        while before is not None:
            earlier.append(before)
            before = by_id.get(before.supersedes_id or 0)
        yield Told(event, earlier)


def _milestones(
    incident: Incident, asked: Asked, shown: Sequence[TimelineEvent], following: Sequence[TimelineEvent]
) -> Iterator[Milestone]:
    """The five times that fall among the events of a page: from its first, or whatever was before the first page, up to
    where the next page goes on."""
    first = shown[0].happened_at if shown and asked.page > 1 else None
    end = following[0].happened_at if following else None
    if asked.page > 1 and not shown:
        return
    low, high = (end, first) if asked.newest_first else (first, end)
    for each in incident.times.all():
        if (low is None or each.at > low or (each.at == low and not asked.newest_first)) and (
            high is None or each.at < high or (each.at == high and asked.newest_first)
        ):
            yield Milestone(each, known_how(each))


def _by_day(told: Sequence[Told | Milestone]) -> Iterator[Day]:
    for date, rows in groupby(told, key=lambda each: timezone.localtime(each.at).date()):
        yield Day(date, list(rows))
