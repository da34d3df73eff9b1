"""Proposals become initiatives, and bring along what speaks for them: the limit, the factor, the incidents.

What an initiative is begun with depends on the kind of the proposal; ``@taker(kind)`` says how. Everything carried is
public, as proposals are read by everybody.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from incidents.insights import recurring
from incidents.models import FOLLOW_UP_OPEN, HIT, FollowUp
from portal.actions import update_record
from portal.proposals.models import Proposal
from portal.proposals.panels import rows_of
from portal.proposals.taking import register_taker
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.initiatives import actions
from roadmap.initiatives.above import limit_number
from roadmap.making import make
from roadmap.models import OVER, Category, Horizon, Initiative, Link, Status, TradeOff
from services.health.models import Limit
from services.models import Entity

LONGEST_TITLE = 200
MOST_INCIDENTS = 50


@dataclass(frozen=True)
class Taken:
    """What an initiative begins with: its values, and what it is linked to as (kind, thing, note). ``after`` is done
    with the initiative when it is there."""

    values: Mapping[str, Any]
    links: list[tuple[str, Any, str]] = field(default_factory=list)
    after: Callable[[Any, Initiative], None] | None = None


Taker = Callable[[Proposal], Taken | None]
_takers: dict[str, Taker] = {}


def taker(kind: str) -> Callable[[Taker], Taker]:
    """Register how proposals of a kind are taken on. One that answers None leaves it to the plain way."""

    def decorate(take: Taker) -> Taker:
        _takers[kind] = take
        return take

    return decorate


@register_taker
def take_on(by: Any, proposal: Proposal, into: Initiative | None = None) -> Initiative:
    """Make the initiative of an accepted proposal, or bring what speaks for it into one that is there."""
    take = _takers.get(proposal.kind)
    taken = (take(proposal) if take else None) or Taken({"title": proposal.title[:LONGEST_TITLE]})
    if into is None:
        values = {
            "problem": _problem(proposal), "horizon": Horizon.NOW, "status": Status.PLANNED, **taken.values,
        }  # fmt: skip
        initiative = make(by=by, values=values)
    else:
        _refuse_into(into)
        initiative = into
    for kind, thing, note in taken.links:
        if not Link.objects.filter(initiative=initiative, **{kind: thing}).exists():
            actions.link(by=by, initiative=initiative, kind=kind, thing=thing, note=note, is_carried=True)
    if taken.after:
        taken.after(by, initiative)
    return initiative


def _refuse_into(initiative: Initiative) -> None:
    """Raise ValidationError where nobody may read it, or nobody works on it any more."""
    if initiative.is_private:
        told = f"{initiative.name} is private, and everybody reads what becomes of a proposal. Choose a public one."
        raise ValidationError({"initiative": told})
    if initiative.status in OVER:
        over = initiative.get_status_display().lower()
        told = f"{initiative.name} is {over}: nobody works on it any more. Take it up again, or choose another."
        raise ValidationError({"initiative": told})


def _problem(proposal: Proposal) -> str:
    """The words of the proposal, with its evidence and its price as they are today."""
    shown = {name: value for name, value in proposal.evidence.items() if name != "severity"}
    rows = [*rows_of(shown), *rows_of(proposal.price)]
    told = "\n".join(f"- {name}: {value}" for name, value in rows)
    return "\n\n".join(filter(None, (proposal.text.strip(), told)))


@taker("limit")
def take_limit(proposal: Proposal) -> Taken | None:
    """A ceiling is moved by whoever looks after what it is about, in the time that the limit says it takes."""
    limit = Limit.objects.select_related("metric__subject").filter(pk=limit_number(proposal)).first()
    if limit is None:
        return None
    today, subject = organisation_today(), limit.metric.subject
    values = {
        "title": f"Move the ceiling of {limit.name}"[:LONGEST_TITLE], "category": Category.SCALING,
        "team": _team_of(subject), "starts_on": today, "ends_likely": today + dt.timedelta(days=limit.lead_days),
        "ends_latest": today + dt.timedelta(days=limit.lead_p90_days),
    }  # fmt: skip
    links: list[tuple[str, Any, str]] = [("limit", limit, "It says when work has to begin.")]
    if subject is not None and subject.kind in HIT:
        links.append(("service", subject, "What runs out."))
    return Taken(values, links)


def _team_of(subject: Reference | None) -> Reference | None:
    """The team that looks after what a metric is about, where there is one."""
    if subject is None or subject.kind == "user":
        return None
    if subject.kind == "group":
        return subject
    entity = Entity.objects.filter(reference=subject).select_related("owner").first()
    return entity.owner if entity and entity.owner and entity.owner.kind == "group" else None


@taker(recurring.KIND)
def take_factor(proposal: Proposal) -> Taken | None:
    """What recurs is worked against by whoever it hits, resting on the incidents that showed it."""
    found = next((each for each in recurring.recurring() if each.source_key == proposal.source_key), None)
    if found is None:
        return None
    team = found.owner if found.owner and found.owner.kind == "group" else None
    values = {"title": f"Make rare: {found.node.name}"[:LONGEST_TITLE], "category": Category.RELIABILITY, "team": team}
    return Taken(values, list(_shown_by(found)))


def _shown_by(found: recurring.Recurring) -> Iterator[tuple[str, Any, str]]:
    yield "factor", found.node, "It recurs."
    incidents = found.incidents[:MOST_INCIDENTS]
    for each in incidents:
        yield "incident", each, ""
    for follow_up in FollowUp.objects.filter(factor=found.node, incident__in=incidents, state__in=FOLLOW_UP_OPEN):
        yield "follow_up", follow_up, "Open against it."


@taker("trade-off")
def take_trade_off(proposal: Proposal) -> Taken | None:
    """What was put off is done, and so the loan is paid."""
    number = proposal.source_key.removeprefix("trade-off:").partition("@")[0].partition(":")[0]
    owed = (
        TradeOff.objects.select_related("team", "initiative")
        .filter(pk=int(number) if number.isdecimal() else 0)
        .first()
    )
    if owed is None:
        return None

    def pay(by: Any, initiative: Initiative) -> None:
        # One that is delivered or dropped pays nothing any more: that is why it was proposed.
        if owed.initiative is None or owed.initiative.status in OVER:
            update_record(by=by, record=owed, values={"initiative": initiative})

    values = {"title": owed.deferred[:LONGEST_TITLE], "team": owed.team, "effort_days": owed.principal_days}
    return Taken(values, after=pay)
