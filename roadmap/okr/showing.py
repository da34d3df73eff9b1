"""How key results and objectives are shown: what was, what is, what is aimed at; a bar, and the truth in words."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from portal.collections import unknown_to
from portal.looks import look_of
from portal.tenure import organisation_today
from roadmap.models import CheckIn, KeyResult, KeyResultState, Objective, ObjectiveState, Standing, Way
from roadmap.okr.collections import KEY_RESULTS, OBJECTIVES
from roadmap.okr.standings import WORST
from services.health.collections import METRICS
from services.health.models import Metric
from services.health.saying import number, with_unit
from services.health.subjects import ORGANISATION, name_of

# What is read with key results that are shown, and no more: metrics have many columns.
WITH = ("objective__cycle", "metric__subject", "state")


@dataclass(frozen=True)
class Shown:
    """One key result. ``width`` is that of its bar, from 0 to 100; ``share`` says the progress as it is."""

    key_result: KeyResult
    url: str
    way: str
    share: str
    width: str
    look: str
    standing: str
    label: str
    confidence: str
    source: str
    source_url: str
    at: dt.datetime | None
    problem: str


def key_results_of(objectives: Iterable[Objective]) -> QuerySet[KeyResult]:
    return KeyResult.objects.filter(objective__in=list(objectives)).select_related(*WITH).order_by("objective", "pk")


def shown(reader: Any, key_results: Sequence[KeyResult]) -> list[Shown]:
    """The key results as they are shown, in their order; one query for all, of what is hidden from the reader."""
    hidden = unknown_to(reader, {each.metric.subject_id for each in key_results})
    return [_shown(each, hidden) for each in key_results]


def _shown(key_result: KeyResult, hidden: dict[int, str]) -> Shown:
    state, metric = state_of(key_result), key_result.metric
    return Shown(
        key_result=key_result,
        url=KEY_RESULTS.url_of(key_result),
        way=way_in_words(key_result),
        share=share_in_words(state.progress, NOT_BEGUN if is_ahead(key_result.objective) else "no data"),
        width=bar_width(state.progress),
        look=look_of(state.standing)[0],
        standing=state.standing,
        label=standing_in_words(key_result.objective, state.standing),
        confidence=share_in_words(state.confidence, ""),
        source=f"{metric} of {name_of(metric.subject, hidden, ORGANISATION)}",
        source_url=METRICS.url_of(metric),
        at=state.at,
        problem=state.problem,
    )


NOT_BEGUN = "not begun"


def is_ahead(objective: Objective) -> bool:
    """Whether its cycle has not begun, so that nothing can be said of it that counts days."""
    return objective.cycle.starts_on > organisation_today()


def standing_in_words(objective: Objective, standing: str) -> str:
    """How an objective, or a key result of it, stands."""
    if standing == Standing.UNKNOWN and is_ahead(objective):
        return NOT_BEGUN.capitalize()
    return str(Standing(standing).label)


def state_of(key_result: KeyResult) -> KeyResultState:
    """What was read last; of one that nobody has read yet, that nothing is known."""
    return getattr(key_result, "state", None) or KeyResultState(key_result=key_result)


def state_of_objective(objective: Objective) -> ObjectiveState:
    return getattr(objective, "state", None) or ObjectiveState(objective=objective)


def way_in_words(key_result: KeyResult) -> str:
    """``1,330 ms to 800 ms, now 912 ms``, or ``stays below 200 ms, now 180 ms``."""
    metric, state = key_result.metric, state_of(key_result)
    now = f"now {with_unit(metric, state.value)}" if state.value is not None else "now not known"
    target = with_unit(metric, key_result.target)
    if key_result.is_guardrail:
        word = "stays above" if key_result.way == Way.STAY_ABOVE else "stays below"
        return f"{word} {target}, {now}"
    start = with_unit(metric, key_result.baseline) if key_result.baseline is not None else "not said"
    return f"{start} to {target}, {now}"


def share_in_words(share: float | None, nothing: str = "no data") -> str:
    """A progress in whole percent, below nothing and beyond the whole as it is; what is not quite all says so."""
    if share is None:
        return nothing
    percent = 100 * share
    if 99.5 <= percent < 100 - 1e-7:
        return "99\u00a0%"
    return f"{percent:,.0f}\u00a0%".replace("-0\u00a0", "0\u00a0").replace("-", "\N{MINUS SIGN}")


def bar_width(share: float | None) -> str:
    """How long the bar is, which ends where the track ends."""
    return f"{100 * min(max(share or 0.0, 0.0), 1.0):.1f}%"


def formula(key_result: KeyResult) -> str:
    """The sum that its progress is, with its numbers; empty where there is none."""
    state = state_of(key_result)
    if key_result.is_guardrail or state.value is None or state.progress is None or key_result.baseline is None:
        return ""
    ends = (state.value, key_result.baseline, key_result.target)
    value, start, end = (_plain(key_result.metric, each) for each in ends)
    return f"({value} − {start}) / ({end} − {start}) = {share_in_words(state.progress)}"


def _plain(metric: Metric, value: float) -> str:
    text = number(100 * value if metric.kind == "ratio" else value)
    return f"({text})" if value < 0 else text


@dataclass(frozen=True)
class ShownObjective:
    """One objective with its figures in words."""

    objective: Objective
    url: str
    owner: str
    mean: str
    weakest: str
    width: str
    look: str
    standing: str
    label: str
    confidence: str


def objectives_shown() -> QuerySet[Objective]:
    """Objectives with all that is shown of one."""
    return Objective.objects.select_related("owner", "cycle", "state", "parent").annotate(worst=WORST)


def shown_objectives(reader: Any, objectives: Sequence[Objective]) -> list[ShownObjective]:
    """Objectives of ``objectives_shown`` as they are shown."""
    hidden = unknown_to(reader, {each.owner_id for each in objectives})
    return [_shown_objective(each, hidden) for each in objectives]


def _shown_objective(objective: Objective, hidden: dict[int, str]) -> ShownObjective:
    state, stands = state_of_objective(objective), Standing(getattr(objective, "worst", Standing.UNKNOWN))
    return ShownObjective(
        objective, OBJECTIVES.url_of(objective), name_of(objective.owner, hidden, "The company"),
        share_in_words(state.mean), share_in_words(state.weakest), bar_width(state.weakest), look_of(stands)[0],
        stands, standing_in_words(objective, stands), share_in_words(state.confidence, ""),
    )  # fmt: skip


def latest_check_ins(key_result: KeyResult, most: int) -> list[CheckIn]:
    return list(key_result.check_ins.select_related("by__person").order_by("-at", "-pk")[:most])
