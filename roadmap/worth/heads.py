"""The heads of trade-offs and allocations: where they stand, whose they are, by when."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.cells import owner_html
from portal.collections import reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, pill
from portal.references.models import Reference
from roadmap.models import Allocation, LoanState, TradeOff
from roadmap.worth.allocating import objection, way_back
from roadmap.worth.asking import days_late
from roadmap.worth.guard import Verdict, verdict
from roadmap.worth.loan_views import ACTS, OFFERED
from roadmap.worth.plan_views import loans_of, plan_url
from services.heads import HIDDEN
from services.health.moments import counted, days_in_words
from services.health.saying import day_in_words, number

NOBODY = format_html('<span class="gw-muted">{}</span>', "not said")


@pill(on=TradeOff)
def trade_off_pill(request: HttpRequest, trade_off: TradeOff) -> Pill:
    if late := days_late(trade_off):
        return Pill("overdue", f"{counted(late, 'day')} overdue")
    return Pill(trade_off.state, trade_off.get_state_display(), text=trade_off.reason.rstrip(" ."))


@head(on=TradeOff)
def trade_off_head(request: HttpRequest, trade_off: TradeOff) -> Head:
    owed, due = trade_off.owed, trade_off.due_cycle
    first = f"first due in {trade_off.due_first}" if trade_off.due_first else days_in_words(due.ends_on)
    return Head(
        title=trade_off.deferred,
        over=trade_off.number,
        subtitle=f"Put off for: {trade_off.shipped}",
        reach=[
            Fact("Owed by", _who(request, trade_off.team)),
            Fact("Due in", str(due), first if trade_off.state == LoanState.OPEN else ""),
            Fact("Principal", f"{number(trade_off.principal_days)} days"),
            Fact(
                "Interest so far", f"{number(round(owed.interest_days, 2))} days", counted(owed.incidents, "incident")
            ),
        ],
        actions=_acts(request, trade_off),
    )


def _acts(request: HttpRequest, trade_off: TradeOff) -> list[Mapping[str, str]]:
    user: Any = request.user
    if not user.has_perm("roadmap.change_tradeoff", trade_off):
        return []
    return [
        {"label": ACTS[act].label, "url": reverse("trade-off-act", args=[trade_off.pk, act]),
         "primary": "yes" if at == 0 and act != "reopen" else ""}
        for at, act in enumerate(OFFERED[trade_off.state])
    ]  # fmt: skip


def _who(request: HttpRequest, reference: Reference | None) -> SafeString:
    if reference is None:
        return NOBODY
    if unknown_to(request.user, [reference.pk]):
        return HIDDEN
    return owner_html(
        reference.label, reference_url(reference.canonical, reference.attached), reference.kind, reference.attached
    )


@pill(on=Allocation)
def allocation_pill(request: HttpRequest, allocation: Allocation) -> Pill:
    found = verdict(allocation)
    return Pill(found.state, found.words)


@head(on=Allocation)
def allocation_head(request: HttpRequest, allocation: Allocation) -> Head:
    planned, actual = verdict(allocation), verdict(allocation, "actual")
    cycle = allocation.cycle
    target = f"{allocation.target_low} to {allocation.target_high}\u00a0%"
    user: Any = request.user
    may = user.has_perm("roadmap.change_allocation", allocation)
    return Head(
        title=f"{allocation.team} in {cycle}",
        subtitle=allocation.note,
        reach=[
            Fact("Team", _who(request, allocation.team)),
            Fact("Cycle", format_html('<a href="{}">{}</a>', plan_url(cycle), cycle), _span(cycle)),
            Fact("Planned", f"{number(planned.days)} of {number(allocation.capacity_days)} days", _share(planned)),
            Fact("Spent", f"{number(actual.days)} days", _share(actual)),
        ],
        notes=[
            _note(request, each, may) for each in (planned, actual) if each.objects
        ],
        tags=[f"agreed {target}"],
    )  # fmt: skip


def _span(cycle: Any) -> str:
    return f"{day_in_words(cycle.starts_on)} to {day_in_words(cycle.ends_on)}"


def _share(found: Verdict) -> str:
    return f"{found.percent}\u00a0% on platform, debt and 100×" if found.days else ""


def _note(request: HttpRequest, found: Verdict, may: bool) -> Mapping[str, Any]:
    loans = loans_of(request.user, [found.allocation])[found.allocation.pk]
    if loans:
        text = f"{way_back(found)}. What it puts off is owed: {', '.join(str(each) for each in loans)}."
    else:
        text = f"{way_back(found)}; or record what is put off, so that it is owed and not forgotten."
    action = {"label": "Record the trade-off", "url": reverse("trade-off-record", args=[found.allocation.pk])}
    return {
        "status": "warn", "icon": "scale", "title": objection(found), "text": text,
        "action": action if may and not loans else None,
    }  # fmt: skip
