"""Live blocks of one record: a metric, a limit, an objective, the allocation of a cycle. Each kind reads all that its
blocks name at once."""

import datetime as dt
import re
from collections.abc import Collection, Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Prefetch, Q
from django.http import QueryDict
from django.urls import reverse

from portal.collections import reference_condition, unknown_to
from portal.references.models import Reference
from portal.tenure import organisation_date, organisation_today
from roadmap.models import Allocation, Cycle, KeyResult, Objective
from roadmap.okr.showing import share_in_words
from roadmap.strategy.blocks import Answer, Asked, Figure, Kind, register
from roadmap.strategy.markdown import link, table, unbroken, words
from roadmap.worth.guard import verdict
from services.health.models import Limit, Metric, MetricKind
from services.health.samples import organisation_zone
from services.health.saying import day_in_words, moment_in_words, percent, with_unit

ORGANISATION = ("", "organisation")
CURRENT = "current"
# Of the demo company.
EXAMPLE = "checkout-api/lead-time"
# The label of a metric: ``checkout-api: errors (production)``.
_AS_IN_FORMS = re.compile(r"(?P<subject>\S.*):\s+(?P<name>[^\s/(]+)\s*(?:\((?P<environment>[^)]*)\))?\s*")


def _page(slug: str, pk: int) -> str:
    return reverse("record", args=[slug, pk])


def _when(moment: dt.datetime | None) -> str:
    return moment_in_words(moment.astimezone(organisation_zone())) if moment else "not measured yet"


def _iso(moment: dt.datetime | None) -> str:
    return moment.isoformat(timespec="minutes") if moment else ""


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions, Q(pk__in=[]))


# Metrics


def metrics(arguments: Collection[str], asked: Asked) -> dict[str, Answer]:
    """``subject/name``, of the organisation ``name`` alone; ``?environment=`` and labels choose among several. Or as
    forms name a metric: ``subject: name (environment)``."""
    read = {each: _metric_parts(each) for each in arguments}
    condition = _any(_metric_condition(subject, name) for subject, name, _ in read.values())
    rows = list(Metric.objects.filter(condition).select_related("subject", "state").order_by("pk"))
    hidden = unknown_to(asked.reader, [each.subject_id for each in rows]) if rows else {}
    seen = [each for each in rows if each.subject_id not in hidden]
    return {each: _metric(each, read[each], seen) for each in arguments}


def _metric_parts(argument: str) -> tuple[str, str, QueryDict]:
    path, _, query = argument.partition("?")
    if found := _AS_IN_FORMS.fullmatch(path):
        chosen = QueryDict(query, mutable=True)
        if found["environment"]:
            chosen["environment"] = found["environment"]
        return found["subject"].strip().lower(), found["name"].lower(), chosen
    subject, _, name = path.rpartition("/")
    return subject.strip().lower(), name.strip().lower(), QueryDict(query)


def _metric_condition(subject: str, name: str) -> Q:
    of = Q(subject=None) if subject in ORGANISATION else reference_condition(subject, "subject__", ())
    return of & Q(name=name)


def _metric(argument: str, parts: tuple[str, str, QueryDict], rows: Iterable[Metric]) -> Answer:
    subject, name, query = parts
    found = [each for each in rows if each.name == name and _is_about(each.subject, subject)]
    chosen = [each for each in found if _fits(each, query)]
    if not query and len(chosen) > 1:
        chosen = [each for each in chosen if not each.environment and not each.labels] or chosen
    if len(chosen) == 1:
        return _metric_shown(chosen[0])
    if found:
        several = ", ".join(_told_apart(each) or "one without any" for each in found[:6])
        return Answer(problem=f"There are {len(found)} of it. Say which after a question mark: {several}.")
    of = "the organisation" if subject in ORGANISATION else f"“{subject}”"
    return Answer(
        problem=f"There is no metric “{name}” of {of} that you may see. Write what it is about, a slash and its short "
        f"name, as its page under Metrics has them, such as {EXAMPLE}."
    )


def _is_about(reference: Reference | None, text: str) -> bool:
    if reference is None or text in ORGANISATION:
        return reference is None and text in ORGANISATION
    parts = text.replace("/", ":").split(":")
    name, namespace, kind = (*reversed(parts), *("default", "")[len(parts) - 1 :])
    return (name, namespace) == (reference.name, reference.namespace) and kind in {"", reference.kind}


def _fits(metric: Metric, query: QueryDict) -> bool:
    known = {**metric.labels, "environment": metric.environment}
    return all(known.get(name, "") == value for name, value in query.items())


def _told_apart(metric: Metric) -> str:
    known = {**({"environment": metric.environment} if metric.environment else {}), **metric.labels}
    return "&".join(f"{name}={value}" for name, value in known.items())


