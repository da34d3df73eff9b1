"""What other parts of the roadmap say of an initiative, as its specification has it: what it costs and brings, its
scores, what it waits for, what it pays back, which gaps it closes. Only what the asking reader may see."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from roadmap.compliance.collections import Standing, seen, standing_of_evidence
from roadmap.models import Claim, Dependency, Initiative, PriorityInput, TradeOff
from roadmap.strategy.markdown import table, words
from roadmap.views.networks import known_around
from roadmap.worth import returns, scores
from services.health.moments import counted
from services.health.saying import number, percent

# Lines of one section; the page of the initiative has the others.
MOST = 20


def sections(initiative: Initiative, reader: Any) -> Iterator[tuple[str, list[str]]]:
    """Each title with its lines, where there is something to say."""
    for title, told in (
        ("Cost, claims and return", _worth(initiative)), ("Priority", _priority(initiative)),
        ("Dependencies", _dependencies(initiative, reader)),
        ("Trade-offs it pays back", _trade_offs(initiative, reader)), ("Gaps it closes", _gaps(initiative, reader)),
    ):  # fmt: skip
        if lines := list(told):
            more = [f"- And {len(lines) - MOST:,} more"] if len(lines) > MOST else []
            yield title, [*lines[:MOST], *more]


def _worth(initiative: Initiative) -> Iterator[str]:
    """Both sides, when it pays back, and each claim with what was found of it."""
    claims = list(initiative.claims.select_related("metric__subject", "finding").order_by("pk"))
    people = returns.people_of(initiative) if claims else 1.0
    sides, found = returns.predicted(initiative, claims, people), returns.found(initiative, claims, people)
    if sides.cost is not None:
        yield f"- **Costs**: {_money(sides.cost)}, of it {_days(initiative.effort_days or 0)} of people"
    if claims:
        yield f"- **Claims to bring**: {_money(sides.money)} a month"
    if sides.months is not None:
        year = f", return of the first year {percent(sides.of_a_year)}" if sides.of_a_year is not None else ""
        yield f"- **Pays back**: after {words(number(round(sides.months, 1)))} months{year}"
    if found is not None:
        yield from _found(found)
    for each in claims:
        yield _claim(each)


def _found(found: returns.Found) -> Iterator[str]:
    low, high = _money(found.low.money), _money(found.high.money)
    yield f"- **Was found to bring**: {_money(found.likely.money)} a month, between {low} and {high}"
    if found.likely.cost is not None:
        year = f". Return of the first year: {words(found.first_year)}" if found.first_year else ""
        yield f"- **Pays back as found**: {words(found.pays_back)}{year}"


def _claim(claim: Claim) -> str:
    finding = getattr(claim, "finding", None)
    by = f", shown by {words(claim.metric)}" if claim.metric else ""
    said = f". {words(returns.verdict(claim, finding))}" if finding is not None else ""
    return f"- {claim.get_kind_display()}: {words(returns.in_words(claim, claim.per_month))} less a month{by}{said}"


def _money(amount: float) -> str:
    return words(f"{amount:,.0f} {settings.CURRENCY}")


def _days(days: float) -> str:
    return words(f"{days:,g} day{'' if days == 1 else 's'}")


def _priority(initiative: Initiative) -> Iterator[str]:
    """Both scores where one of their inputs is said, each input with where it is from."""
    said: dict[str, PriorityInput] = {each.factor: each for each in initiative.inputs.all()}
    known = {factor: each.value for factor, each in said.items()}
    for name, formula, score, factors in scores.FORMULAS:
        inputs = [said[each] for each in factors if each in said]
        if inputs:
            value, missing = score(known), ", ".join(scores.missing(known, factors))
            stands = words(number(value)) if value is not None else f"not known without {missing}"
            rows = [(each.get_factor_display(), words(f"{each.value:,g}"), _basis(each)) for each in inputs]
            yield f"**{name} {stands}** = {words(formula)}\n\n{table(('Input', 'Value', 'From'), rows)}\n"


def _basis(said: PriorityInput) -> str:
    return words(f"{said.get_basis_display()}: {said.source}" if said.source else said.get_basis_display())


def _dependencies(initiative: Initiative, reader: Any) -> Iterator[str]:
    """What it waits for, then what waits for it, each with what the dates do not keep."""
    tied = Dependency.objects.visible(reader).select_related("before", "after").order_by("pk")
    awaits, awaited = list(tied.filter(after=initiative)), list(tied.filter(before=initiative))
    if not (awaits or awaited):
        return
    known = known_around(reader, initiative.pk)
    problems = {each.pk: known.problem(each) for each in known.ties}
    for each in awaits:
        yield f"- Waits for {words(each.before)}{_how(each, problems.get(each.pk, ''))}"
    for each in awaited:
        yield f"- {words(each.after)} waits for this{_how(each, problems.get(each.pk, ''))}"


def _how(tie: Dependency, problem: str) -> str:
    lag = f", {counted(tie.lag_days, 'day')} lag" if tie.lag_days else ""
    return f" ({words(tie.get_kind_display().lower() + lag)}){f': {words(problem)}' if problem else ''}"


def _trade_offs(initiative: Initiative, reader: Any) -> Iterator[str]:
    rows = TradeOff.objects.visible(reader).filter(initiative=initiative)
    for each in rows.select_related("team", "due_cycle", "owed").order_by("due_cycle__ends_on", "pk"):
        owed = getattr(each, "owed", None)
        interest = f", {_days(round(owed.interest_days, 2))} of interest so far" if owed and owed.incidents else ""
        told = f"{words(each.team)} owes {_days(each.principal_days)}, due in {words(each.due_cycle)}{interest}"
        yield f"- {words(each)}: {told} ({words(each.get_state_display().lower())})"


def _gaps(initiative: Initiative, reader: Any) -> Iterator[str]:
    rows = seen(reader).filter(initiative=initiative).annotate(standing=standing_of_evidence())
    for each in rows.select_related("control__framework", "service__reference").order_by("control__identifier", "pk"):
        control, of = each.control, each.service or "the company as a whole"
        title = words(f"{control.framework.name}: {control.title}")
        yield f"- **{words(control.identifier)}** {title}, {words(of)} ({words(Standing(each.standing).label.lower())})"
