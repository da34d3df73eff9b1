"""Acts on trade-offs: they are recorded, paid, renegotiated, written off, and opened again where that was a mistake."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from incidents.declaring import next_number
from incidents.models import NO_INCIDENT, Incident, IncidentKind
from portal.actions import create_record, delete_record, lock, update_record
from portal.people.models import User
from portal.tenure import organisation_date, organisation_today
from roadmap.days import refuse_ahead
from roadmap.models import Allocation, Cycle, Interest, LoanState, Renegotiation, TradeOff, TradeOffState
from roadmap.models.tradeoff import PRIVATE_FROM
from roadmap.worth import interest
from roadmap.worth.asking import no_longer_asked
from roadmap.worth.seeing import changed_in, refuse_foreign, refuse_hidden

SHORTEST_REASON = 10


@transaction.atomic
def record(
    *, by: Any, values: Mapping[str, Any], model: type[TradeOff] = TradeOff, kind: str = "",
    allocation: Allocation | None = None,
) -> TradeOff:  # fmt: skip
    """Write down what is put off and for what. ``allocation`` is the plan whose guard objected.

    Raises ValidationError where it would be another team's, decided on a day to come, or due before it was decided.
    """
    values = dict(values)
    refuse_hidden(by, "initiative", values.get("initiative"))
    _refuse_foreign(by, values.get("team"))
    if not values.get("decided_by") and (person := getattr(by, "person", None)):
        values["decided_by"] = person.reference
    refuse_ahead(decided_on=values.get("decided_on"))
    _refuse_due_before(values.get("decided_on") or organisation_today(), values.get("due_cycle"))
    made = create_record(by=by, model=model, values={**values, "allocation": allocation, **_key_of(values)})
    TradeOffState.objects.create(trade_off=made)
    return made


def _key_of(values: Mapping[str, Any]) -> dict[str, int]:
    """The next key of those of private initiatives; public ones take the one that the database gives."""
    initiative = values.get("initiative")
    if initiative is None or not initiative.is_private:
        return {}
    return {"pk": PRIVATE_FROM + int(next_number("TRP").removeprefix("TRP-"))}


def _refuse_foreign(by: Any, team: Any) -> None:
    if team is not None:
        told = f"{team} is no team of yours. Record what your own team owes, or ask a product manager."
        refuse_foreign(by, "roadmap.change_tradeoff", TradeOff(team=team), "team", told)


def _refuse_due_before(decided_on: Any, cycle: Cycle | None) -> None:
    if cycle is not None and cycle.ends_on < decided_on:
        told = f"{cycle} was over on {cycle.ends_on:%-d %b %Y}, before it was decided ({decided_on:%-d %b %Y})."
        raise ValidationError({"due_cycle": f"{told} Choose a later cycle."})


@transaction.atomic
def edit(*, by: Any, record: TradeOff, values: Mapping[str, Any], version: int | None = None) -> TradeOff:
    """Change what it says. When it is due is renegotiated, with a reason, and not edited."""
    if changed_in(record, values, "due_cycle"):
        told = f"{record.number} is due in {record.due_cycle}. Renegotiate it: that asks for the reason and keeps it."
        raise ValidationError({"due_cycle": told})
    if changed_in(record, values, "decided_on"):
        refuse_ahead(decided_on=values["decided_on"])
    if changed_in(record, values, "team"):
        _refuse_foreign(by, values["team"])
    if changed_in(record, values, "initiative"):
        refuse_hidden(by, "initiative", values["initiative"])
        _refuse_other_readers(record, values["initiative"])
    return update_record(by=by, record=record, values=values, version=version)


def _refuse_other_readers(record: TradeOff, initiative: Any) -> None:
    """What everybody has read cannot be taken back, and what few see is not shown to all by the way."""
    was = record.initiative is not None and record.initiative.is_private
    becomes = initiative is not None and initiative.is_private
    if was != becomes:
        seen = "those let into its initiative" if was else "everybody"
        told = f"{record.number} is seen by {seen}, and that does not change. Record another trade-off instead."
        raise ValidationError({"initiative": told})


def pay(*, by: Any, trade_off: TradeOff, version: int | None = None) -> TradeOff:
    """The work that was put off is done."""
    return _end(by, trade_off, version, {"state": LoanState.PAID}, "It is paid.")


def write_off(*, by: Any, trade_off: TradeOff, reason: str, version: int | None = None) -> TradeOff:
    """Decide that it is never done, and say why."""
    _refuse_short(reason, "Say why it is written off: whoever lives with it will ask.")
    return _end(
        by, trade_off, version, {"state": LoanState.WRITTEN_OFF, "reason": reason.strip()}, "It is written off."
    )


@transaction.atomic
def reopen(*, by: Any, trade_off: TradeOff, version: int | None = None) -> TradeOff:
    """Take back that it was paid or written off: it is owed again."""
    locked = lock(trade_off, version, {"state": LoanState.OPEN})
    if locked.state == LoanState.OPEN:
        raise ValidationError({"state": f"{locked.number} is open: there is nothing to take back."})
    return update_record(by=by, record=locked, values={"state": LoanState.OPEN, "reason": "", "ended_on": None})


@transaction.atomic
def renegotiate(
    *, by: Any, trade_off: TradeOff, to_cycle: Cycle, reason: str, version: int | None = None
) -> TradeOff:  # fmt: skip
    """Put it off once more, to a later cycle. That, and why, stays with it for ever."""
    _refuse_short(reason, "Say why it is put off again: the team that waits for it will ask.")
    locked = _open(trade_off, version, {"due_cycle": to_cycle})
    _refuse_no_later(locked, to_cycle)
    Renegotiation.objects.create(
        trade_off=locked, from_cycle=locked.due_cycle, to_cycle=to_cycle, reason=reason.strip(),
        by=by if isinstance(by, User) else None,
    )  # fmt: skip
    no_longer_asked(locked, f"It was renegotiated: it is due in {to_cycle} now.")
    values = {"due_cycle": to_cycle, "due_first": locked.due_first or locked.due_cycle}
    return update_record(by=by, record=locked, values=values)


def _refuse_no_later(trade_off: TradeOff, cycle: Cycle) -> None:
    if cycle.ends_on <= trade_off.due_cycle.ends_on:
        told = f"{cycle} ends on {cycle.ends_on:%-d %b %Y}, and it is due by {trade_off.due_cycle.ends_on:%-d %b %Y}"
        raise ValidationError({"to_cycle": f"{told} already. Choose a later cycle."})
    if cycle.ends_on < organisation_today():
        raise ValidationError({"to_cycle": f"{cycle} is over. Choose one that goes on or is to come."})


@transaction.atomic
def _end(by: Any, trade_off: TradeOff, version: int | None, values: Mapping[str, Any], told: str) -> TradeOff:
    locked = _open(trade_off, version, values)
    no_longer_asked(locked, told)
    return update_record(by=by, record=locked, values={**values, "ended_on": organisation_today()})


def _open(trade_off: TradeOff, version: int | None, values: Mapping[str, Any]) -> TradeOff:
    locked = lock(trade_off, version, values)
    if locked.state != LoanState.OPEN:
        state = locked.get_state_display().lower()
        raise ValidationError({"state": f"{locked.number} is {state} already. Open it again first, if that was wrong."})
    return locked


def _refuse_short(reason: str, told: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError({"reason": f"{told} {SHORTEST_REASON} letters or more."})


# Interest


@transaction.atomic
def count_interest(*, by: Any, trade_off: TradeOff, incident: Incident, note: str = "") -> Interest:
    """Say that an incident happened, or lasted longer, because the work was put off.

    Raises ValidationError for one from before it was decided or after it was paid, for a drill, and for what turned out
    to be no incident.
    """
    refuse_hidden(by, "incident", incident)
    _refuse_not_due_to(trade_off, incident)
    if Interest.objects.filter(trade_off=trade_off, incident=incident).exists():
        raise ValidationError({"incident": f"{incident.name} counts already."})
    values = {"trade_off": trade_off, "incident": incident, "note": note}
    made = create_record(by=by, model=Interest, values=values)
    interest.refresh([trade_off.pk])
    return made


def _refuse_not_due_to(trade_off: TradeOff, incident: Incident) -> None:
    if incident.kind == IncidentKind.DRILL:
        raise ValidationError({"incident": f"{incident.name} was a drill: it cost nobody anything."})
    if incident.status.category in NO_INCIDENT:
        raise ValidationError({"incident": f"{incident.name} is {incident.status}: it was no incident of its own."})
    day, decided_on, ended_on = organisation_date(incident.declared_at), trade_off.decided_on, trade_off.ended_on
    told = f"{incident.name} was declared on {day:%-d %b %Y}"
    if day < decided_on:
        told = f"{told}, before {trade_off.number} was decided ({decided_on:%-d %b %Y})"
        raise ValidationError({"incident": f"{told}. It cannot come of it."})
    if trade_off.state == LoanState.PAID and ended_on is not None and day > ended_on:
        told = f"{told}, after {trade_off.number} was paid ({ended_on:%-d %b %Y})"
        raise ValidationError({"incident": f"{told}. Open it again first, if the work was not done."})


@transaction.atomic
def drop_interest(*, by: Any, row: Interest) -> None:
    """Take back that an incident came of it."""
    trade_off = row.trade_off_id
    delete_record(by=by, record=row)
    interest.refresh([trade_off])