def _metric_shown(metric: Metric) -> Answer:
    state = getattr(metric, "state", None)
    of = metric.subject.label or metric.subject.name if metric.subject else "the organisation"
    url = _page("metrics", metric.pk)
    label = f"{metric} of {of}"
    if state is None or state.value is None:
        said = f"{link(label, url)} has no value yet"
        return Answer(whole=f"{said}.", inline=said, figures=(Figure(label, "no value yet"),))
    value = with_unit(metric, state.value)
    source = f"{metric.get_origin_display().lower()}, measured {_when(state.at)}"
    is_share = metric.kind == MetricKind.RATIO
    figure = Figure(
        label, value, _iso(state.at), 100 * state.value if is_share else state.value, "%" if is_share else metric.unit
    )
    return Answer(
        whole=f"{words(label)}: **{link(value, url)}** ({words(source)}).", inline=f"**{link(value, url)}**",
        figures=(figure,),
    )  # fmt: skip


# Limits


def limits(arguments: Collection[str], asked: Asked) -> dict[str, Answer]:
    """The name of a limit, whatever its letters are, capital or small."""
    condition = _any(Q(name__iexact=each) for each in arguments)
    rows = list(Limit.objects.filter(condition).select_related("state__forecast", "metric__subject"))
    hidden = unknown_to(asked.reader, [each.metric.subject_id for each in rows]) if rows else {}
    known = {each.name.lower(): each for each in rows if each.metric.subject_id not in hidden}
    return {each: _limit(each, known.get(each.lower())) for each in arguments}


def _limit(argument: str, limit: Limit | None) -> Answer:
    if limit is None:
        why = f"There is no limit “{argument}” that you may see. Copy its name from the list of limits."
        return Answer(problem=why)
    url, state = _page("limits", limit.pk), getattr(limit, "state", None)
    if state is None or state.used is None:
        said = f"{link(limit.name, url)} has not been calculated yet"
        return Answer(whole=f"{said}.", inline=said, figures=(Figure(str(limit.name), "not calculated yet"),))
    used = f"{percent(state.used)} used"
    figure = Figure(str(limit.name), _limit_words(used, state), _iso(state.refreshed_at), 100 * state.used, "%")
    return Answer(
        whole=f"{link(limit.name, url)}: **{words(used)}**, {words(_limit_rest(state))}.",
        inline=f"**{link(used, url)}**", figures=(figure,),
    )  # fmt: skip


def _limit_words(used: str, state: Any) -> str:
    return f"{used}, {_limit_rest(state)}"


def _limit_rest(state: Any) -> str:
    """When it is reached, and what the clock says."""
    urgency = state.get_urgency_display().lower()
    if state.q10_date is None:
        return f"no date in sight ({urgency})"
    likely = f", likely {day_in_words(state.q50_date)}" if state.q50_date else ""
    is_late = bool(state.start_by and state.start_by < organisation_today())
    word = "should have begun" if is_late else "begin"
    begin = f", {word} by {day_in_words(state.start_by)}" if state.start_by else ""
    return f"reached {day_in_words(state.q10_date)} at the earliest{likely}{begin} ({urgency})"


# Objectives


def objectives(arguments: Collection[str], asked: Asked) -> dict[str, Answer]:
    """The number of an objective, or its title: of several, that of the newest cycle which has begun."""
    numbers = {int(each) for each in arguments if _is_number(each)}
    condition = _any([Q(pk__in=numbers), *(Q(title__iexact=each) for each in arguments if not _is_number(each))])
    results = KeyResult.objects.select_related("metric", "state").order_by("pk")
    rows = (
        Objective.objects.filter(condition)
        .select_related("cycle", "owner", "state")
        .prefetch_related(Prefetch("key_results", queryset=results))
        .order_by("cycle__starts_on", "-pk")
    )
    today, known = organisation_today(), {}
    for each in sorted(rows, key=lambda each: each.cycle.starts_on <= today):
        known[str(each.pk)] = known[each.title.lower()] = each
    return {each: _objective(each, known.get(_key(each))) for each in arguments}


def _is_number(argument: str) -> bool:
    return argument.isascii() and argument.isdecimal() and len(argument) < 10


def _key(argument: str) -> str:
    return str(int(argument)) if _is_number(argument) else argument.lower()


def _objective(argument: str, objective: Objective | None) -> Answer:
    if objective is None:
        why = f"There is no objective “{argument}”. Copy its title from the list of objectives."
        return Answer(problem=why)
    state = getattr(objective, "state", None)
    whose = objective.owner.label or objective.owner.name if objective.owner else "the company"
    name = words(objective.title)
    said = "not measured yet" if state is None or state.mean is None else _progress(state)
    results = list(objective.key_results.all())
    rows = [_result_cells(each) for each in results]
    whole = f"**{name}** ({words(whose)}, {words(objective.cycle)}): {words(said)}."
    if rows:
        whole += f"\n\n{table(('Key result', 'From', 'Now', 'To', 'Progress', 'Measured'), rows)}"
    return Answer(
        whole=whole, inline=f"**{name}** ({words(said)})",
        figures=(_objective_figure(objective, state, said), *map(_result_figure, results)),
    )  # fmt: skip


