"""5,000 initiatives for benchmarks, with objectives, key results and dependencies among them.

They lie in the database of 10,000 entities. Chance has a seed: they are always the same.
"""

import datetime as dt
import random

from django.db import transaction

from bench.figures import say
from incidents.models import Series
from portal.references.models import Reference
from roadmap.making import PUBLIC
from roadmap.models import (
    Category,
    Cycle,
    Dependency,
    DependencyKind,
    Horizon,
    Initiative,
    InitiativeState,
    KeyResult,
    KeyResultState,
    Objective,
    Standing,
    Status,
)
from roadmap.views.networks import refresh_slack
from services.health.models import Metric

INITIATIVES, OBJECTIVES, DEPENDENCIES = 5_000, 400, 4_000
PER_OBJECTIVE = 4
FIRST = dt.date(2026, 1, 1)


def fill() -> None:
    """Make what is missing."""
    if Initiative.objects.count() >= INITIATIVES:
        return
    say(f"making {INITIATIVES:,} initiatives")
    chance = random.Random(5)
    with transaction.atomic():
        objectives = _objectives(chance)
        made = _initiatives(chance, objectives)
        _dependencies(chance, made)
    refresh_slack()


def _objectives(chance: random.Random) -> list[Objective]:
    cycle, _ = Cycle.objects.get_or_create(
        name="Of the benchmark", defaults={"starts_on": dt.date(2030, 1, 1), "ends_on": dt.date(2030, 3, 31)}
    )
    rows = [Objective(cycle=cycle, title=f"Objective {number} of the benchmark") for number in range(OBJECTIVES)]
    made = Objective.objects.bulk_create(rows)
    metrics = list(Metric.objects.order_by("pk")[:50])
    if not metrics:
        return made
    results = KeyResult.objects.bulk_create(
        KeyResult(objective=each, title=f"Key result {at}", metric=chance.choice(metrics), baseline=0.1, target=0.9)
        for each in made
        for at in range(PER_OBJECTIVE)
    )
    KeyResultState.objects.bulk_create(
        KeyResultState(key_result=each, value=0.5, progress=0.5, standing=Standing.AHEAD) for each in results
    )
    return made


def _initiatives(chance: random.Random, objectives: list[Objective]) -> list[Initiative]:
    series, _ = Series.objects.select_for_update().get_or_create(prefix=PUBLIC)
    last = series.last_number
    teams = list(Reference.objects.filter(kind="group", attached=True).order_by("pk"))
    rows = []
    for number in range(last + 1, last + INITIATIVES + 1):
        name = f"{PUBLIC}-{number}"
        canonical = f"initiative:default/{name.lower()}"
        rows.append(
            Reference(kind="initiative", namespace="default", name=name.lower(), canonical=canonical, label=name)
        )
    references = Reference.objects.bulk_create(rows, batch_size=1000)
    made = [_initiative(chance, each, objectives, teams) for each in references]
    Initiative.objects.bulk_create(made, batch_size=1000)
    InitiativeState.objects.bulk_create([InitiativeState(initiative=each) for each in made], batch_size=1000)
    series.last_number = last + INITIATIVES
    series.save()
    return made


def _initiative(
    chance: random.Random, reference: Reference, objectives: list[Objective], teams: list[Reference]
) -> Initiative:
    start = FIRST + dt.timedelta(days=chance.randrange(700))
    likely = start + dt.timedelta(days=chance.randrange(10, 120))
    return Initiative(
        reference=reference, name=reference.name.upper(), title=f"Work of the benchmark, part {reference.name}",
        category=chance.choice(list(Category)), horizon=chance.choice(list(Horizon)), starts_on=start,
        status=chance.choice([Status.IDEA, Status.PLANNED, Status.IN_PROGRESS, Status.DONE]),
        team=chance.choice(teams) if teams else None, objective=chance.choice(objectives), ends_likely=likely,
        ends_latest=likely + dt.timedelta(days=20), effort_days=float(chance.randrange(5, 200)),
    )  # fmt: skip


def _dependencies(chance: random.Random, made: list[Initiative]) -> None:
    """Each is waited for by a later one, so that there is no circle."""
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < DEPENDENCIES:
        before = chance.randrange(len(made) - 1)
        pairs.add((before, min(before + chance.randrange(1, 60), len(made) - 1)))
    Dependency.objects.bulk_create(
        Dependency(before=made[before], after=made[after], kind=chance.choice(list(DependencyKind)))
        for before, after in sorted(pairs)
    )
