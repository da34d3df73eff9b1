"""Whether non-negotiables are kept: read from their metrics again and again, and told when one breaks."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from portal.delivery.actions import notify
from roadmap.models import Bound, BoundState, Keeping, Side
from roadmap.okr.readings import Ask, Reading, read
from services.health.moments import counted
from services.health.saying import with_unit

_KEPT = ("keeping", "value", "at", "problem", "since")


def refresh(bound_ids: Iterable[int] | None = None) -> int:
    """Read these non-negotiables, or all that are active; returns how many states changed. One that breaks is told to
    its team once."""
    rows = Bound.objects.filter(is_active=True).select_related("metric", "owner", "state").order_by("pk")
    if bound_ids is not None:
        rows = rows.filter(pk__in=list(bound_ids))
    bounds = list(rows)
    readings = read({each.pk: _ask(each) for each in bounds})
    return sum(_keep(each, readings[each.pk]) for each in bounds)


def _ask(bound: Bound) -> Ask:
    return Ask(bound.metric_id, bound.statistic, bound.window_days, bound.side == Side.AT_LEAST)


def _found(bound: Bound, reading: Reading, now: dt.datetime) -> tuple[Keeping, str]:
    """What a reading says. A value that is older than the days it is asked of says nothing of today."""
    if reading.value is None or reading.at is None:
        return Keeping.UNKNOWN, reading.problem
    # Of an amount or a day that is over the newest value is of yesterday: one day more is no silence.
    if (age := (now - reading.at).days) > bound.window_days:
        return Keeping.UNKNOWN, f"The newest value is {counted(age, 'day')} old. Push values again."
    return (Keeping.KEPT if is_kept(bound, reading.value) else Keeping.BROKEN), ""


def is_kept(bound: Bound, value: float) -> bool:
    """Whether a value keeps it; the bound itself does."""
    return value <= bound.value if bound.side == Side.AT_MOST else value >= bound.value


@transaction.atomic
def _keep(bound: Bound, reading: Reading) -> bool:
    """Write what changed; returns whether anything did."""
    now = timezone.now()
    keeping, problem = _found(bound, reading, now)
    held: BoundState | None = getattr(bound, "state", None)
    since = held.since if held and held.keeping == keeping and held.since else now
    values = {"keeping": keeping, "value": reading.value, "at": reading.at, "problem": problem, "since": since}
    if held and [getattr(held, name) for name in _KEPT] == [values[name] for name in _KEPT]:
        return False
    BoundState.objects.update_or_create(bound=bound, defaults={**values, "read_at": now})
    if keeping == Keeping.BROKEN and (held is None or held.keeping != Keeping.BROKEN):
        _tell(bound, reading, since)
    return True


def _tell(bound: Bound, reading: Reading, since: dt.datetime) -> None:
    from roadmap.constraints.collections import BOUNDS

    if bound.owner is None or reading.value is None:
        return
    side = "at most" if bound.side == Side.AT_MOST else "at least"
    now, agreed = with_unit(bound.metric, reading.value), with_unit(bound.metric, bound.value)
    notify(
        to=bound.owner, kind="non-negotiable", title=f"Broken: {bound}",
        text=f"It is {now}, and {side} {agreed} is agreed. {bound.why}"[:500].strip(),
        url=BOUNDS.url_of(bound), about=f"bound:{bound.pk}#broken-{since:%Y-%m-%dT%H:%M}",
        why=f"You are in {bound.owner}, which answers for it.",
    )  # fmt: skip
