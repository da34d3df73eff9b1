"""What is told and proposed of trade-offs that are due or overdue.

Everybody reads proposals, so a trade-off of a private initiative makes none; its reminders go to whoever is let in, in
their inbox alone.
"""

import datetime as dt

from django.conf import settings
from django.db.models import Q, QuerySet

from portal.collections import get_collection
from portal.delivery.actions import notify
from portal.people.models import Membership, User
from portal.proposals.actions import propose, withdraw
from portal.proposals.models import Proposal
from portal.tenure import organisation_today
from roadmap.models import OVER, Cycle, LoanState, TradeOff
from services.health.moments import counted
from services.health.saying import number

KIND = "trade-off"
SOON_DAYS = 21
WEEK = 7


def propose_overdue() -> int:
    """Propose work on what is overdue and nobody works on; take back what is no longer. Returns how many are asked."""
    found = list(_asked_for())
    for each in found:
        _propose(each)
    gone = Proposal.objects.filter(kind=KIND).exclude(source_key__in=[question(each) for each in found])
    withdraw(gone, reason="It is no longer overdue, or somebody works on it.")
    return len(found)


def _asked_for() -> QuerySet[TradeOff]:
    worked_on = Q(initiative__isnull=False) & ~Q(initiative__status__in=OVER)
    rows = TradeOff.objects.overdue().exclude(initiative__is_private=True).exclude(worked_on)
    return rows.select_related("team", "due_cycle", "due_first", "owed").order_by("pk")


def question(trade_off: TradeOff) -> str:
    """What names the question: a loan that is due in another cycle is another one."""
    return f"{KIND}:{trade_off.pk}@{trade_off.due_cycle_id}"


def no_longer_asked(trade_off: TradeOff, reason: str) -> None:
    withdraw(Proposal.objects.filter(source_key=question(trade_off)), reason=reason)


def days_late(trade_off: TradeOff, today: dt.date | None = None) -> int:
    """How many days it is overdue; 0 while there is time, and for what is paid or written off."""
    if trade_off.state != LoanState.OPEN:
        return 0
    return max(0, ((today or organisation_today()) - trade_off.due_cycle.ends_on).days)


def url_of(trade_off: TradeOff) -> str:
    home = get_collection("trade-offs")
    assert home is not None  # noqa: S101  it is registered with this area
    return home.url_of(trade_off)


def _propose(each: TradeOff) -> None:
    late, owed = days_late(each), each.owed
    cycles = Cycle.objects.filter(ends_on__gt=each.due_cycle.ends_on, ends_on__lt=organisation_today()).count()
    propose(
        source_key=question(each),
        kind=KIND,
        title=f"{each.number} is {counted(late, 'day')} overdue: {each.deferred}",
        text=_text(each, late),
        evidence={
            # Each cycle that passes makes it worse, and what was declined is asked anew.
            "severity": 1 + cycles, "trade-off": each.number, "team": str(each.team),
            "shipped instead": each.shipped, "was due in": str(each.due_cycle), "days overdue": late,
            "incidents": owed.incidents, "interest (minutes)": round(owed.interest_minutes),
        },
        price={
            "principal (days)": each.principal_days, "interest so far (days)": round(owed.interest_days, 1),
            f"principal ({settings.CURRENCY})": round(each.principal_days * settings.DAY_RATE),
        },
        url=url_of(each),
    )  # fmt: skip


def _text(each: TradeOff, late: int) -> str:
    renegotiated = f" It was first due in {each.due_first}." if each.due_first else ""
    none = "No incident is counted as its interest so far."
    days = number(round(each.owed.interest_days, 1))
    cost = f"{counted(each.owed.incidents, 'incident')} came of it so far: {days} days."
    return (
        f"{each.team} put off “{each.deferred}” for “{each.shipped}”, and was to do it by the end of {each.due_cycle}."
        f"{renegotiated}\n\n{cost if each.owed.incidents else none} Plan the "
        f"{number(each.principal_days)} days, renegotiate it, or write it off and say why."
    )


# Reminders


def remind() -> int:
    """Tell teams of what is due soon, and each week of what is overdue; returns of how many."""
    today = organisation_today()
    soon = TradeOff.objects.filter(state=LoanState.OPEN, due_cycle__ends_on__lte=today + dt.timedelta(days=SOON_DAYS))
    found = list(soon.select_related("team", "due_cycle", "initiative").order_by("pk"))
    for each in found:
        _remind(each, today)
    return len(found)


def _remind(each: TradeOff, today: dt.date) -> None:
    event, word = _event(each, today)
    is_private = each.initiative is not None and each.initiative.is_private
    notify(
        to=_let_in(each) if is_private else each.team,
        kind=KIND,
        title=f"{each}: {word}",
        text=f"{each.team} owes it since “{each.shipped}” came first. Pay it, renegotiate it, or write it off.",
        url=url_of(each),
        about=f"trade-off:{each.pk}#{event}-{each.due_cycle_id}",
        why=f"You are in {each.team}, which owes it.",
        inbox_only=is_private,
    )


def _let_in(each: TradeOff) -> list[User]:
    members = Membership.objects.current().filter(team=each.team).values("person")
    users = User.objects.filter(person__reference__in=members, is_active=True)
    return [user for user in users if TradeOff.objects.visible(user).filter(pk=each.pk).exists()]


def _event(each: TradeOff, today: dt.date) -> tuple[str, str]:
    late = days_late(each, today)
    if late:
        return f"late{late // WEEK}", f"{counted(late, 'day')} overdue"
    left = (each.due_cycle.ends_on - today).days
    return "soon", f"due in {counted(left, 'day')}" if left else "due today"
