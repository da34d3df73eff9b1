"""What it costs that work was put off: the minutes of its incidents times the people who answered them, in days.

``interest in days = minutes × people / (60 × 8)``. Minutes are those in which a service was hit; where no window says
so, from start to mitigation, and without that from start to resolution. People are those who ever had a role in the
incident, at least one. Everybody reads the sums, so private incidents are no part of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.aggregates import Count
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.models import NO_INCIDENT, Assignment, IncidentKind
from roadmap.models import Interest, TradeOff, TradeOffState

HOURS_A_DAY = 8
MINUTES_A_DAY = 60 * HOURS_A_DAY
_MINUTES = Coalesce(
    F("incident__state__impact_minutes"), F("incident__state__hurt_s") / 60.0, F("incident__state__lasted_s") / 60.0
)


@dataclass(frozen=True)
class Owed:
    """What one incident adds. ``minutes`` None: nothing says how long it hurt."""

    minutes: float | None
    people: int

    @property
    def days(self) -> float:
        return days_of(self.minutes or 0.0, self.people)


def days_of(minutes: float, people: float) -> float:
    """Working days of people that so many minutes of incident cost."""
    return minutes * max(people, 1) / MINUTES_A_DAY


def with_costs(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows of interest with ``minutes`` and ``people`` of their incident."""
    held = Assignment.objects.filter(incident=OuterRef("incident")).order_by().values("incident")
    people = Subquery(held.annotate(number=Count("person", distinct=True)).values("number"), IntegerField())
    return rows.annotate(minutes=_MINUTES, people=Coalesce(people, 0))


def counted(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those that everybody may count: of public incidents that were some."""
    public = rows.filter(incident__is_private=False).exclude(incident__kind=IncidentKind.DRILL)
    return public.exclude(incident__status__category__in=NO_INCIDENT)


def refresh(pks: Iterable[int] | None = None) -> int:
    """Compute anew what trade-offs owe, of all or of these; returns how many changed."""
    chosen = TradeOff.objects.all() if pks is None else TradeOff.objects.filter(pk__in=list(pks))
    held = {each.trade_off_id: each for each in TradeOffState.objects.filter(trade_off__in=chosen)}
    sums = _sums(chosen)
    found = (_state(pk, sums.get(pk, []), held.get(pk)) for pk in chosen.order_by("pk").values_list("pk", flat=True))
    changed = [each for each in found if each is not None]
    fields = ["incidents", "interest_minutes", "interest_days", "refreshed_at"]
    TradeOffState.objects.bulk_create(changed, update_conflicts=True, unique_fields=["trade_off"], update_fields=fields)
    return len(changed)


def _sums(chosen: QuerySet[TradeOff]) -> Mapping[int, list[Owed]]:
    rows = with_costs(counted(Interest.objects.filter(trade_off__in=chosen)))
    found: dict[int, list[Owed]] = defaultdict(list)
    for pk, minutes, people in rows.values_list("trade_off", "minutes", "people"):
        found[pk].append(Owed(minutes, people))
    return found


def _state(pk: int, owed: list[Owed], held: TradeOffState | None) -> TradeOffState | None:
    """The state as it is now; None where that is what is written."""
    now = (len(owed), round(sum(each.minutes or 0.0 for each in owed), 3), round(sum(each.days for each in owed), 6))
    if held and (held.incidents, held.interest_minutes, held.interest_days) == now and held.refreshed_at:
        return None
    values = dict(zip(("incidents", "interest_minutes", "interest_days"), now, strict=True))
    return TradeOffState(trade_off_id=pk, refreshed_at=timezone.now(), **values)
