"""Keeping key results and objectives true: what is measured becomes progress and standing. Only what changed is
written; what belongs to a closed cycle stays as it was closed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.tenure import organisation_today
from roadmap.models import GUARDRAILS, Cycle, KeyResult, KeyResultState, Objective, ObjectiveState, Standing, Way
from roadmap.okr.progress import bounds_of, is_inside, progress, standing
from roadmap.okr.readings import Ask, Kept, Reading, read_all

BATCH = 2000
_KEPT = ("value", "at", "progress", "standing", "problem")
_OF_OBJECTIVE = ("mean", "weakest", "measured", "unmeasured", "confidence")


@dataclass(frozen=True)
class Found:
    """What was read of one key result, and what it means."""

    value: float | None
    at: dt.datetime | None
    progress: float | None
    standing: Standing
    problem: str


def refresh(objective_ids: Iterable[int] | None = None) -> int:
    """Read the key results of these objectives, or of every cycle that is not closed; returns how many changed."""
    rows = KeyResult.objects.filter(objective__cycle__closed_at=None).select_related("objective__cycle", "metric")
    if objective_ids is not None:
        rows = rows.filter(objective__in=list(objective_ids))
    key_results = list(rows)
    found = find(key_results)
    with transaction.atomic():
        still_open = _hold_open({each.objective.cycle_id for each in key_results})
        changed = _write({each.pk: found[each.pk] for each in key_results if each.objective.cycle_id in still_open})
    refresh_objectives(objective_ids)
    return changed


def _hold_open(cycle_ids: Iterable[int]) -> set[int]:
    """Those of them that nobody has closed since they were read; nobody closes them until the transaction ends."""
    rows = Cycle.objects.select_for_update(no_key=True).filter(pk__in=cycle_ids, closed_at=None)
    return set(rows.order_by("pk").values_list("pk", flat=True))


def find(key_results: Sequence[KeyResult], day: dt.date | None = None) -> dict[int, Found]:
    """What is measured of each today, or was on a day that is over, by its id; without writing it."""
    today = day or organisation_today()
    asks = {each.pk: ask_for(each, today) for each in key_results}
    kept = {each.pk: _kept(each, today) for each in key_results if each.is_guardrail}
    values, inside = read_all(asks, kept)
    return {each.pk: _found(each, values[each.pk], inside.get(each.pk), today) for each in key_results}


def ask_for(key_result: KeyResult, today: dt.date) -> Ask:
    """What is asked of its metric: as of today, or of the last day of a cycle that is over."""
    return Ask(
        key_result.metric_id, key_result.statistic, key_result.window_days, high_is_good(key_result),
        min(key_result.objective.cycle.ends_on, today),
    )  # fmt: skip


def high_is_good(key_result: KeyResult) -> bool:
    if key_result.way == Way.REACH:
        return bool(key_result.metric.higher_is_better)
    return key_result.way in (Way.INCREASE, Way.STAY_ABOVE)


def _kept(key_result: KeyResult, today: dt.date) -> Kept:
    cycle = key_result.objective.cycle
    low, high = bounds_of(key_result.way, key_result.target)
    return Kept(key_result.metric_id, cycle.starts_on, min(cycle.ends_on, today), low, high)


def _found(key_result: KeyResult, reading: Reading, inside: Reading | None, today: dt.date) -> Found:
    passed = share_over(key_result, today)
    if key_result.way in GUARDRAILS:
        return _guarded(key_result, reading, inside or Reading(), passed)
    reached = progress(key_result.way, key_result.baseline, key_result.target, reading.value)
    # Nothing is on track of a time that has not begun, whatever is measured already.
    has_begun = key_result.objective.cycle.starts_on <= today
    stands = standing(key_result.way, reached, passed) if has_begun else Standing.UNKNOWN
    return Found(reading.value, reading.at, reached, stands, reading.problem)


def _guarded(key_result: KeyResult, reading: Reading, inside: Reading, passed: float) -> Found:
    share = inside.share_inside
    now = _is_inside_now(key_result, reading.value)
    problem = reading.problem
    if share is None and not problem:
        problem = "No day of the cycle is measured yet."
    return Found(
        reading.value, reading.at, share, standing(key_result.way, share, passed, inside_now=now), problem
    )  # fmt: skip


def _is_inside_now(key_result: KeyResult, value: float | None) -> bool:
    """Of a guardrail, whether its last value lies inside; where there is none, nothing speaks against it."""
    return key_result.way not in GUARDRAILS or value is None or is_inside(key_result.way, key_result.target, value)


def share_over(key_result: KeyResult, today: dt.date) -> float:
    return key_result.objective.cycle.share_passed(today)


def _write(found: Mapping[int, Found]) -> int:
    held = {each.pk: each for each in KeyResultState.objects.filter(pk__in=found)}
    now = timezone.now()
    changed = [pk for pk, each in found.items() if pk not in held or _said(held[pk], _KEPT) != _said(each, _KEPT)]
    rows = [
        KeyResultState(key_result_id=pk, read_at=now, **{name: getattr(found[pk], name) for name in _KEPT})
        for pk in sorted(changed)
    ]
    _upsert(KeyResultState, rows, "key_result", (*_KEPT, "read_at"))
    return len(rows)


def _said(row: Any, names: Iterable[str]) -> list[Any]:
    return [getattr(row, name) for name in names]


def _upsert(model: Any, rows: Sequence[Any], key: str, names: Sequence[str]) -> None:
    """Write rows in one order, so that two who write the same ones wait in line."""
    model.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=[key], update_fields=[*names]
    )


def refresh_objectives(objective_ids: Iterable[int] | None = None) -> None:
    """The mean and the weakest of what is known of their key results, and the least confidence."""
    rows = Objective.objects.filter(cycle__closed_at=None)
    if objective_ids is not None:
        rows = Objective.objects.filter(pk__in=list(objective_ids))
    held = {each.pk: each for each in ObjectiveState.objects.filter(objective__in=rows)}
    summed, now = _sums(rows), timezone.now()
    changed = [
        ObjectiveState(objective_id=pk, read_at=now, **values)
        for pk, values in sorted(summed.items())
        if pk not in held or _said(held[pk], _OF_OBJECTIVE) != [values[name] for name in _OF_OBJECTIVE]
    ]
    _upsert(ObjectiveState, changed, "objective", (*_OF_OBJECTIVE, "read_at"))


def _sums(objectives: Any) -> dict[int, dict[str, Any]]:
    rows = KeyResult.objects.filter(objective__in=objectives).order_by("pk")
    of: dict[int, list[tuple[float | None, float | None]]] = defaultdict(list)
    for pk, reached, confidence in rows.values_list("objective", "state__progress", "state__confidence"):
        of[pk].append((reached, confidence))
    return {pk: _sum(of[pk]) for pk in objectives.values_list("pk", flat=True)}


def _sum(key_results: Sequence[tuple[float | None, float | None]]) -> dict[str, Any]:
    known = [reached for reached, _ in key_results if reached is not None]
    said = [confidence for _, confidence in key_results if confidence is not None]
    return {
        "mean": sum(known) / len(known) if known else None,
        "weakest": min(known, default=None),
        "measured": len(known),
        "unmeasured": len(key_results) - len(known),
        "confidence": min(said, default=None),
    }


# A key result, its value and its progress.
Closed = tuple[KeyResult, float | None, float | None]


def keep_as_closed(rows: Iterable[Closed]) -> None:
    """The states of key results of a closed cycle, as they were closed or corrected. What nothing was measured of goes
    on saying so."""
    found, now = sorted(rows, key=lambda row: row[0].pk), timezone.now()
    held = KeyResultState.objects.filter(key_result__in=[each.pk for each, _, _ in found])
    problems = dict(held.values_list("key_result", "problem"))
    states = [
        KeyResultState(
            key_result=each, value=value, progress=reached, read_at=now,
            problem="" if reached is not None else problems.get(each.pk, ""),
            standing=standing(each.way, reached, 1.0, inside_now=_is_inside_now(each, value)),
        )
        for each, value, reached in found
    ]  # fmt: skip
    _upsert(KeyResultState, states, "key_result", ("value", "progress", "standing", "problem", "read_at"))
