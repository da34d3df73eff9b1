"""Sections and editions of the strategy."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from portal.search import index
from roadmap.models import Objective, StrategyEdition, StrategySection
from roadmap.strategy import actions
from tests.roadmap.core_makers import make_cycle

WRITTEN = "Platform strategy"


def _section(n: int) -> StrategySection:
    """One more section: those that the portal begins with cannot be told apart by number."""
    made = StrategySection(key=f"section-{n:03}", title=f"Section {n:03}", place=100 + n)
    if n % 2:
        cycle = make_cycle(f"Strategy {n:03}", dt.date(2019, 1, 1) + dt.timedelta(days=n * 10), 10)
        made.objective = Objective.objects.create(cycle=cycle, title=f"Objective of section {n:03}")
        made.goal, made.text, made.questions = f"Goal {n}", f"Text {n}", f"What is {n}?"
    made.save()
    index.refresh(StrategySection, [made.pk])
    return made


def make_edition(number: int = 1, **values: Any) -> StrategyEdition:
    made = StrategyEdition.objects.create(
        **{
            "number": number,
            "title": f"Strategy {number:03}",
            "markdown": f"# Strategy {number:03}\n\nWords.",
            **values,
        }
    )
    index.refresh(StrategyEdition, [made.pk])
    return made


def write_strategy() -> StrategyEdition:
    """An edition with a metric that there is not and a list, and a later text to compare it with."""
    _write("Well. {{metric: no/thing}}\n\n{{list: initiatives}}")
    edition = actions.publish(by=None, title=WRITTEN, note="The first one.", acknowledged=True)
    _write("Better.\n\n{{list: initiatives}}\n\n> A quote\n\n```\ncode\n```")
    return edition


def written_edition() -> StrategyEdition:
    return StrategyEdition.objects.get(title=WRITTEN)


def _write(text: str) -> None:
    section = StrategySection.objects.get(key="current-state")
    actions.edit(by=None, record=section, values={"text": text, "goal": "Sell more"}, version=section.version)


def _edition(n: int) -> StrategyEdition:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n)
    more = {"note": f"Changed {n}", "summary": f"In short {n}"} if n % 2 else {}
    return make_edition(100 + n, published_at=at, **more)


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    StrategySection: lambda collection, n: _section(n),
    StrategyEdition: lambda collection, n: _edition(n),
}
