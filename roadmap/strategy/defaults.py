"""The seven sections and the questions of the clarifying form that a new portal begins with. What is missing is written
after migrations; what people wrote stays."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps as current

from portal.search import index

SECTIONS = (
    ("current-state", "Current state",
     "What load do we carry, and how does it grow? What keeps breaking? What is owned centrally? What must hold?"),
    ("okrs-and-kpis", "OKRs and KPIs",
     "Which few outcomes do we promise? Which figure shows each of them, and where does it stand?"),
    ("strategic-initiatives", "Strategic initiatives",
     "Which work changes those figures? In which order, and why that one first? What do we leave out?"),
    ("incidents-and-reliability", "Incident and reliability workflow",
     "How do incidents become priorities? What recurs, and what did it cost? Who decides what is mended?"),
    ("infrastructure-upgrades", "Infrastructure upgrades",
     "Which limit is reached when? Which upgrade moves it, and when does it have to begin?"),
    ("risk-and-compliance", "Risk and compliance",
     "Which controls do we answer for? Where are the gaps? Where does which data lie, and who may see it?"),
    ("developer-experience", "Developer experience",
     "What slows engineers down? Which figure shows it, and what do we do about it?"),
)  # fmt: skip
QUESTIONS = ("load", "bottlenecks", "central", "observability", "non-negotiables", "tenancy")


def begin(apps: Any = None, **kwargs: Any) -> None:
    """Write what is missing, so that it is found by search too. A receiver of ``post_migrate``, which a flush sends
    without ``apps``."""
    registry = apps or current
    try:
        registry.get_model("roadmap", "StrategySection")
    except LookupError:  # migrated to before there was a roadmap
        return
    if made := seed(registry):
        index.refresh(current.get_model("roadmap", "StrategySection"), made)


def seed(registry: Any) -> list[int]:
    """Write what is missing; answers with the new sections. Asks twice where nothing is missing."""
    sections = [
        {"key": key, "title": title, "questions": questions, "place": 10 * at}
        for at, (key, title, questions) in enumerate(SECTIONS)
    ]
    made = _missing(registry, "StrategySection", sections)
    _missing(registry, "ClarifyingAnswer", [{"key": key} for key in QUESTIONS])
    return [each.pk for each in made]


def _missing(registry: Any, name: str, wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
    model = registry.get_model("roadmap", name)
    there = set(model.objects.values_list("key", flat=True))
    made: list[Any] = model.objects.bulk_create(model(**each) for each in wanted if each["key"] not in there)
    return made
