"""What speaks for the order of initiatives: measured where the evidence says it, else what a planner guessed."""

from collections.abc import Iterator

from roadmap.demo.cast import Cast, story
from roadmap.initiatives import reach
from roadmap.models import Basis, Factor, Initiative, PriorityInput
from roadmap.worth import scores
from roadmap.worth.evidence import found_for

# In the order of the file.
GUESSED = (Factor.IMPACT, Factor.CONFIDENCE, Factor.VALUE, Factor.URGENCY, Factor.RISK)
# So many days ago planners sat together.
AGO = 4


def write_priorities(cast: Cast) -> None:
    reach.refresh()
    told = story("priorities")
    found = Initiative.objects.in_bulk([cast.initiatives[key].pk for key in told])
    rows = [row for key in told for row in _inputs(found[cast.initiatives[key].pk], told[key])]
    cast.past.insert(PriorityInput, [(row, cast.moment(-AGO)) for row in rows])
    for each in found.values():
        scores.refresh(each)


def _inputs(initiative: Initiative, told: list[float | None]) -> Iterator[PriorityInput]:
    guessed, measured = dict(zip(GUESSED, told, strict=True)), found_for(initiative)
    for factor in Factor:
        if factor in measured:
            given = {"value": measured[factor].value, "basis": Basis.MEASURED, "source": measured[factor].source}
        else:
            given = {"value": guessed.get(factor)}
        if given["value"] is not None:
            yield PriorityInput(initiative=initiative, factor=factor, **given)
