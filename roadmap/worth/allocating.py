"""Sharing out the days of a team in a cycle. What leaves the guard is saved: the guard objects, and never forbids. It
tells the team and product managers, and asks that what is put off is written down as a trade-off."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from portal.actions import create_record, lock, update_record
from portal.collections import get_collection
from portal.delivery.actions import notify
from portal.people.models import Role, User
from portal.references.models import Reference
from roadmap.access import refuse_unplanned
from roadmap.models import Allocation
from roadmap.worth.guard import Guard, Verdict, verdict
from roadmap.worth.seeing import changed_in, refuse_foreign
from services.health.saying import number

KIND = "allocation-guard"
# The guard is agreed with whom it guards, and not set by them.
GUARD = ("target_low", "target_high")
AGREED = "Product managers say the “{field}” that is agreed with a team. Leave it as it was, or ask one of them."


@transaction.atomic
def plan(*, by: Any, values: Mapping[str, Any], model: type[Allocation] = Allocation, kind: str = "") -> Allocation:
    """Share out the days of a team. Raises ValidationError where more is planned than there is, it is another's,
    or somebody who does not plan the roadmap sets another guard than the usual one."""
    _refuse_foreign(by, values.get("team"))
    refuse_unplanned(by, model(), values, GUARD, AGREED)
    made = create_record(by=by, model=model, values=values)
    _tell_outside(by, made)
    return made


@transaction.atomic
def replan(*, by: Any, record: Allocation, values: Mapping[str, Any], version: int | None = None) -> Allocation:
    """Share them out anew, or say what was spent."""
    locked = lock(record, version, values)
    if changed_in(locked, values, "team"):
        _refuse_foreign(by, values["team"])
    refuse_unplanned(by, locked, values, GUARD, AGREED)
    saved = update_record(by=by, record=locked, values=values)
    _tell_outside(by, saved)
    return saved


def _refuse_foreign(by: Any, team: Reference | None) -> None:
    if team is not None:
        told = f"{team} is no team of yours. Plan for your own, or ask a product manager."
        refuse_foreign(by, "roadmap.change_allocation", Allocation(team=team), "team", told)


def objection(found: Verdict) -> str:
    """What the guard says, in a sentence that begins with the team; nothing where it has nothing to say."""
    of, does = found.allocation, "plans" if found.ending == "planned" else "spent"
    if not found.objects:
        return ""
    border, word = (of.target_low, "under") if found.state == Guard.BELOW else (of.target_high, "over")
    points = abs(found.percent - border)
    apart = f"{points or 'less than 1'} point{'' if points in (0, 1) else 's'}"
    of_what = "on platform, debt and 100× work"
    return f"{of.team} {does} {found.percent} % {of_what}, {apart} {word} the agreed {border} %"


def way_back(found: Verdict) -> str:
    """How many days bring it back within the guard."""
    where = "to platform or debt" if found.state == Guard.BELOW else "from platform and debt to the rest"
    days = number(found.missing_days)
    return f"Moving {days} day{'' if days == '1' else 's'} {where} brings it back"


def _tell_outside(by: Any, allocation: Allocation) -> None:
    for ending in ("planned", "actual"):
        found = verdict(allocation, ending)
        if found.objects:
            _tell(by, found)


def _tell(by: Any, found: Verdict) -> None:
    """Once for each share that is outside: what is saved again as it was is no news."""
    of = found.allocation
    home = get_collection("allocations")
    assert home is not None  # noqa: S101  it is registered with this area
    managers = User.objects.filter(role=Role.PRODUCT_MANAGER)
    circles: list[tuple[Any, str]] = [
        (of.team, f"You are in {of.team}, whose days they are."), (managers, "You are a product manager."),
    ]  # fmt: skip
    for to, why in circles:
        notify(
            to=to, kind=KIND, title=f"{objection(found)} in {of.cycle}", text=f"{way_back(found)}.",
            url=home.url_of(of), about=f"allocation:{of.pk}#{found.ending}-{found.state}-{found.percent}", why=why,
            besides=by,
        )  # fmt: skip