def _progress(state: Any) -> str:
    weakest = f", the weakest key result {share_in_words(state.weakest)}" if state.weakest is not None else ""
    return f"{share_in_words(state.mean)} of the way on average{weakest}"


def _objective_figure(objective: Objective, state: Any, said: str) -> Figure:
    number = 100 * state.mean if state is not None and state.mean is not None else None
    return Figure(objective.title, said, _iso(state.read_at) if state else "", number, "%")


def _result_cells(result: KeyResult) -> list[str]:
    state = getattr(result, "state", None)
    value = state.value if state else None
    start = with_unit(result.metric, result.baseline) if result.baseline is not None else ""
    at = unbroken(day_in_words(organisation_date(state.at))) if state and state.at else ""
    return [
        words(result.title), words(start), words(_value(result, value)), words(with_unit(result.metric, result.target)),
        words(_share(result, state)), words(at),
    ]  # fmt: skip


def _value(result: KeyResult, value: float | None) -> str:
    return "no data" if value is None else with_unit(result.metric, value)


def _share(result: KeyResult, state: Any) -> str:
    if state is None or state.progress is None:
        return "no data"
    said = share_in_words(state.progress)
    return f"{said} of the time" if result.is_guardrail else said


def _result_figure(result: KeyResult) -> Figure:
    state = getattr(result, "state", None)
    value = state.value if state else None
    is_share = result.metric.kind == MetricKind.RATIO
    number = None if value is None else 100 * value if is_share else value
    unit = "%" if is_share else result.metric.unit
    return Figure(result.title, _value(result, value), _iso(state.at) if state else "", number, unit)


# Allocation


def allocations(arguments: Collection[str], asked: Asked) -> dict[str, Answer]:
    """The name of a cycle, or “current”: what each team plans for the platform."""
    condition = _any(Q(name__iexact=each) for each in arguments)
    today = organisation_today()
    if any(each.lower() == CURRENT for each in arguments):
        condition |= Q(starts_on__lte=today, ends_on__gte=today)
    shares = Allocation.objects.select_related("team").order_by("team__label")
    cycles = Cycle.objects.filter(condition).prefetch_related(Prefetch("allocations", queryset=shares))
    known: dict[str, Cycle] = {}
    for each in cycles:
        known[each.name.lower()] = each
        if each.starts_on <= today <= each.ends_on:
            known[CURRENT] = each
    return {each: _allocation(each, known.get(each.lower())) for each in arguments}


def _allocation(argument: str, cycle: Cycle | None) -> Answer:
    if cycle is None:
        why = "No cycle is going on today." if argument.lower() == CURRENT else f"There is no cycle “{argument}”."
        return Answer(problem=f"{why} Cycles are listed under Roadmap; write the name of one.")
    rows = list(cycle.allocations.all())
    if not rows:
        said = f"No team has shared out its days in {words(cycle)} yet"
        return Answer(whole=f"{said}.", inline=said)
    head = ("Team", "Days", "Platform, planned", "Platform, spent", "Target")
    cells = [[words(text) for text in _allocation_cells(each)] for each in rows]
    figures = tuple(_allocation_figure(cycle, each) for each in rows)
    inline = ", ".join(f"{each.team.label or each.team.name} {_share_of(each, 'planned')}" for each in rows)
    intro = f"Platform, debt and 100× in {words(cycle)}, as a share of the days that are shared out:"
    return Answer(whole=f"{intro}\n\n{table(head, cells)}", inline=words(inline), figures=figures)


def _allocation_cells(each: Allocation) -> list[str]:
    target = f"{each.target_low} to {each.target_high} %"
    capacity = f"{each.capacity_days:g}"
    name = each.team.label or each.team.name
    return [name, capacity, _share_of(each, "planned"), _share_of(each, "actual") or "nothing yet", target]


def _share_of(each: Allocation, ending: str) -> str:
    share = verdict(each, ending).share
    return "" if share is None else percent(share)


def _allocation_figure(cycle: Cycle, each: Allocation) -> Figure:
    share = verdict(each, "planned").share
    label = f"Platform share of {each.team.label or each.team.name} in {cycle}, planned"
    return Figure(label, "nothing planned" if share is None else percent(share), "",
                  None if share is None else 100 * share, "%")  # fmt: skip


register(Kind("metric", f"{{{{metric: {EXAMPLE}}}}}", "The value that a metric has now.", metrics))
register(Kind("limit", "{{limit: Connections of orders-db}}", "How much of a limit is used, and until when.", limits))
register(Kind("okr", "{{okr: The title of an objective}}", "An objective with its key results.", objectives))
register(Kind("allocation", "{{allocation: current}}", "What each team plans for the platform.", allocations))
