"""Writing objectives, key results and check-ins, and closing a cycle."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from portal.actions import create_record, lock, update_record
from portal.people.models import User
from portal.tenure import organisation_date, organisation_today
from portal.texts import check_texts
from roadmap.access import plans
from roadmap.models import GUARDRAILS, CheckIn, ClosingValue, Cycle, KeyResult, KeyResultState, Objective, Statistic
from roadmap.okr.progress import progress, target_of
from roadmap.okr.readings import read
from roadmap.okr.refresh import ask_for, find, keep_as_closed, refresh, refresh_objectives
from services.health.saying import day_in_words, number

# Of a target that is said twice, by value and by percent, so much of the way is rounding.
ROUNDING = 0.01


@transaction.atomic
def create_objective(
    *, by: Any, model: type[Objective] = Objective, values: Mapping[str, Any], kind: str = ""
) -> Objective:
    """Set an objective for one of one's own teams, or, by who plans, for any team and the company."""
    _check_cycle(values.get("cycle"))
    _check_owner(by, values.get("owner"))
    made = create_record(by=by, model=model, values=values)
    refresh_objectives([made.pk])
    return made


@transaction.atomic
def update_objective(*, by: Any, record: Objective, values: Mapping[str, Any], version: int | None = None) -> Objective:
    if "owner" in values and values["owner"] != record.owner:
        _check_owner(by, values["owner"])
    _check_cycle(record.cycle)
    if values.get("cycle", record.cycle) != record.cycle:
        _check_cycle(values["cycle"])
    saved = update_record(by=by, record=record, values=values, version=version)
    refresh([saved.pk])
    return saved


def _check_cycle(cycle: Cycle | None, field: str = "cycle") -> None:
    if cycle is not None and cycle.closed_at is not None:
        told = f"{cycle} is closed, and its values stand. Choose a cycle that is open."
        raise ValidationError({field: told})


def _check_owner(by: Any, owner: Any) -> None:
    if by is None or plans(by):
        return
    if owner is None:
        raise ValidationError({"owner": "Objectives of the company are set by product managers. Name your team."})
    if owner.pk not in by.team_ids:
        raise ValidationError({"owner": f"You are not in {owner}. Name a team of yours, or ask somebody who is in it."})


@transaction.atomic
def create_key_result(
    *, by: Any, model: type[KeyResult] = KeyResult, values: Mapping[str, Any], kind: str = ""
) -> KeyResult:
    """Promise a value of a metric. Without ``baseline`` it begins at what is measured now; without ``target`` it goes
    where ``relative`` percent of the baseline lead."""
    objective = values["objective"]
    _check_cycle(objective.cycle, "objective")
    if by is not None and not by.has_perm("roadmap.change_objective", objective):
        raise ValidationError({"objective": f"“{objective}” is not of your team. Whoever owns it adds key results."})
    made = create_record(by=by, model=model, values=_completed(dict(values)))
    refresh([objective.pk])
    return made


@transaction.atomic
def update_key_result(
    *, by: Any, record: KeyResult, values: Mapping[str, Any], version: int | None = None
) -> KeyResult:
    """Change a promise. Its objective stays in hands that the writer may change."""
    locked = lock(record, version, values)
    before, after = locked.objective, values.get("objective", locked.objective)
    _check_cycle(before.cycle, "objective")
    _check_cycle(after.cycle, "objective")
    if after != before and by is not None and not by.has_perm("roadmap.change_objective", after):
        raise ValidationError({"objective": f"“{after}” is not of your team. Choose an objective of yours."})
    names = ("metric", "way", "baseline", "baseline_note", "target", "relative", "statistic", "window_days")
    whole = {**{name: getattr(locked, name) for name in ("objective", *names)}, **values}
    is_percent_new = whole["relative"] != locked.relative and whole["target"] == locked.target
    completed = _completed({**whole, "target": None} if is_percent_new else whole)
    changed = {name: completed[name] for name in names} | dict(values) | {"target": completed["target"]}
    changed |= {name: completed[name] for name in ("baseline", "baseline_note")}
    saved = update_record(by=by, record=locked, values=changed)
    refresh({before.pk, after.pk})
    return saved


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    """The values with what was left to the portal: where it stands now, and the target of a promise in percent."""
    if values.get("baseline") is None and values.get("way") not in GUARDRAILS:
        values |= _measured_now(values)
    baseline, relative, target = (values.get(name) for name in ("baseline", "relative", "target"))
    if target is None:
        values["target"] = _target(baseline, relative)
    elif relative is not None and baseline is not None:
        _check_percent(baseline, relative, target)
    return values


