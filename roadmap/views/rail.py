"""Objectives with their key results, as they stand beside the initiatives that serve them."""

from collections.abc import Iterable
from dataclasses import dataclass

from roadmap.models import KeyResult, Objective, Standing
from roadmap.okr.showing import NOT_BEGUN, is_ahead, share_in_words, standing_in_words
from services.health.saying import with_unit

# Beside one page; more of them nobody reads there.
MOST_OBJECTIVES = 12
LOOKS = {
    Standing.REACHED: ("ok", "trophy"), Standing.AHEAD: ("ok", ""), Standing.BEHIND: ("warn", ""),
    Standing.AWAY: ("bad", ""), Standing.UNKNOWN: ("idle", ""),
}  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """One key result. ``share`` is what the bar shows, from 0 to 100; ``text`` says the truth beyond both ends."""

    title: str
    way: str
    share: float | None
    text: str
    state: str
    icon: str
    word: str
    confidence: float | None
    url: str = ""


@dataclass(frozen=True)
class Rail:
    title: str
    objective: Objective
    key_results: list[Progress]


def rail_of(objectives: Iterable[int]) -> list[Rail]:
    """The objectives, in this order, with what was read of their key results last; two queries."""
    wanted = list(dict.fromkeys(objectives))[:MOST_OBJECTIVES]
    if not wanted:
        return []
    results: dict[int, list[Progress]] = {pk: [] for pk in wanted}
    for each in (
        KeyResult.objects.filter(objective__in=wanted)
        .select_related("metric", "state", "objective__cycle")
        .order_by("pk")
    ):
        results[each.objective_id].append(progress_of(each))
    found = Objective.objects.in_bulk(wanted)
    return [Rail(found[pk].title, found[pk], results[pk]) for pk in wanted if pk in found]


def progress_of(result: KeyResult) -> Progress:
    state = getattr(result, "state", None)
    standing = Standing(state.standing) if state else Standing.UNKNOWN
    look, icon = LOOKS[standing]
    share = state.progress if state else None
    return Progress(
        title=result.title,
        way=_way(result, state.value if state else None),
        share=None if share is None else min(max(100 * share, 0.0), 100.0),
        text=share_in_words(share, NOT_BEGUN if is_ahead(result.objective) else "no data"),
        state=look, icon=icon, word=standing_in_words(result.objective, standing),
        confidence=state.confidence if state else None,
    )  # fmt: skip


def _way(result: KeyResult, now: float | None) -> str:
    """``1,330 to 800 ms, now 912 ms``; of a guardrail the bound alone."""
    target = with_unit(result.metric, result.target)
    at = "no value yet" if now is None else f"now {with_unit(result.metric, now)}"
    if result.is_guardrail or result.baseline is None:
        return f"{result.get_way_display().lower()} {target}, {at}"
    return f"{with_unit(result.metric, result.baseline)} to {target}, {at}"
