"""Cycles, objectives, key results, what was said of them, and how past ones were closed."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from portal.search import index
from roadmap.demo.cast import Cast, story
from roadmap.models import CheckIn, ClosingValue, Cycle, KeyResult, KeyResultState, Objective, Way
from roadmap.okr import refresh
from roadmap.okr.progress import progress

# From the first cycle to the last, counted from the one of today.
SPAN = range(-2, 2)
NAME = re.compile(r"\d{4} Q[1-4]")


def quarter(day: dt.date, later: int = 0) -> tuple[dt.date, dt.date]:
    """The first and last day of the quarter that a day lies in, or of one so many quarters later."""
    number = day.year * 4 + (day.month - 1) // 3 + later
    first, after = (dt.date(each // 4, each % 4 * 3 + 1, 1) for each in (number, number + 1))
    return first, after - dt.timedelta(days=1)


def named(first: dt.date) -> str:
    """The name of the quarter that begins on this day."""
    return f"{first.year} Q{(first.month + 2) // 3}"


def write_cycles(cast: Cast) -> None:
    for number in SPAN:
        first, last = quarter(cast.today, number)
        cycle = Cycle(name=named(first), starts_on=first, ends_on=last)
        cast.past.insert(Cycle, [(cycle, cast.moment(number * 91 - 120))])
        cast.cycles[number] = cycle


def write_objectives(cast: Cast) -> None:
    """Write them with the day on which each was agreed: a week into its cycle, or yesterday for the next one."""
    made: dict[tuple[int, str], Objective] = {}
    for told in story("objectives"):
        number = told["cycle"]
        objective = Objective(
            cycle=cast.cycles[number], title=told["title"], why=told.get("why", ""),
            owner=cast.team(told["owner"]) if "owner" in told else None,
            parent=made[number, told["serves"]] if "serves" in told else None,
        )  # fmt: skip
        agreed = min((cast.cycles[number].starts_on - cast.today).days + 7, -1)
        cast.past.insert(Objective, [(objective, cast.moment(agreed))])
        made[number, told["title"]] = objective
        _write_key_results(cast, objective, told, agreed)
    index.refresh(Objective)
    index.refresh(KeyResult)


def _write_key_results(cast: Cast, objective: Objective, told: dict[str, Any], agreed: int) -> None:
    measured = [each for each in told["key_results"] if cast.measures(each["metric"])]
    rows = [(_key_result(cast, objective, each), each) for each in measured]
    cast.past.insert(KeyResult, [(row, cast.moment(agreed)) for row, _ in rows])
    CheckIn.objects.bulk_create(check for row, each in rows for check in _check_ins(cast, row, each))
    said = [(row, each["checks"][-1][1]) for row, each in rows if each.get("checks")]
    KeyResultState.objects.bulk_create(KeyResultState(key_result=row, confidence=share) for row, share in said)
    closed = [(row, each["reached"]) for row, each in rows if "reached" in each]
    ClosingValue.objects.bulk_create(_closing(cast, row, reached) for row, reached in closed)


def _key_result(cast: Cast, objective: Objective, told: dict[str, Any]) -> KeyResult:
    row = KeyResult(
        objective=objective, title=told["title"], metric=cast.metric(told["metric"]), way=told["way"],
        baseline=told.get("from"), baseline_note="What it was when the cycle began." if "from" in told else "",
        target=told["to"], relative=told.get("relative"), statistic=told.get("statistic", "last"),
        window_days=told.get("days", 7),
    )  # fmt: skip
    row.clean()
    return row


def _check_ins(cast: Cast, row: KeyResult, told: dict[str, Any]) -> Iterator[CheckIn]:
    by = cast.login(None)
    for days, confidence, text in told.get("checks", ()):
        yield CheckIn(key_result=row, by=by, at=cast.moment(-days), confidence=confidence, text=text)


def _closing(cast: Cast, row: KeyResult, reached: float) -> ClosingValue:
    """Of a guardrail the share of days inside is told as whole: it was kept, or it was not."""
    share: float | None
    if row.is_guardrail:
        share = float(reached <= row.target if row.way == Way.STAY_BELOW else reached >= row.target)
    else:
        share = progress(row.way, row.baseline, row.target, reached)
    days = (row.objective.cycle.ends_on - cast.today).days + 3
    return ClosingValue(
        key_result=row, value=reached, progress=share, by=cast.planner, at=cast.moment(min(days, -1)), note=""
    )


def close_past(cast: Cast) -> None:
    """The cycles that are over were closed three days after their end."""
    for number in (each for each in SPAN if each < 0):
        cycle = cast.cycles[number]
        cycle.closed_at = cast.moment(min((cycle.ends_on - cast.today).days + 3, -1))
        cast.past.change(Cycle, ("closed_at",), [(cycle, cycle.closed_at)])
    rows = ClosingValue.objects.select_related("key_result")
    refresh.keep_as_closed((each.key_result, each.value, each.progress) for each in rows)
    over = Objective.objects.filter(cycle__in=[cast.cycles[number] for number in SPAN if number < 0])
    refresh.refresh_objectives(over.values_list("pk", flat=True))
    index.refresh(Cycle)
