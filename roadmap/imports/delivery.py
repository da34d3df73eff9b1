"""What follows from the status of a row: what is delivered is done, and has the day on which it was."""

from typing import Any

from portal.tenure import organisation_today
from roadmap.imports.values import Meant, Problem
from roadmap.models import Status

_NO_DAY = Problem(
    "delivered_on",
    "It is delivered, and no day of delivery is known. Until there is one, nothing is found of what it claims.",
    "Say in the source on which day it was delivered, or its likely end, and import it again.",
)


def settle(meant: Meant) -> None:
    """Fill in what the status says of a row. A day of delivery that is not said is the likely end, if that has been;
    where there is none it stays empty and is told, as much of what is delivered has no day that anybody knows."""
    values = meant.values
    if "status" not in values:
        return
    is_done = values["status"] == Status.DONE
    if values.get("delivered_on") is None:
        _follow(meant, "delivered_on", _likely_day(values) if is_done else None)
        if is_done and values["delivered_on"] is None:
            meant.left_out.append(_NO_DAY)
    if is_done:
        _tell_undone(meant)
    if is_done or "done_percent" not in values:
        _follow(meant, "done_percent", 100 if is_done else 0)


def _follow(meant: Meant, name: str, value: Any) -> None:
    meant.values[name] = value
    meant.by_status.add(name)


def _likely_day(values: dict[str, Any]) -> Any:
    """The likely end, where it has been and work had begun by then."""
    day, started_on = values.get("ends_likely"), values.get("started_on")
    has_been = day is not None and day <= organisation_today() and (started_on is None or started_on <= day)
    return day if has_been else None


def _tell_undone(meant: Meant) -> None:
    said = meant.values.get("done_percent") or 0
    if 0 < said < 100:
        told = f"It is {said} % done and delivered: 100 % is taken."
        meant.left_out.append(Problem("done_percent", told, "Correct one of the two in the source."))