def _measured_now(values: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: values[name] for name in ("objective", "metric", "way", "statistic", "window_days")
              if name in values}  # fmt: skip
    asked = KeyResult(**fields)
    reading = read({1: ask_for(asked, organisation_today())})[1]
    if reading.value is None:
        told = f"“{asked.metric}” cannot say where it stands. {reading.problem} Or write where it stood."
        raise ValidationError({"baseline": told})
    how = "" if asked.statistic == Statistic.LAST else f", {asked.window_days} days"
    note = f"{day_in_words(organisation_today())}, {asked.get_statistic_display().lower()}{how}"
    return {"baseline": reading.value, "baseline_note": values.get("baseline_note") or note}


def _target(baseline: float | None, relative: float | None) -> float:
    if relative is None:
        raise ValidationError({"target": "Say where it is to go: a value here, or a percent of where it stands."})
    if baseline is None:
        raise ValidationError({"baseline": f"{relative:+g} % of what? Say where it stands, or write the value."})
    if not baseline:
        raise ValidationError({"relative": "A percent of 0 is 0. Write the value it is to reach under “to”."})
    return target_of(baseline, relative)


def _check_percent(baseline: float, relative: float, target: float) -> None:
    meant = target_of(baseline, relative)
    if abs(target - meant) > ROUNDING * max(abs(meant - baseline), 1e-12):
        told = f"{relative:+g} % of {number(baseline)} is {number(meant)}, and “to” says {number(target)}."
        raise ValidationError({"relative": f"{told} Empty one of the two."})


@transaction.atomic
def check_in(*, by: Any, key_result: KeyResult, confidence: float, text: str) -> CheckIn:
    """Say how it goes: ``confidence`` from 0 to 1 is the probability that the target is reached. What is measured at
    that moment is kept beside it."""
    _check_cycle(key_result.objective.cycle, "text")
    check_texts({"text": text})
    now = find([key_result])[key_result.pk]
    made = CheckIn(
        key_result=key_result, by=by if isinstance(by, User) else None, confidence=confidence, text=text.strip(),
        value=now.value, progress=now.progress,
    )  # fmt: skip
    # Where nothing is measured yet there is nothing to keep beside it, and still something to say.
    made.full_clean(exclude=["value", "progress"])
    made.save(force_insert=True)
    KeyResultState.objects.update_or_create(key_result=key_result, defaults={"confidence": confidence})
    refresh([key_result.objective_id])
    return made


# Closing


@transaction.atomic
def close_cycle(*, by: Any, cycle: Cycle, version: int | None = None) -> Cycle:
    """Keep what every key result had reached on the last day of the cycle. From then on only a correction is added.

    Raises ValidationError where it is closed already, or still runs.
    """
    locked = lock(cycle, version, {})
    if locked.closed_at is not None:
        raise ValidationError(f"{locked} is closed since {day_in_words(organisation_date(locked.closed_at))}.")
    if locked.ends_on > organisation_today():
        raise ValidationError(f"{locked} runs until {day_in_words(locked.ends_on)}. Close it on that day or later.")
    key_results = list(KeyResult.objects.filter(objective__cycle=locked).select_related("objective__cycle", "metric"))
    found = find(key_results)
    refresh(locked.objectives.values_list("pk", flat=True))
    keep_as_closed((each, found[each.pk].value, found[each.pk].progress) for each in key_results)
    author = by if isinstance(by, User) else None
    ClosingValue.objects.bulk_create(
        [ClosingValue(key_result=each, value=found[each.pk].value, progress=found[each.pk].progress,
                      note=found[each.pk].problem[:500], by=author) for each in key_results],
        batch_size=2000,
    )  # fmt: skip
    refresh_objectives(list(locked.objectives.values_list("pk", flat=True)))
    return update_record(by=by, record=locked, values={"closed_at": timezone.now()})


@transaction.atomic
def correct(
    *, by: Any, key_result: KeyResult, value: float, note: str, share_inside: float | None = None
) -> ClosingValue:
    """Say what a closed key result really had reached, and why: beside what was kept when it was closed."""
    cycle = key_result.objective.cycle
    if cycle.closed_at is None:
        raise ValidationError({"value": f"{cycle} is not closed: what is measured counts. Correct the metric."})
    if not note.strip():
        raise ValidationError({"note": "Say why it was another value: whoever compares cycles will ask."})
    key_result.metric.check_share("value", value)
    reached = progress(key_result.way, key_result.baseline, key_result.target, value)
    if key_result.is_guardrail:
        reached = _last_share(key_result) if share_inside is None else share_inside
        if reached is None:
            raise ValidationError({"share_inside": "Say the share of days inside: none was kept."})
    made = ClosingValue(
        key_result=key_result, value=value, progress=reached, note=note.strip(),
        by=by if isinstance(by, User) else None,
    )  # fmt: skip
    check_texts({"note": note})
    made.full_clean()
    made.save(force_insert=True)
    keep_as_closed([(key_result, value, reached)])
    refresh_objectives([key_result.objective_id])
    return made


def _last_share(key_result: KeyResult) -> float | None:
    kept = key_result.closing_values.order_by("-pk").first()
    return kept.progress if kept else None
