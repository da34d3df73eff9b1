"""What an initiative costs, what it claims to bring and was found to bring, and after how many months that pays.

``cost = effort in days × day rate + money``; what a claim brings a month, in days and money: minutes of incidents
become days as interest does, ``minutes × people / 480``; days become money by the day rate. Minutes of error budget are
shown as they are: nobody has said what one costs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count

from incidents.models import Assignment
from portal.actions import create_record, update_record
from portal.events import handles
from roadmap.initiatives.events import InitiativeMoved
from roadmap.models import Claim, ClaimKind, Finding, Initiative
from roadmap.worth.interest import days_of
from roadmap.worth.seeing import refuse_foreign, refuse_hidden
from services.health.models import MetricKind
from services.health.saying import number, percent

MONTHS = 12


@dataclass(frozen=True)
class Benefit:
    """What so much a month of a claim is worth: days of people, and money. None where nobody can say."""

    days: float | None
    money: float | None


@dataclass(frozen=True)
class Return:
    """The two sides of an initiative. ``months`` None: it never pays back, or a side is not known."""

    cost: float | None
    days: float
    money: float

    @property
    def months(self) -> float | None:
        return self.cost / self.money if self.cost is not None and self.money > 0 else None

    @property
    def of_a_year(self) -> float | None:
        """What a year brings beyond its cost, as a share of the cost."""
        return (MONTHS * self.money - self.cost) / self.cost if self.cost else None


@dataclass(frozen=True)
class Found:
    """The same of what was found: as it is most likely, and at both ends of the interval. ``measured`` claims of
    ``claimed`` have a finding; the others bring nothing here."""

    likely: Return
    low: Return
    high: Return
    measured: int
    claimed: int

    @property
    def pays_back(self) -> str:
        if self.likely.months is None:
            best = f"; at best after {_rounded(self.high.months)} months" if self.high.months is not None else ""
            return f"not by what was found{best}"
        best = _rounded(self.high.months or self.likely.months)
        worst = f"{_rounded(self.low.months)} months" if self.low.months is not None else "never"
        return f"after {_rounded(self.likely.months)} months; at best {best}, at worst {worst}"

    @property
    def first_year(self) -> str:
        """The return of the first year with its interval, empty where the cost is not known."""
        ends = [_signed(each.of_a_year) for each in (self.likely, self.low, self.high) if each.of_a_year is not None]
        return "{}; between {} and {}".format(*ends) if ends else ""


def worth_of(kind: str, amount: float, people: float = 1.0) -> Benefit:
    """So much a month, in days and in money."""
    if kind == ClaimKind.BUDGET_MINUTES:
        return Benefit(None, None)
    if kind == ClaimKind.COST:
        return Benefit(0.0, amount)
    days = amount if kind == ClaimKind.DAYS else days_of(amount, people)
    return Benefit(days, days * settings.DAY_RATE)


def people_of(initiative: Initiative) -> float:
    """How many answer an incident of it: the mean of those it is linked to that are public, at least one."""
    held = Assignment.objects.filter(incident__initiative_links__initiative=initiative, incident__is_private=False)
    rows = held.order_by().values("incident").annotate(number=Count("person", distinct=True))
    found = list(rows.values_list("number", flat=True))
    return max(1.0, round(sum(found) / len(found), 1)) if found else 1.0


def cost_of(initiative: Initiative) -> float | None:
    """Money for its days of people and beside them; None where neither is said."""
    if initiative.effort_days is None and initiative.cost is None:
        return None
    return (initiative.effort_days or 0.0) * settings.DAY_RATE + float(initiative.cost or 0)


def predicted(initiative: Initiative, claims: Sequence[Claim], people: float) -> Return:
    return _return(initiative, [(each.kind, each.per_month) for each in claims], people)


def found(initiative: Initiative, claims: Sequence[Claim], people: float) -> Found | None:
    """What the findings say together; None before one of what is worth money is there. The ends of the intervals are
    added up as well: all claims at their worst, and all at their best."""
    worthy = [each for each in claims if each.kind != ClaimKind.BUDGET_MINUTES]
    rows = [each.finding for each in worthy if getattr(each, "finding", None) and each.finding.per_month is not None]
    if not rows:
        return None
    likely, low, high = (
        _return(initiative, [(each.claim.kind, getattr(each, name) or 0.0) for each in rows], people)
        for name in ("per_month", "low", "high")
    )
    return Found(likely, low, high, len(rows), len(worthy))


def _return(initiative: Initiative, amounts: Iterable[tuple[str, float]], people: float) -> Return:
    benefits = [worth_of(kind, amount, people) for kind, amount in amounts]
    days, money = (sum(getattr(each, name) or 0.0 for each in benefits) for name in ("days", "money"))
    return Return(cost_of(initiative), days, money)


def in_words(claim: Claim, amount: float) -> str:
    """An amount of a claim with its unit."""
    unit = {ClaimKind.COST: claim.metric.unit if claim.metric and claim.metric.unit else settings.CURRENCY,
            ClaimKind.DAYS: "days"}.get(ClaimKind(claim.kind), "minutes")  # fmt: skip
    return f"{_rounded(abs(amount))} {unit}{' more' if amount < 0 else ''}"


def _rounded(amount: float) -> str:
    return number(round(amount) if abs(amount) >= 100 else round(amount, 1)).replace("-", "\N{MINUS SIGN}")


def _signed(share: float) -> str:
    return percent(share).replace("-", "\N{MINUS SIGN}")


def verdict(claim: Claim, found: Finding) -> str:
    """Claimed beside found, in words."""
    if found.per_month is None or found.low is None or found.high is None:
        return found.problem
    said = f"Claimed {in_words(claim, claim.per_month)} a month, found {in_words(claim, found.per_month)}"
    between = f"between {_rounded(found.low)} and {_rounded(found.high)} in four of five cases"
    return f"{said}, {between}: {_kept(claim, found.low, found.high)}."


def _kept(claim: Claim, low: float, high: float) -> str:
    if high < 0:
        return "it became more, not less"
    if low <= 0:
        return "that cannot be told from chance"
    if high < claim.per_month:
        return "less than was claimed"
    return "the claim was kept" if low <= claim.per_month else "more than was claimed"


# Saying it


@transaction.atomic
def claim(*, by: Any, values: Mapping[str, Any], model: type[Claim] = Claim, kind: str = "") -> Claim:
    """Write down what an initiative claims to remove each month, and which series must show it."""
    initiative = values["initiative"]
    refuse_hidden(by, "initiative", initiative)
    told = f"You may not change {initiative}. Whoever owns it and product managers may."
    refuse_foreign(by, "roadmap.change_initiative", initiative, "initiative", told)
    _refuse_level(values.get("metric"))
    _refuse_same(Claim(**values))
    return create_record(by=by, model=model, values=values)


@transaction.atomic
def correct(*, by: Any, record: Claim, values: Mapping[str, Any], version: int | None = None) -> Claim:
    """Change a claim. What was found of it is found anew."""
    if values.get("initiative", record.initiative) != record.initiative:
        raise ValidationError({"initiative": "A claim stays with its initiative. Make another one there."})
    _refuse_level(values.get("metric"))
    said = {"kind": record.kind, "metric": record.metric, **values, "initiative": record.initiative}
    _refuse_same(Claim(pk=record.pk, **{name: said[name] for name in ("initiative", "kind", "metric")}))
    saved = update_record(by=by, record=record, values=values, version=version)
    Finding.objects.filter(claim=saved).delete()
    return saved


@handles(InitiativeMoved)
def forget_when_taken_up(event: InitiativeMoved) -> None:
    """What is taken up again is not delivered: what was found of its delivery says nothing any more."""
    forget_undelivered(initiative=event.initiative)


def forget_undelivered(**of: Any) -> None:
    """Drop what was found of claims whose initiative is not delivered, of those that are ``of`` something."""
    claims = Claim.objects.filter(initiative__delivered_on=None, **of)
    Finding.objects.filter(claim__in=claims).delete()


def _refuse_level(metric: Any) -> None:
    """What is removed a month is an amount, whose days are added up."""
    if metric is not None and metric.kind != MetricKind.FLOW:
        kind = metric.get_kind_display().lower()
        told = f"{metric} is a {kind}: its days cannot be added up to a month. Choose a metric that is an amount."
        raise ValidationError({"metric": told})


def _refuse_same(claim: Claim) -> None:
    """What is claimed already is corrected and not claimed twice; both would be added up."""
    same = Claim.objects.filter(initiative=claim.initiative, kind=claim.kind, metric=claim.metric)
    other = same.exclude(pk=claim.pk).first()
    if other is not None:
        shown = f", shown by {other.metric}," if other.metric else ""
        told = f"{other.initiative.name} claims {other}{shown} already. Change that claim"
        instead = "" if other.metric else ", or name a metric that shows this one"
        raise ValidationError({"kind": f"{told}{instead}."})
