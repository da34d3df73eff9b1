"""Two scores for the order of initiatives, and the eight inputs that they are made of.

``RICE = reach × impact × confidence / effort`` and ``WSJF = (value + urgency + risk) / size``. A score is there when
all of its inputs are; what is missing is named, and not taken for nothing.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.actions import create_record, delete_record, update_record
from roadmap.models import Factor, Initiative, InitiativeState, PriorityInput
from roadmap.worth.seeing import refuse_foreign, refuse_hidden

RICE = (Factor.REACH, Factor.IMPACT, Factor.CONFIDENCE, Factor.EFFORT)
WSJF = (Factor.VALUE, Factor.URGENCY, Factor.RISK, Factor.SIZE)
# By the name that addresses and columns have for them.
SCORES = {"rice": ("RICE", RICE), "wsjf": ("WSJF", WSJF)}
DIVISORS = (Factor.EFFORT, Factor.SIZE)
Values = Mapping[str, float]


def rice(of: Values) -> float | None:
    if any(each not in of for each in RICE) or not of[Factor.EFFORT]:
        return None
    return of[Factor.REACH] * of[Factor.IMPACT] * of[Factor.CONFIDENCE] / of[Factor.EFFORT]


def wsjf(of: Values) -> float | None:
    if any(each not in of for each in WSJF) or not of[Factor.SIZE]:
        return None
    return (of[Factor.VALUE] + of[Factor.URGENCY] + of[Factor.RISK]) / of[Factor.SIZE]


# Both as pages and files show them: how they are called, made, reckoned, and of which inputs.
FORMULAS = (
    ("RICE", "reach × impact × confidence / effort", rice, RICE),
    ("WSJF", "(value + urgency + risk) / size", wsjf, WSJF),
)


def missing(of: Values, factors: tuple[Factor, ...]) -> list[str]:
    """The inputs that a score waits for, by name."""
    return [each.label.lower() for each in factors if each not in of]


def check(factor: str, value: float | None) -> None:
    """Raise ValidationError for a value that the input cannot have."""
    if value is None:
        return
    name = Factor(factor).label
    if value < 0:
        raise ValidationError({"value": f"{name} is {value:g}: nothing here is less than 0."})
    if factor in DIVISORS and value == 0:
        raise ValidationError({"value": f"{name} cannot be 0: the score is divided by it. Leave it empty instead."})
    if factor == Factor.CONFIDENCE and value > 1:
        raise ValidationError(
            {"value": f"Confidence is a probability from 0 to 1: write {value / 100:g} for {value:g} %."}
        )


@transaction.atomic
def say(
    *, by: Any, values: Mapping[str, Any], model: type[PriorityInput] = PriorityInput, kind: str = ""
) -> PriorityInput:
    """Say one input of an initiative that has none yet."""
    initiative = values["initiative"]
    _hold(initiative)
    refuse_hidden(by, "initiative", initiative)
    told = f"You may not change {initiative}. Whoever owns it and product managers may."
    refuse_foreign(by, "roadmap.change_initiative", initiative, "initiative", told)
    check(values["factor"], values["value"])
    made = create_record(by=by, model=model, values=values)
    refresh(initiative)
    return made


@transaction.atomic
def correct(
    *, by: Any, record: PriorityInput, values: Mapping[str, Any], version: int | None = None
) -> PriorityInput:  # fmt: skip
    """Say it anew."""
    _hold(record.initiative)
    if values.get("initiative", record.initiative) != record.initiative:
        raise ValidationError({"initiative": "An input stays with its initiative. Say another one there."})
    check(values.get("factor", record.factor), values.get("value", record.value))
    saved = update_record(by=by, record=record, values=values, version=version)
    refresh(saved.initiative)
    return saved


@transaction.atomic
def take_out(*, by: Any, record: PriorityInput, version: int | None = None) -> None:
    """Say that it is not known after all."""
    initiative = record.initiative
    _hold(initiative)
    delete_record(by=by, record=record, version=version)
    refresh(initiative)


@transaction.atomic
def say_all(
    *, by: Any, initiative: Initiative, said: Mapping[str, tuple[float | None, str, str]],
    versions: Mapping[str, int | None],
) -> list[PriorityInput]:  # fmt: skip
    """Say several inputs at once: factor → value (None takes it out), basis, source. ``versions`` are those that the
    writer read, of what there was. Raises Conflict where somebody changed one of them."""
    _hold(initiative)
    held = {each.factor: each for each in PriorityInput.objects.filter(initiative=initiative)}
    made = []
    for factor, (value, basis, source) in said.items():
        found, given = held.get(factor), {"value": value, "basis": basis, "source": source}
        if found is None and value is not None:
            made.append(say(by=by, values={"initiative": initiative, "factor": factor, **given}))
        elif found is not None and value is None and factor in versions:
            take_out(by=by, record=found, version=versions.get(factor))
        elif found is not None and value is not None and _differs(found, given):
            made.append(correct(by=by, record=found, values=given, version=versions.get(factor, 0)))
    return made


def _hold(initiative: Initiative) -> None:
    """Let inputs of one initiative be said one after the other: of two at once neither would see the other's, and the
    score that is reckoned last would lack one."""
    Initiative.objects.select_for_update(of=("self",)).get(pk=initiative.pk)


def _differs(held: PriorityInput, given: Mapping[str, Any]) -> bool:
    return any(getattr(held, name) != value for name, value in given.items())


def refresh(initiative: Initiative) -> None:
    """Compute its scores from what is said now."""
    of = dict(PriorityInput.objects.filter(initiative=initiative).values_list("factor", "value"))
    defaults = {"rice": rice(of), "wsjf": wsjf(of)}
    InitiativeState.objects.update_or_create(initiative=initiative, defaults=defaults)
