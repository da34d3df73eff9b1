"""What Larkspur shares out, owes, and refuses to give up."""

from typing import Any

from incidents.models import NO_INCIDENT, Incident, IncidentKind, Tag
from portal.search import index
from portal.tenure import organisation_date
from roadmap.demo.cast import Cast, story
from roadmap.models import (
    Allocation,
    Bound,
    Bucket,
    Freeze,
    FreezeScope,
    Interest,
    LoanState,
    Renegotiation,
    TradeOff,
    TradeOffState,
)


def write_plan(cast: Cast) -> None:
    told = story("plan")
    for each in told["allocations"]:
        _allocate(cast, *each)
    for each in told["trade_offs"]:
        _owe(cast, each)
    bounds = {each["name"]: _bind(cast, each) for each in told["bounds"] if cast.measures(each["metric"])}
    for each in told["freezes"]:
        _freeze(cast, each, bounds)
    for model in (Allocation, TradeOff, Bound, Freeze):
        index.refresh(model)


# What is agreed where a team says nothing else, in percent.
AGREED = (20, 30)


def _allocate(
    cast: Cast, number: int, team: str, capacity: float, planned: list[float], spent: list[float], note: str,
    agreed: tuple[int, int] = AGREED,
) -> None:  # fmt: skip
    days = {f"{bucket}_planned": value for bucket, value in zip(Bucket.values, planned, strict=True)}
    days |= {f"{bucket}_actual": value for bucket, value in zip(Bucket.values, spent, strict=True)}
    days |= dict(zip(("target_low", "target_high"), agreed, strict=True))
    row = Allocation(cycle=cast.cycles[number], team=cast.team(team), capacity_days=capacity, note=note, **days)
    row.clean()
    cast.past.insert(Allocation, [(row, cast.moment(min((row.cycle.starts_on - cast.today).days - 7, -2)))])


def _owe(cast: Cast, told: dict[str, Any]) -> None:
    decided = cast.moment(told["days"])
    first = cast.cycles[told.get("first", told["due"])]
    row = TradeOff(
        shipped=told["shipped"], deferred=told["deferred"], why=told["why"], team=cast.team(told["team"]),
        decided_by=cast.person(told["by"]), decided_on=organisation_date(decided), principal_days=told["principal"],
        due_cycle=first, due_first=first, initiative=cast.initiatives.get(told.get("initiative", "")),
    )  # fmt: skip
    cast.past.insert(TradeOff, [(row, decided)])
    if "first" in told:
        _put_off(cast, row, told)
    if "state" in told:
        row.state, row.reason = LoanState(told["state"]), told["reason"]
        row.ended_on = cast.day(told["ended"])
        cast.past.change(TradeOff, ("state", "reason", "ended_on"), [(row, cast.moment(told["ended"]))])
    TradeOffState.objects.create(trade_off=row)
    _charge(cast, row, told)


def _put_off(cast: Cast, row: TradeOff, told: dict[str, Any]) -> None:
    before, row.due_cycle = row.due_cycle, cast.cycles[told["due"]]
    at = cast.moment(told["days"] // 2)
    Renegotiation.objects.create(
        trade_off=row, from_cycle=before, to_cycle=row.due_cycle, reason=told["moved"], by=cast.planner, at=at
    )
    cast.past.change(TradeOff, ("due_cycle",), [(row, at)])


def chargeable() -> Any:
    """Incidents that everybody may know of, and that cost somebody something."""
    return Incident.objects.filter(kind=IncidentKind.REAL, is_private=False).exclude(status__category__in=NO_INCIDENT)


def _charge(cast: Cast, row: TradeOff, told: dict[str, Any]) -> None:
    """Interest: incidents with the factor since it was decided, the longest first."""
    tagged = Tag.objects.filter(node__slug=told.get("factor", "")).values("incident")
    found = chargeable().filter(pk__in=tagged, declared_at__date__gte=row.decided_on)
    chosen = found.order_by("-state__hurt_s", "pk")[: told.get("incidents", 0)]
    rows = [
        Interest(trade_off=row, incident=each, note="It would not have happened with the work done.") for each in chosen
    ]
    cast.past.insert(Interest, [(each, min(each.incident.declared_at, cast.now)) for each in rows])


def _bind(cast: Cast, told: dict[str, Any]) -> Bound:
    row = Bound(
        name=told["name"], why=told["why"], metric=cast.metric(told["metric"]), side=told["side"], value=told["value"],
        statistic=told["statistic"], window_days=told["days"], owner=cast.team(told["owner"]),
    )  # fmt: skip
    row.clean()
    cast.past.insert(Bound, [(row, cast.moment(-200))])
    return row


def _freeze(cast: Cast, told: dict[str, Any], bounds: dict[str, Bound]) -> None:
    row = Freeze(
        title=told["title"], why=told["why"], starts_on=cast.day(told["days"]), ends_on=cast.day(told["ends"]),
        exit_condition=told["exit"], decided_by=cast.person(told["by"]), bound=bounds.get(told.get("bound", "")),
    )  # fmt: skip
    cast.past.insert(Freeze, [(row, cast.moment(told["days"] - 1))])
    scope = [FreezeScope(freeze=row, what=cast.team(name)) for name in told["scope"]]
    cast.past.insert(FreezeScope, [(each, cast.moment(told["days"] - 1)) for each in scope])
    if "lifted" in told:
        row.lifted_on, row.lifted_reason = cast.day(told["lifted"]), told["reason"]
        cast.past.change(Freeze, ("lifted_on", "lifted_reason"), [(row, cast.moment(told["lifted"]))])
