"""What an edition keeps: the text with its figures as they are now, for a reader who is let into nothing."""

from dataclasses import dataclass
from typing import Any

from roadmap.models import StrategyEdition, StrategySection
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


def says_the_same(edition: StrategyEdition, sections: list[dict[str, Any]]) -> bool:
    """Whether an edition has the same text as ``sections``, whatever the figures in it are now."""
    return _written(edition.sections) == _written(sections)


def is_unchanged() -> bool:
    """Whether nobody wrote anything since the last edition."""
    last = StrategyEdition.objects.order_by("-number").first()
    return last is not None and says_the_same(last, [_section(each, Rendered("")) for each in content.sections()])


def _written(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # The version stands for the text before its blocks were filled in, which an edition does not keep.
    return [{name: value for name, value in each.items() if name != "markdown"} for each in sections]


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
