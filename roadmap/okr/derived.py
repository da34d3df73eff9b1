"""Metrics that plans are made by: how many limits want a start now, how many services nobody owns."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from services.health.models import Forecast, Limit, Urgency
from services.health.providers import Measure, Measured, Provider, bounds, register
from services.models import Entity, Ownership, OwnershipRole

_URGENT = frozenset({Urgency.START_NOW, Urgency.TOO_LATE})


def measure_limits(days: Sequence[dt.date]) -> Iterator[Measured]:
    """``limits-start-now``: active limits whose newest forecast of the day, or before it, says start now or too late.
    Before the first forecast there is no value."""
    found = Forecast.objects.filter(of__in=Limit.objects.filter(is_active=True), made_on__lte=days[-1])
    said: dict[dt.date, dict[int, str]] = defaultdict(dict)
    for limit_id, day, urgency in found.order_by("made_on", "pk").values_list("of", "made_on", "urgency"):
        said[max(day, days[0])][limit_id] = urgency
    now: dict[int, str] = {}
    for day in days:
        now |= said.get(day, {})
        if now:
            yield Measured("limits-start-now", None, day, float(sum(each in _URGENT for each in now.values())))


def measure_owners(days: Sequence[dt.date]) -> Iterator[Measured]:
    """``services-without-owner``: services of the catalog on that day that nobody answered for. Whoever is the first
    that is known stands for the time before, so that a catalog that is new has a past."""
    services = dict(Entity.objects.filter(reference__kind="component").values_list("pk", "created_at"))
    tenures: dict[int, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    rows = Ownership.objects.filter(role=OwnershipRole.ACCOUNTABLE, entity__in=services).order_by("effective_from")
    for entity_id, begins, ends in rows.values_list("entity", "effective_from", "effective_to"):
        tenures[entity_id].append((begins if tenures[entity_id] else dt.date.min, ends))
    for day in days:
        end = bounds(day)[1]
        here = [pk for pk, made in services.items() if made < end]
        if here:
            without = sum(not any(begins <= day and (ends is None or day < ends) for begins, ends in tenures[pk])
                          for pk in here)  # fmt: skip
            yield Measured("services-without-owner", None, day, float(without))


register(
    Provider(
        name="limits",
        measures=(Measure("limits-start-now", "Limits that want a start now", "limits", higher_is_better=False),),
        measure=measure_limits,
    )
)
register(
    Provider(
        name="owners",
        measures=(Measure("services-without-owner", "Services without an owner", "services", higher_is_better=False),),
        measure=measure_owners,
    )
)
