"""Panels of trade-offs and allocations: on their own pages, and on those of teams, incidents and initiatives."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from incidents.collections import INCIDENTS
from incidents.models import Incident, IncidentKind
from portal.panels import Context, panel
from portal.people.models import Team
from portal.prose import prose
from portal.tenure import organisation_today
from roadmap.models import Allocation, Claim, Initiative, Interest, LoanState, TradeOff
from roadmap.worth import interest, returns, scores
from roadmap.worth.asking import days_late
from roadmap.worth.collections import CLAIMS, TRADE_OFFS
from roadmap.worth.plan_views import described, loans_of, plan_url
from services.health.moments import counted
from services.health.saying import number

MOST = 6


@panel(on=TradeOff, slot="main", order=10, title="What was traded", template="roadmap/_loan_what.html")
def what(request: HttpRequest, trade_off: TradeOff) -> Context:
    return {"why": prose(trade_off.why).body if trade_off.why else "", "allocation": trade_off.allocation}


@panel(on=TradeOff, slot="main", order=20, title="Interest", template="roadmap/_loan_interest.html")
def interest_of(request: HttpRequest, trade_off: TradeOff) -> Context:
    """Its incidents with what each costs. The sum is of public ones, as everybody reads it."""
    rows = interest.with_costs(Interest.objects.visible(request.user).filter(trade_off=trade_off))
    counts = set(interest.counted(Interest.objects.filter(trade_off=trade_off)).values_list("pk", flat=True))
    user: Any = request.user
    may, is_owed = user.has_perm("roadmap.change_tradeoff", trade_off), trade_off.state != LoanState.PAID
    shown = [
        {"row": each, "incident": each.incident, "url": INCIDENTS.url_of(each.incident), "counts": each.pk in counts,
         "people": max(each.people, 1), "days": interest.days_of(each.minutes or 0, each.people)}
        for each in rows.select_related("incident__reference", "incident__status").order_by("incident__declared_at")
    ]  # fmt: skip
    return {
        "rows": shown, "owed": trade_off.owed, "may": may,
        "add_url": reverse("trade-off-act", args=[trade_off.pk, "interest"]) if may and is_owed else "",
        "fact": f"{number(round(trade_off.owed.interest_days, 2))} days" if trade_off.owed.incidents else "",
    }  # fmt: skip


@panel(on=TradeOff, slot="main", order=30, title="Renegotiated", template="roadmap/_loan_renegotiated.html")
def renegotiated(request: HttpRequest, trade_off: TradeOff) -> Context | None:
    rows = list(trade_off.renegotiations.select_related("from_cycle", "to_cycle", "by__person").order_by("-at"))
    return {"rows": rows, "fact": f"{len(rows)} time{'' if len(rows) == 1 else 's'}"} if rows else None


@panel(on=TradeOff, slot="rail", order=10, title="Facts", template="roadmap/_loan_facts.html")
def facts(request: HttpRequest, trade_off: TradeOff) -> Context:
    return {"cycle_url": plan_url(trade_off.due_cycle)}


@panel(
    on=Allocation, slot="main", order=10, title="How the days are shared out", template="roadmap/_allocation_bars.html"
)
def shared_out(request: HttpRequest, allocation: Allocation) -> Context:
    found = loans_of(request.user, [allocation])
    return {"row": described(request, allocation, found[allocation.pk])}


# On the pages of others


def _listed(rows: QuerySet[TradeOff]) -> list[dict[str, Any]]:
    found = rows.select_related("team", "due_cycle", "owed").order_by("due_cycle__ends_on", "pk")[:MOST]
    return [_line(each) for each in found]


def _line(each: TradeOff) -> dict[str, Any]:
    late = days_late(each)
    status = "overdue" if late else each.state
    label = f"{counted(late, 'day')} overdue" if late else each.get_state_display()
    return {"trade_off": each, "url": TRADE_OFFS.url_of(each), "status": status, "label": label}


def _panel(rows: Iterable[dict[str, Any]], total: int, fact: str, query: dict[str, Any] | None = None) -> Context:
    shown = list(rows)
    url = f"{TRADE_OFFS.url}?{urlencode(query or {}, doseq=True)}"
    return {
        "rows": shown, "fact": fact,
        "link": {"label": "All of them", "url": url} if query and total > len(shown) else None,
    }  # fmt: skip


@panel(on=Team, slot="main", order=14, title="What it owes", template="roadmap/_loans_of.html", lazy=True)
def of_team(request: HttpRequest, team: Team) -> Context | None:
    rows = TradeOff.objects.visible(request.user).filter(team=team.reference_id, state=LoanState.OPEN)
    total = rows.count()
    if not total:
        return None
    late = rows.overdue().count()
    fact = f"{total} open, {late} overdue" if late else f"{total} open"
    return _panel(_listed(rows), total, fact, {"team": team.reference.canonical})


@panel(on=Team, slot="main", order=12, title="Allocation", template="roadmap/_allocation_bars.html", lazy=True)
def allocation_of_team(request: HttpRequest, team: Team) -> Context | None:
    """How the team shares out the cycle that goes on."""
    today = organisation_today()
    rows = Allocation.objects.filter(team=team.reference_id, cycle__starts_on__lte=today, cycle__ends_on__gte=today)
    found = rows.select_related("cycle", "team").first()
    if found is None:
        return None
    row = described(request, found, loans_of(request.user, [found])[found.pk])
    return {"row": row, "fact": str(found.cycle), "link": {"label": "Plan and actual", "url": plan_url(found.cycle)}}


@panel(on=Incident, slot="rail", order=40, title="Came of a trade-off", template="roadmap/_loans_of.html", lazy=True)
def of_incident(request: HttpRequest, incident: Incident) -> Context | None:
    """What was put off and is known to have led to it; where nothing is, nothing is shown."""
    if incident.kind == IncidentKind.DRILL:
        return None
    rows = TradeOff.objects.visible(request.user).filter(interest__incident=incident)
    shown = _listed(rows)
    return _panel(shown, len(shown), "") if shown else None


@panel(
    on=Initiative, slot="main", order=62, title="Trade-offs it pays back", template="roadmap/_loans_of.html", lazy=True
)
def of_initiative(request: HttpRequest, initiative: Initiative) -> Context | None:
    rows = TradeOff.objects.visible(request.user).filter(initiative=initiative)
    total = rows.count()
    if not total:
        return None
    query = {"initiative": initiative.reference.canonical, "state": "*"}
    return _panel(_listed(rows), total, counted(total, "trade-off"), query)


@panel(on=Initiative, slot="main", order=50, title="Priority", template="roadmap/_priority.html")
def priority(request: HttpRequest, initiative: Initiative) -> Context:
    """Both scores as they are reckoned, with what is missing and what was only guessed."""
    said = {each.factor: each for each in initiative.inputs.all()}
    known = {factor: each.value for factor, each in said.items()}
    user: Any = request.user
    may = user.has_perm("roadmap.change_initiative", initiative)
    return {
        "scores": [
            {"name": name, "formula": formula, "value": score(known), "missing": scores.missing(known, factors),
             "inputs": [said[each] for each in factors if each in said]}
            for name, formula, score, factors in scores.FORMULAS
        ],
        "edit_url": reverse("initiative-priority", args=[initiative.name.lower()]) if may else "",
        "link": {"label": "All initiatives", "url": reverse("priorities")},
    }  # fmt: skip


@panel(on=Initiative, slot="main", order=55, title="Return", template="roadmap/_return.html")
def return_of(request: HttpRequest, initiative: Initiative) -> Context:
    """What it costs, what it claims to bring, and, once delivered, what was found."""
    claims = list(initiative.claims.select_related("metric__subject", "finding").order_by("pk"))
    people = returns.people_of(initiative) if claims else 1.0
    user: Any = request.user
    may = user.has_perm("roadmap.change_initiative", initiative)
    return {
        "sides": returns.predicted(initiative, claims, people), "found": returns.found(initiative, claims, people),
        "people": people, "currency": settings.CURRENCY,
        "rate": settings.DAY_RATE, "rows": [_claim(initiative, each, people) for each in claims],
        "add_url": reverse("initiative-claim", args=[initiative.name.lower()]) if may else "",
    }  # fmt: skip


def _claim(initiative: Initiative, claim: Claim, people: float) -> dict[str, Any]:
    found = getattr(claim, "finding", None)
    if found is not None:
        said = returns.verdict(claim, found)
    else:
        said = "Nothing is measured yet; each day the portal looks." if initiative.delivered_on else ""
    return {
        "claim": claim, "url": CLAIMS.url_of(claim), "amount": returns.in_words(claim, claim.per_month), "said": said,
        "worth": returns.worth_of(claim.kind, claim.per_month, people),
    }  # fmt: skip
