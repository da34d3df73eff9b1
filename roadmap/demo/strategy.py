"""The strategy of Larkspur: an edition that was published, the draft of the next one, what was answered at first."""

import datetime as dt
from typing import Any

import pgtrigger

from portal.search import index
from portal.tenure import organisation_date
from roadmap.compliance.actions import edit_framework
from roadmap.demo.cast import Cast, story
from roadmap.models import (
    ClarifyingAnswer,
    Control,
    Evidence,
    Framework,
    Objective,
    SectionDependency,
    StrategyEdition,
    StrategySection,
)
from roadmap.strategy.actions import publish
from services.health.saying import day_in_words
from services.models import Entity

# When the sections were begun and written anew, in days before today.
BEGUN, ANEW = 84, 10


def write_strategy(cast: Cast) -> None:
    told = story("plan")["strategy"]
    sections = {each.key: each for each in StrategySection.objects.all()}
    for section in sections.values():
        cast.past.versions[StrategySection][section.pk].append(cast.moment(-BEGUN))
    served = Objective.objects.filter(title=told["goal_objective"]).first()
    for key, each in told["sections"].items():
        section = sections[key]
        section.text, section.goal, section.objective = each["old"], each["goal"], served
        cast.past.change(StrategySection, ("text", "goal", "objective"), [(section, cast.moment(-BEGUN + 2))])
        products = [SectionDependency(section=section, product=cast.team(name)) for name in each["products"]]
        cast.past.insert(SectionDependency, [(row, cast.moment(-BEGUN + 2)) for row in products])
    for each in told["editions"]:
        _publish(cast, each)
    for key, each in told["sections"].items():
        sections[key].text = each["text"].strip()
        cast.past.change(StrategySection, ("text",), [(sections[key], cast.moment(-ANEW))])
    _answer(cast, told["answers"])
    index.refresh(StrategySection)


def _publish(cast: Cast, told: dict[str, Any]) -> None:
    """Publish an edition with what was said in short on its day: the portal could only say what is true today."""
    edition = publish(by=cast.planner, title=told["title"], note=told["note"], acknowledged=True)
    at = cast.moment(told["days"])
    day = organisation_date(at)
    cycle = next(each for each in cast.cycles.values() if each.starts_on <= day <= each.ends_on)
    objective = Objective.objects.filter(cycle=cycle, owner=None).order_by("pk")[0]
    short = told["summary"].format(until=day_in_words(cycle.ends_on), objective=objective)
    with pgtrigger.ignore():
        StrategyEdition.objects.filter(pk=edition.pk).update(published_at=at, summary=short)


def _answer(cast: Cast, told: dict[str, str]) -> None:
    for row in ClarifyingAnswer.objects.all():
        row.text = told[row.key]
        cast.past.versions[ClarifyingAnswer][row.pk].append(cast.moment(-BEGUN))
        cast.past.change(ClarifyingAnswer, ("text",), [(row, cast.moment(-BEGUN + 1))])


def write_evidence(cast: Cast) -> None:
    """What shows that the house rules and those of SOC 2 are kept, where, and what closes the gaps."""
    edit_framework(by=None, record=Framework.objects.get(slug="soc-2"), values={"is_active": True})
    rows = [_evidence(cast, *each) for each in story("plan")["evidence"]]
    cast.past.insert(Evidence, [(row, cast.moment(-220)) for row in rows])
    index.refresh(Evidence)


def _evidence(
    cast: Cast, framework: str, control: str, service: str, fulfilment: str, text: str, owner: str, days: int, key: str
) -> Evidence:
    asked = Control.objects.get(framework__slug=framework, identifier=control)
    reviewed = cast.day(-days)
    return Evidence(
        control=asked, service=_service(cast, service), fulfilment=fulfilment, text=text,
        owner=cast.team(owner), initiative=cast.initiatives.get(key), reviewed_on=reviewed,
        review_by=reviewed + dt.timedelta(days=asked.review_days),
    )  # fmt: skip


def _service(cast: Cast, name: str) -> Entity | None:
    """None for what the company answers for as a whole."""
    return Entity.objects.get(reference=cast.thing(name)) if name else None
