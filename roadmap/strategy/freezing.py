"""What an edition keeps: the text with its figures as they are now, for a reader who is let into nothing."""

from dataclasses import dataclass
from typing import Any

from roadmap.models import StrategySection
from roadmap.strategy import content, summary
from roadmap.strategy.live import Asked, Rendered, render
from roadmap.strategy.nobody import Nobody


@dataclass(frozen=True)
class Frozen:
    """``problems`` are sentences that name what is empty, and blocks that show nothing."""

    markdown: str
    sections: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    problems: list[str]
    written: list[StrategySection]


def freeze(title: str) -> Frozen:
    """The strategy as everybody may read it at this moment."""
    found = content.sections()
    rendered = render({each.key: each.text for each in found}, Asked(Nobody(), frozen=True))
    return Frozen(
        markdown=content.whole(title, found, rendered),
        sections=[_section(each, rendered[each.key]) for each in found],
        figures=[_figure(each, block, figure) for each in found for block, figure in rendered[each.key].figures],
        problems=[*_empty(found), *_broken(found, rendered)],
        written=found,
    )


def summary_now() -> str:
    """The page for executives that goes with it."""
    return summary.as_markdown(summary.write(Nobody()))


def problems() -> list[str]:
    """The same problems, before anything is published."""
    found = content.sections()
    rendered = render({each.key: each.text for each in found}, Asked(Nobody()))
    return [*_empty(found), *_broken(found, rendered)]


def _section(section: StrategySection, rendered: Rendered) -> dict[str, Any]:
    return {
        "key": section.key, "title": section.title, "goal": section.goal, "version": section.version,
        "objective": section.objective.title if section.objective else "",
        "markdown": content.section_text(section, rendered.markdown), "products": content.products_of(section),
    }  # fmt: skip


def _figure(section: StrategySection, block: str, figure: Any) -> dict[str, Any]:
    return {
        "block": block, "section": section.key, "label": figure.label, "value": figure.value, "at": figure.at,
        "number": figure.number, "unit": figure.unit,
    }  # fmt: skip


def _empty(found: list[StrategySection]) -> list[str]:
    empty = [f"“{each.title}”" for each in found if not content.is_written(each)]
    return [f"Nothing is written under {', '.join(empty)}."] if empty else []


def _broken(found: list[StrategySection], rendered: dict[str, Rendered]) -> list[str]:
    return [
        f"Under “{each.title}” {block} shows nothing to everybody: {problem}"
        for each in found
        for block, problem in rendered[each.key].problems
    ]
