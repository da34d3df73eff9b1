"""Pages of the acts on trade-offs: recording one from a plan, paying, renegotiating, writing off, its interest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt
from portal.collections import get_collection
from portal.forms import make_form
from portal.people.entering import acts
from portal.saving import version_of
from roadmap.models import Allocation, Cycle, Interest, LoanState, TradeOff
from roadmap.worth import loans
from roadmap.worth.allocating import objection
from roadmap.worth.collections import TRADE_OFFS
from roadmap.worth.forms import InterestForm, PayForm, RenegotiateForm, WriteOffForm
from roadmap.worth.guard import Guard, verdict


@dataclass(frozen=True)
class Act:
    """``label`` is on its button, ``explains`` above its form, ``said`` after it."""

    label: str
    form: type[Any]
    do: Callable[..., Any]
    explains: str
    said: str
    icon: str


ACTS = {
    "pay": Act("Pay it back", PayForm, loans.pay, "The work that was put off is done.", "is paid", "circle-check"),
    "renegotiate": Act(
        "Renegotiate", RenegotiateForm, loans.renegotiate, "It is put off once more. From which cycle to which, and "
        "why, stays with it.", "is renegotiated", "calendar-repeat",
    ),
    "write-off": Act(
        "Write off", WriteOffForm, loans.write_off, "The work is never done. Deciding that is an outcome; forgetting "
        "it is not.", "is written off", "ban",
    ),
    "reopen": Act("Open again", PayForm, loans.reopen, "It is owed again.", "is open again", "arrow-back-up"),
    "interest": Act(
        "Count an incident", InterestForm, loans.count_interest, "An incident happened, or lasted longer, because the "
        "work was put off: its minutes, times its people, are interest.", "has interest", "coins",
    ),
}  # fmt: skip
# Which acts each state offers, the one that leads on first.
OFFERED: dict[str, tuple[str, ...]] = {
    LoanState.OPEN: ("pay", "renegotiate", "write-off"),
    LoanState.PAID: ("reopen",),
    LoanState.WRITTEN_OFF: ("reopen",),
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, key: int, act: str) -> HttpResponse:
    """One act on a trade-off, by a form."""
    found = ACTS.get(act)
    if found is None:
        raise Http404(f"“{act}” cannot be done with a trade-off. There are: {', '.join(ACTS)}.")
    trade_off = load(request, key)
    form = found.form(trade_off, request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        versioned = {} if act == "interest" else {"version": version_of(request, trade_off)}
        said = {**versioned, **form.cleaned_data}
        if attempt(form, lambda: found.do(by=request.user, trade_off=trade_off, **said)):
            messages.success(request, f"{trade_off} {found.said}.")
            return redirect(TRADE_OFFS.url_of(trade_off))
    return act_page(
        request, form, found.label, collection=TRADE_OFFS, record=trade_off, versioned=trade_off,
        explains=found.explains,
    )  # fmt: skip


def load(request: HttpRequest, key: int) -> TradeOff:
    """The trade-off, where the reader may see it and change it: 404 and 403 otherwise."""
    user: Any = request.user
    rows = TRADE_OFFS.visible(user).select_related("team", "due_cycle", "due_first", "initiative")
    trade_off = rows.filter(pk=key).first()
    if trade_off is None:
        raise Http404(f"There is no trade-off {key}.")
    if not user.has_perm("roadmap.change_tradeoff", trade_off):
        raise PermissionDenied(
            f"You may not change {trade_off}. {trade_off.team}, which owes it, and product managers may."
        )
    return trade_off


@acts("record", "trade-offs")
def drop_interest(request: HttpRequest, key: int, pk: int) -> HttpResponse:
    """Take back that an incident came of it."""
    trade_off = load(request, key)
    row = Interest.objects.visible(request.user).filter(trade_off=trade_off, pk=pk).select_related("incident").first()
    if row is None:
        messages.info(request, "That incident does not count any more: somebody took it out before.")
    else:
        loans.drop_interest(by=request.user, row=row)
        messages.success(request, f"{row.incident.name} no longer counts as interest of {trade_off}.")
    return redirect(TRADE_OFFS.url_of(trade_off))


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, key: int) -> HttpResponse:
    """Record what is put off by a plan whose guard objects: the form of a trade-off, filled in from the plan."""
    user: Any = request.user
    allocation = Allocation.objects.select_related("cycle", "team").filter(pk=key).first()
    if allocation is None:
        raise Http404(f"There is no allocation {key}.")
    if not user.has_perm("roadmap.change_allocation", allocation):
        raise PermissionDenied(
            f"You may not record what {allocation.team} puts off. That team and product managers may."
        )
    form = make_form(TRADE_OFFS, data=request.POST if request.method == "POST" else None, reader=request.user)
    form.initial.update(_from_plan(allocation, user))
    if request.method == "POST" and form.is_valid():
        values = form.values
        if done := attempt(form, lambda: loans.record(by=user, values=values, allocation=allocation)):
            messages.success(request, f"Recorded {done.made}. The plan stands, and what it puts off is owed.")
            return redirect(TRADE_OFFS.url_of(done.made))
    home = get_collection("allocations")
    assert home is not None  # noqa: S101  it is registered with this area
    return act_page(
        request, form, "Record the trade-off", collection=home, record=allocation,
        explains="The plan is saved as it is. What it puts off is written down here, so that it is owed and not "
        "forgotten.",
    )  # fmt: skip


def _from_plan(allocation: Allocation, user: Any) -> dict[str, Any]:
    """What the plan says of what it puts off: at the end of the next cycle it is due."""
    verdicts = [verdict(allocation, ending) for ending in ("planned", "actual")]
    found = next((each for each in verdicts if each.objects), verdicts[0])
    after = Cycle.objects.filter(starts_on__gt=allocation.cycle.ends_on).order_by("starts_on").first()
    values: dict[str, Any] = {
        "team": allocation.team, "due_cycle": (after or allocation.cycle).pk,
        "decided_by": user.person.reference if user.person else None,
    }  # fmt: skip
    if found.state == Guard.BELOW:
        values |= {
            "deferred": f"Platform and debt work of {allocation.team} in {allocation.cycle}",
            "shipped": f"Features of {allocation.team} in {allocation.cycle}",
            "principal_days": max(found.missing_days, 0.5), "why": f"{objection(found)}.",
        }  # fmt: skip
    if found.state == Guard.OVER:
        values |= {
            "deferred": f"Features of {allocation.team} in {allocation.cycle}",
            "shipped": f"Platform and debt work of {allocation.team} in {allocation.cycle}",
            "principal_days": max(found.missing_days, 0.5), "why": f"{objection(found)}.",
        }  # fmt: skip
    return values
